# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""For tests of chaos: an account that outlives its process, and a check of what is left when all processes have ended."""
import contextlib
import itertools
import os
import re
import struct
import tempfile
import time

from kernel_objects import DEFERRED_S, ownerless
from launch import Profiler, Target
from needs import SCALE, kernel_at_least
from reports import ReportCase, marked

KILLS = max(2, int(20 * SCALE))         # of the profiler, for each kind; 200 with those of test_kill.py
TARGET_KILLS = max(2, int(5 * SCALE))
TOKEN = "DCBS_CHAOS"
LAST_WORDS = kernel_at_least(6, 16)     # the last sections of a killed thread can be read
EVERYTHING = ("-c", "-F", 997, "-s", "poll=libc.so.6:poll")
number = itertools.count()


def processes_with(word):
    """{PID: comm} of the processes that have this word in their environment."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open("/proc/%s/environ" % pid, "rb") as environ:
            if word.encode() in environ.read().split(b"\0"):
                with open("/proc/%s/comm" % pid) as comm:
                    found[int(pid)] = comm.read().strip()
    return found


def sockets_of(pids):
    """The names of the sockets at which a profiler listens for one of these processes."""
    with open("/proc/net/unix") as unix:
        names = re.findall(r"@(dcbs-bpfprof\.\d+\.(\d+))", unix.read())
    return [name for name, pid in names if int(pid) in pids]


class Account:
    """The account of tests/targets/processes/doomed.c, in a file that stays when the target is killed."""
    SLOT = 64

    def __init__(self, directory):
        self.path = os.path.join(directory, "account-%d" % next(number))

    def read(self):
        """{section: (lowest, highest number of calls that have ended)}"""
        with open(self.path, "rb") as f:
            data = f.read()
        used, = struct.unpack_from("Q", data)
        found = {"doomed": (0, 0), "child": (0, 0)}
        for i in range(1, used + 1):
            count, child = struct.unpack_from("QQ", data, i * self.SLOT)
            low, high = found["child" if child else "doomed"]
            found["child" if child else "doomed"] = (low + count, high + count + 1)
        return found


class Chaos(ReportCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="dcbs-chaos-")
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.token = "%d.%d" % (os.getpid(), next(number))
        self.targets, self.before = [], set(ownerless())
        self.addCleanup(self.check_nothing_is_left)

    def target(self, *command, **kw):
        target = Target(*command, **kw)
        self.targets.append(target.pid)
        return target

    def profiler(self, *args, **kw):
        """A profiler without a limit on its cost, as these targets do nothing but sections."""
        return Profiler("--max-overhead", 100, *args, env={**os.environ, TOKEN: self.token, **kw.pop("env", {})}, **kw)

    def check_nothing_is_left(self):
        """The kernel removes programs and maps after its grace periods; everything else must be gone at once."""
        end = time.monotonic() + DEFERRED_S
        while True:
            left = {k: n for k, n in ownerless().items() if k not in self.before}
            alive = processes_with("%s=%s" % (TOKEN, self.token))
            if not left and not alive or time.monotonic() > end:
                break
            time.sleep(0.1)
        self.assertEqual((left, alive), ({}, {}))
        self.assertEqual(sockets_of(self.targets), [])
        self.assertEqual([f for f in os.listdir(self.directory) if f.startswith(".dcbs-bpfprof")], [])

    def check_account(self, report, account, *names, exact=True):
        """A call that ended between the last flush and the end of its thread may be counted or not; all others are."""
        found = marked(report)
        for name in names:
            low, high = account.read()[name]
            count = found.get(name, {"count": 0})["count"]
            self.assertLessEqual(count, high, name)
            if exact and LAST_WORDS:
                self.assertGreaterEqual(count, low, name)

    def check_counts(self, report, truth, **lost):
        found = marked(report)
        self.assertEqual({n: s["count"] for n, s in found.items() if s["count"]},
                         {n: s["count"] for n, s in truth["sections"].items() if s["count"]})
        self.check_lost(report, **lost)

    def check_lost(self, report, **lost):
        """Samples are not compared: the profiler cannot read names from a process that is gone."""
        for what, n in report["lost"].items():
            if what not in ("samples", "stacks"):
                self.assertEqual(n, lost.get(what, 0), "lost.%s" % what)

    def ended_well(self, target, profiler):
        """Lets the target end, checks its truth and status, and returns the report."""
        target.process.stdin.close()
        self.assertEqual(target.result()["failed"], 0)
        self.assertEqual(target.process.wait(30), 0)
        return profiler.report()

    def work(self, target, *args, timeout=120):
        """Attaches to a held target, lets it work, checks its status, and returns (report, truth)."""
        with self.profiler("-p", target.pid, *args, wait_for=target.pid) as profiler:
            target.go()
            truth = target.result(timeout)
            self.assertIsNotNone(truth, "the target printed no truth")
            target.line()
            self.assertEqual(target.end(), 0)
            return profiler.report(), truth
