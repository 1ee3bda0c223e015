# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Processes of a benchmark run, and the samples that they yield."""
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


class Skip(Exception):
    """Why a row is missing."""


def say(text):
    print(text, file=sys.stderr, flush=True)


def wait_until(ready, seconds, what, alive=None):
    end = time.monotonic() + seconds
    while not ready():
        if alive and alive.poll() is not None:
            raise Skip(f"{what}: exit status {alive.returncode}: {last_line(alive)}")
        if time.monotonic() > end:
            raise Skip(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def last_line(tool):
    tool.errors.seek(0)
    lines = tool.errors.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no message"


class Children:
    """All processes that the benchmark has started, so that each is ended, by its PID, whatever happens."""

    def __init__(self):
        self.running = []

    def start(self, command, **options):
        errors = tempfile.TemporaryFile()
        options.setdefault("stderr", errors)
        child = subprocess.Popen(command, start_new_session=True, **options)
        child.errors = errors
        self.running.append(child)
        return child

    def stop(self, child, how=signal.SIGINT):
        with contextlib.suppress(OSError):
            if child.stdin:
                child.stdin.close()
        for number, seconds in ((how, 10), (signal.SIGKILL, 10)):
            if child.poll() is None:
                child.send_signal(number)
                try:
                    child.wait(seconds)
                except subprocess.TimeoutExpired:
                    continue
        if child.stdout:
            child.stdout.close()
        child.errors.close()
        self.running.remove(child)

    def stop_all(self):
        for child in reversed(self.running[:]):
            self.stop(child)


class Base:
    def __init__(self, options):
        self.build, self.python = os.path.abspath(options.build), options.python
        self.rounds, self.burst_ms = options.rounds, 20
        self.profiler = os.path.join(self.build, "dcbs-bpfprof")
        self.children = Children()
        self.rows = []          # (name, process, mode)
        self.samples = {}       # name -> ns of each round
        self.skipped = {}       # name -> reason
        cpus = sorted(os.sched_getaffinity(0))
        self.cpu = cpus[-1]     # the measured loops
        if len(cpus) > 1:       # everything else
            os.sched_setaffinity(0, cpus[:-1])

    def program(self, name, **options):
        path = os.path.join(self.build, "tests/bench", name)
        if not os.path.exists(path):
            raise Skip(f"{path} was not built")
        return self.serve([path, str(self.cpu)], **options)

    def serve(self, command, **options):
        """Starts a program that answers requests as burst.h does."""
        child = self.children.start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, **options)
        if child.stdout.readline() != "ready\n":
            child.wait(5)
            raise Skip(last_line(child))
        return child

    @staticmethod
    def ask(child, request):
        child.stdin.write(request + "\n")
        answer = child.stdout.readline()
        if not answer:
            raise Skip(f"the target died: {last_line(child)}")
        return float(answer)

    def tool(self, name, *arguments, **options):
        path = shutil.which(name, path=PATH)
        if not path:
            raise Skip(f"{name} is not installed")
        options.setdefault("stdout", subprocess.DEVNULL)
        return self.children.start([path, *arguments], **options)

    def attach(self, pid, *arguments, **options):
        if not os.path.exists(self.profiler):
            raise Skip(f"{self.profiler} was not built")
        return self.tool(self.profiler, "-p", str(pid), "-q", *arguments, **options)

    def add(self, name, process, mode):
        self.rows.append((name, process, mode))
        self.samples[name] = []
