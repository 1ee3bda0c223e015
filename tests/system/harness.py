# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What the system tests share: targets that print the truth, the profiler, and why a test cannot run here.

DCBS_BUILD names the build directory. A target prints "ready PID", works once it gets a line, and prints one
line of JSON with the truth (tests/targets/truth.h). The profiler is the real command, its report the JSON document.
"""
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BUILD = os.path.abspath(os.environ.get("DCBS_BUILD", "build"))
PROFILER = os.path.join(BUILD, "dcbs-bpfprof")
TARGETS = os.path.join(BUILD, "tests", "targets")
SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PYTHON = os.environ.get("DCBS_PYTHON", "/usr/bin/python3")


def why_not():
    """Why BPF cannot be loaded here, None if it can."""
    if os.geteuid() != 0:
        return "needs root"
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        return "this kernel has no BTF"
    return None


needs_bpf = unittest.skipIf(why_not(), why_not())


class Target:
    """A target program, held back until go()."""

    def __init__(self, *command, hold=False, env=None, python=False, wait=True, **popen):
        command = [str(c) for c in command]
        if python:
            command = [PYTHON] + command
        elif not os.path.isabs(command[0]):
            command[0] = os.path.join(TARGETS, command[0])
        env = dict(os.environ, PYTHONPATH=os.path.join(BUILD, "python"), **(env or {}))
        if hold:
            env["DCBS_TARGET_HOLD"] = "1"
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True,
                                        bufsize=1, **popen)
        self.pid = self.process.pid
        self.truth = None
        if wait:
            line = self.process.stdout.readline()
            assert line.startswith("ready"), "target said %r" % line

    def line(self):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write("\n")
            self.process.stdin.flush()

    go = line

    def result(self, timeout=120):
        """Waits for the truth. The program may still be held back, see `hold`."""
        line = self.process.stdout.readline()
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
    """The command, attached. Its report as JSON comes from report()."""

    def __init__(self, *args, wait_for=None, command=None, stderr=None, **popen):
        args = [PROFILER, "-q", "-f", "json"] + [str(a) for a in args]
        if command:
            args += ["--"] + [str(c) for c in command]
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=stderr or self.errors, text=True, **popen)
        self.pid = self.process.pid
        if wait_for is not None:
            self.wait_attached(wait_for)

    def wait_attached(self, pid, timeout=20):
        """Until the kernel has raised the target's semaphore, or the profiler has ended."""
        end = time.monotonic() + timeout
        while time.monotonic() < end and self.process.poll() is None:
            if links_of(self.pid) and attached(pid):
                time.sleep(0.05)
                return
            time.sleep(0.005)

    def stop(self, sig=signal.SIGINT):
        if self.process.poll() is None:
            self.process.send_signal(sig)

    def report(self, timeout=60):
        """Waits for the end; the JSON document."""
        out, _ = self.process.communicate(timeout=timeout)
        if self.process.returncode:
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


def links_of(pid):
    """Does the process hold perf events, that is, is it past its attach? Approximate, for waiting only."""
    try:
        return any("perf_event" in os.readlink("/proc/%d/fd/%s" % (pid, fd)) for fd in os.listdir("/proc/%d/fd" % pid))
    except OSError:
        return False


def semaphore_address(pid):
    """Where the target's semaphore lies: the note of the library that carries the markers, see bpfprof/target.h."""
    seen = set()
    with open("/proc/%d/maps" % pid) as maps:
        lines = [line.split(None, 5) for line in maps]
    for fields in lines:
        if len(fields) < 6 or fields[4] == "0" or fields[4] in seen:
            continue
        seen.add(fields[4])
        with contextlib.suppress(OSError):
            with open("/proc/%d/map_files/%s" % (pid, fields[0]), "rb") as f:
                data = f.read(64 << 20)
            at = data.find(b"sbcddcbs\0")
            if at < 0:
                continue
            word = at + 4 + 8 + 8 + 8          # name, abi and pad, flush
            start = int(fields[0].split("-")[0], 16) - int(fields[2], 16)
            return start + word + int.from_bytes(data[word:word + 8], "little", signed=True)
    return None


def attached(pid):
    """How many probes the kernel counts on the target's markers; 0 if it has none."""
    address = semaphore_address(pid)
    if address is None:
        return 0
    try:
        with open("/proc/%d/mem" % pid, "rb") as mem:
            mem.seek(address)
            return int.from_bytes(mem.read(2), "little")
    except OSError:
        return 0


def sections(report):
    return {s["name"]: s for s in report["sections"]}


def profile(target, *args, seconds=None):
    """Attaches to a held target, lets it work, and returns (report, truth) after its end."""
    with Profiler("-p", target.pid, *args, wait_for=target.pid) as profiler:
        target.go()
        truth = target.result()
        target.line()
        target.end()
        return profiler.report(), truth
