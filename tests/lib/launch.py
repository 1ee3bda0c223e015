# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Starts targets and the profiler.

A target prints "ready PID", works once it gets a line, and prints one line of JSON with the truth
(tests/targets/lib/truth.h). The profiler is the real command; its report is the JSON document.
"""
import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
import time

from needs import EMULATED
from paths import BUILD, PROFILER, PYTHON, target_program, target_source
from waiting import attached, child_of, holds_perf_events

BUDGET = ["--max-overhead", "100"] * EMULATED


class Target:
    """A target, which does no work before go().

    The command begins with the name of a target ("sections", "waits.py"), or with the path of a program. With `hold` the
    target waits for another line between the truth and its end.
    """

    def __init__(self, *command, hold=False, env=None, python=False, wait=True, **popen):
        command = [str(c) for c in command]
        if command[0].endswith(".py") and not os.path.isabs(command[0]):
            command[0] = target_source(command[0])
            python = True
        if python:
            command = [PYTHON] + command
        elif not os.path.isabs(command[0]):
            command[0] = target_program(command[0])
        env = {**os.environ, "PYTHONPATH": os.path.join(BUILD, "python"), **(env or {})}
        if hold:
            env["DCBS_TARGET_HOLD"] = "1"
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True,
                                        bufsize=1, **popen)
        self.pid = self.process.pid
        self.truth = None
        if wait:
            line = self.process.stdout.readline()
            assert line.startswith("ready"), "the target printed %r" % line

    def line(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write("\n")
            self.process.stdin.flush()

    go = line

    def result(self, timeout=120):
        """Waits for the truth. The target may still run, see `hold`."""
        watchdog = threading.Timer(timeout, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        if line.startswith("{"):
            self.truth = json.loads(line)
        return self.truth

    def end(self, timeout=60):
        with contextlib.suppress(BrokenPipeError, ValueError):
            self.process.stdin.close()
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        self.process.stdout.close()
        return status

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for f in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(Exception):
                f.close()


class Profiler:
    """The command, attached. report() returns the JSON document.

    `enter` is a command that starts the profiler as its child, such as nsenter.
    """

    def __init__(self, *args, wait_for=None, command=None, stderr=None, enter=(), **popen):
        args = [*enter, PROFILER, "-q", "-f", "json"] + BUDGET + [str(a) for a in args]
        if command:
            args += ["--"] + [str(c) for c in command]
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=stderr or self.errors, text=True, **popen)
        self.pid = child_of(self.process.pid) if enter else self.process.pid
        if wait_for is not None:
            self.wait_attached(wait_for)

    def wait_attached(self, pid, timeout=120 if EMULATED else 20):
        """Returns when the kernel has raised the target's semaphore, or when the profiler has ended."""
        end = time.monotonic() + timeout
        while time.monotonic() < end and self.process.poll() is None:
            if holds_perf_events(self.pid) and attached(pid):
                self.wait_watching(30 if EMULATED else 3)
                return
            time.sleep(0.005)

    def wait_watching(self, timeout=20):
        """Returns when the profiler has attached to everything and waits in poll(), or when it has ended."""
        end = time.monotonic() + timeout
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError), open("/proc/%d/wchan" % self.pid) as wchan:
                if "poll" in wchan.read():
                    return
            time.sleep(0.005)

    def stop(self, sig=signal.SIGINT):
        if self.process.poll() is None:
            os.kill(self.pid, sig)

    def report(self, timeout=60, status=0):
        """Waits for the profiler's end, which has that status: the one of its command, if there is one. Returns the JSON document."""
        out, _ = self.process.communicate(timeout=timeout)
        if self.process.returncode != status:
            raise AssertionError("dcbs-bpfprof: status %d: %s" % (self.process.returncode, self.stderr()))
        return json.loads(out)

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        with contextlib.suppress(Exception):
            self.process.stdout.close()
        self.errors.close()


def run(*args, timeout=60, program=None, **popen):
    """Runs the command as it is typed, without -q and -f. Returns the finished process; its stdout and stderr are bytes."""
    popen.setdefault("stdout", subprocess.PIPE)
    popen.setdefault("stderr", subprocess.PIPE)
    popen.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([program or PROFILER] + [os.fsencode(str(a)) if not isinstance(a, bytes) else a for a in args],
                          timeout=timeout, **popen)


def profile(target, *args):
    """Attaches to a held target, lets it work to its end, and returns (report, truth)."""
    with Profiler("-p", target.pid, *args, wait_for=target.pid) as profiler:
        target.go()
        truth = target.result()
        target.line()
        target.end()
        return profiler.report(), truth
