# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What the system tests share: targets that print the truth, the profiler, and why a test cannot run here.

DCBS_BUILD names the build directory. A target prints "ready PID", works once it gets a line, and prints one
line of JSON with the truth (tests/targets/truth.h). The profiler is the real command, its report the JSON document.
"""
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

BUILD = os.path.abspath(os.environ.get("DCBS_BUILD", "build"))
PROFILER = os.path.join(BUILD, "dcbs-bpfprof")
TARGETS = os.path.join(BUILD, "tests", "targets")
SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
PYTHON = os.environ.get("DCBS_PYTHON", "/usr/bin/python3")
# On an emulated machine profiling costs many times of what it does, and ticks meet our own programs at work.
EMULATED = "DCBS_TEST_EMULATED" in os.environ
BUDGET = ["--max-overhead", "100"] * EMULATED


def why_not():
    """Why BPF cannot be loaded here, None if it can."""
    if os.geteuid() != 0:
        return "needs root"
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        return "this kernel has no BTF"
    return None


needs_bpf = unittest.skipIf(why_not(), why_not())


def no_torch():
    """Why the targets that compute with PyTorch cannot run, None if it can."""
    found = subprocess.run([PYTHON, "-c", "import torch"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return None if found.returncode == 0 else "%s has no torch (%s)" % (PYTHON, found.stderr.strip().rsplit("\n", 1)[-1])


class Target:
    """A target program, held back until go()."""

    def __init__(self, *command, hold=False, env=None, python=False, wait=True, **popen):
        command = [str(c) for c in command]
        if python:
            command = [PYTHON] + command
        elif not os.path.isabs(command[0]):
            command[0] = os.path.join(TARGETS, command[0])
        env = {**os.environ, "PYTHONPATH": os.path.join(BUILD, "python"), **(env or {})}
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
    """The command, attached. Its report as JSON comes from report()."""

    def __init__(self, *args, wait_for=None, command=None, stderr=None, **popen):
        args = [PROFILER, "-q", "-f", "json"] + BUDGET + [str(a) for a in args]
        if command:
            args += ["--"] + [str(c) for c in command]
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=stderr or self.errors, text=True, **popen)
        self.pid = self.process.pid
        if wait_for is not None:
            self.wait_attached(wait_for)

    def wait_attached(self, pid, timeout=120 if EMULATED else 20):
        """Until the kernel has raised the target's semaphore, or the profiler has ended."""
        end = time.monotonic() + timeout
        while time.monotonic() < end and self.process.poll() is None:
            if links_of(self.pid) and attached(pid):
                self.wait_watching(30 if EMULATED else 3)
                return
            time.sleep(0.005)

    def wait_watching(self, timeout=20):
        """Until it has attached to everything and waits for something to happen, or has ended."""
        end = time.monotonic() + timeout
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError), open("/proc/%d/wchan" % self.pid) as wchan:
                if "poll" in wchan.read():
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


def semaphore_addresses(pid):
    """Where the target's semaphores lie, one for each copy of the markers: their note leads there, see bpfprof/target.h."""
    seen, addresses = set(), []
    with open("/proc/%d/maps" % pid) as maps:
        lines = [line.split(None, 5) for line in maps]
    for fields in lines:
        if len(fields) < 6 or fields[4] == "0" or fields[4] in seen:
            continue
        seen.add(fields[4])
        with contextlib.suppress(OSError):
            start, end = (int(address, 16) for address in fields[0].split("-"))     # without leading zeros there
            with open("/proc/%d/map_files/%x-%x" % (pid, start, end), "rb") as f:
                data = f.read(64 << 20)
            at = data.find(b"sbcddcbs\0")
            if at < 0:
                continue
            word = at + 4 + 8 + 8 + 8          # name, abi and pad, flush
            addresses.append(start - int(fields[2], 16) + word + int.from_bytes(data[word:word + 8], "little", signed=True))
    return addresses


def attached(pid):
    """How many probes the kernel counts on the target's markers, of the copy that leads; 0 if it has none."""
    counts = [0]
    with contextlib.suppress(OSError), open("/proc/%d/mem" % pid, "rb") as mem:
        for address in semaphore_addresses(pid):
            mem.seek(address)
            counts.append(int.from_bytes(mem.read(2), "little"))
    return max(counts)


def run(*args, timeout=60, program=None, **popen):
    """The command as it is typed, without -q and -f: the finished process, its stdout and stderr bytes."""
    popen.setdefault("stdout", subprocess.PIPE)
    popen.setdefault("stderr", subprocess.PIPE)
    popen.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([program or PROFILER] + [os.fsencode(str(a)) if not isinstance(a, bytes) else a for a in args],
                          timeout=timeout, **popen)


SCALE = float(os.environ.get("DCBS_TEST_SCALE", "1"))


def kernel_at_least(*version):
    """Of major, minor and patch level, which may be left out."""
    release = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", os.uname().release)
    return tuple(int(n or 0) for n in release.groups()) >= version


def traces_functions():
    """Can BPF programs sit on this kernel's functions (fentry)?"""
    with open("/proc/kallsyms") as symbols:
        return any(re.search(r" register_ftrace_direct(_multi)?$", line) for line in symbols)


def wait_detached(pid, timeout=20):
    """Until no probe is left on the target's markers: the kernel takes them away in its own time. How many are left."""
    end = time.monotonic() + timeout
    while attached(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return attached(pid)


def sections(report):
    """By name; no name is there twice, but for a model's calls beside sections of the same name."""
    found = {(s["name"], s["kind"]): s for s in report["sections"]}
    assert len(found) == len(report["sections"]), "twice in the report: %s" % sorted(s["name"] for s in report["sections"])
    return {name: s for (name, _), s in found.items()}


def few_samples(report):
    """A tick that interrupts another program at its work on the thread's sections is lost: that is rare, but for an emulated machine."""
    return EMULATED or (report["lost"]["samples"] or 0) <= 1 + (report["overhead"]["samples"] or 0) // 200


def lost(report):
    """The counters of what was lost that are not 0, rare losses of samples left out."""
    return {what: n for what, n in report["lost"].items() if n and not (what == "samples" and few_samples(report))}


def marked(report):
    """The same without what happened outside of sections."""
    return {name: s for name, s in sections(report).items() if name != "(outside)"}


def profile(target, *args, seconds=None):
    """Attaches to a held target, lets it work, and returns (report, truth) after its end."""
    with Profiler("-p", target.pid, *args, wait_for=target.pid) as profiler:
        target.go()
        truth = target.result()
        target.line()
        target.end()
        return profiler.report(), truth


def wait_until(condition, timeout=20, what="a condition"):
    """Polls; raises when it takes too long."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("no %s after %g s" % (what, timeout))
        time.sleep(0.005)


class ReportCase(unittest.TestCase):
    """Holds a report against a target's truth (tests/targets/truth.h): what was measured lies between inside and around."""

    PERCENTILES = ("p50", "p90", "p95", "p99", "p999")
    ERROR_NS = 200              # a call, beyond the gap between the target's own two clock reads
    BUCKET = 0.011              # half a bucket's width
    ROUNDING_NS = 1

    def check_lost(self, report, **expected):
        """
        Every kind of loss is as expected, which is 0 unless it is named; what is not counted yet is None. Names of
        Python code are read a moment after the sample: of targets that live for a second, some are gone by then.
        """
        for what, n in report["lost"].items():
            if what == "samples" and n is not None and few_samples(report):
                continue
            if what in expected or n is not None and what != "stacks":
                self.assertEqual(n, expected.get(what, 0), "lost.%s" % what)

    def check_count(self, section, truth):
        self.assertEqual(section["count"], truth["count"], section["name"])
        self.assertEqual(section["errors"], truth["errors"], section["name"])
        self.assertEqual(section["items"] or 0, truth["items"], section["name"])

    def between(self, value_s, low_ns, high_ns, what):
        self.assertIsNotNone(value_s, what)
        self.assertLessEqual(low_ns - self.ROUNDING_NS, value_s * 1e9, what)
        self.assertGreaterEqual(high_ns + self.ROUNDING_NS, value_s * 1e9, what)

    def check_total(self, section, low_ns, high_ns):
        """The time the section was open on a thread, calls within calls of it counted once."""
        self.between(section["total_s"], low_ns, high_ns, section["name"] + " total")

    def check_times(self, section, truth):
        """The calls' durations: mean, extremes, percentiles."""
        name, around, n = section["name"], truth["around"], truth["count"]
        self.between(section["mean_s"] * n, truth["total_ns"], around["total_ns"] + n, name + " sum")
        error_ns = section["mean_s"] * 1e9 - truth["total_ns"] / n
        self.assertLessEqual(abs(error_ns), self.ERROR_NS + (around["total_ns"] - truth["total_ns"]) / n, name + " mean")
        self.between(section["min_s"], truth["min_ns"], around["min_ns"], name + " min")
        self.between(section["max_s"], truth["max_ns"], around["max_ns"], name + " max")
        for p in self.PERCENTILES:
            low, high = truth[p + "_ns"] * (1 - self.BUCKET), around[p + "_ns"] * (1 + self.BUCKET)
            self.between(section[p + "_s"], low, high, "%s %s" % (name, p))

    def check_histogram(self, section):
        """It holds every call, and the percentiles and the sum are those of its buckets."""
        name, n, histogram = section["name"], section["count"], section["histogram"]
        self.assertEqual(histogram["scale"], 5)
        buckets = [(-1e9, histogram["zero_count"])] * bool(histogram["zero_count"]) + histogram["buckets"]
        self.assertEqual(sum(count for _, count in buckets), n, name)
        self.assertEqual(buckets, sorted(buckets), name)
        self.assertTrue(all(count > 0 for _, count in buckets), name)
        low, high = (sum(count * 2 ** ((i + up) / 32) for i, count in buckets) for up in (0, 1))
        self.between(section["mean_s"] * n, low - n, high + n, name + " sum of the buckets")
        for p in self.PERCENTILES:
            self.between(section[p + "_s"], *self.bucket_of_rank(buckets, -(-n * int(p[1:].ljust(3, "0")) // 1000)), name + p)
        self.between(section["min_s"], *self.bucket_of_rank(buckets, 1), name + " min")
        self.between(section["max_s"], *self.bucket_of_rank(buckets, n), name + " max")

    @staticmethod
    def bucket_of_rank(buckets, rank):
        """The bounds in ns of the bucket that holds the call of this rank, 1 being the shortest."""
        for i, count in buckets:
            rank -= count
            if rank <= 0:
                return 2 ** (i / 32), 2 ** ((i + 1) / 32)
        return 0, 0
