# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What the tests of chaos share: an account that outlives its process, and a look at what is left when all are gone."""
import contextlib
import glob
import itertools
import json
import os
import re
import struct
import subprocess
import tempfile
import time

import harness
import test_kill
from harness import SCALE, Profiler, ReportCase, Target, marked

KILLS = max(2, int(20 * SCALE))         # of the profiler, of each kind; with those of test_kill.py, 200
TARGET_KILLS = max(2, int(5 * SCALE))
TOKEN = "DCBS_CHAOS"
LAST_WORDS = harness.kernel_at_least(6, 16)     # the last sections of a killed thread can be read
EVERYTHING = ("-c", "-F", 997, "-s", "poll=libc.so.6:poll")
number = itertools.count()


# ---- what may be left behind ----

def objects(kind, names):
    """Ours among the kernel's programs or maps, by id."""
    out = subprocess.run(["bpftool", "-j", kind, "list"], stdout=subprocess.PIPE, check=True).stdout
    return {o["id"]: o for o in json.loads(out or "[]") if o.get("name", "") in names}


def held():
    """{"prog_id" or "map_id": ids} of what living processes have descriptors of: another profiler's are no business of ours."""
    found = {"prog_id": set(), "map_id": set()}
    for folder in glob.glob("/proc/[0-9]*/fd"):
        with contextlib.suppress(OSError):
            for fd in os.listdir(folder):
                with contextlib.suppress(OSError):
                    if "bpf" in os.readlink(os.path.join(folder, fd)):
                        with open("%sinfo/%s" % (folder, fd)) as info:
                            for kind, i in re.findall(r"^(prog_id|map_id):\s*(\d+)", info.read(), re.M):
                                found[kind].add(int(i))
    return found


def ownerless():
    """Programs and maps of ours that no living process has: {(kind, id): name}."""
    progs = objects("prog", test_kill.names_of_programs())
    maps = objects("map", test_kill.names_of_maps())
    holders = held()
    kept = {i for n, o in progs.items() if n in holders["prog_id"] for i in o.get("map_ids", [])} | holders["map_id"]
    left = {("prog", i): o["name"] for i, o in progs.items() if i not in holders["prog_id"]}
    left.update({("map", i): o["name"] for i, o in maps.items() if i not in kept})
    return left


def processes_with(word):
    """Those that were started with this in their environment, and their comm."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open("/proc/%s/environ" % pid, "rb") as environ:
            if word.encode() in environ.read().split(b"\0"):
                with open("/proc/%s/comm" % pid) as comm:
                    found[int(pid)] = comm.read().strip()
    return found


def sockets_of(pids):
    """Names at which a profiler listens for one of these processes."""
    with open("/proc/net/unix") as unix:
        names = re.findall(r"@(dcbs-bpfprof\.\d+\.(\d+))", unix.read())
    return [name for name, pid in names if int(pid) in pids]


class Account:
    """What tests/targets/doomed.c writes, and what it leaves when it is killed."""
    SLOT = 64

    def __init__(self, directory):
        self.path = os.path.join(directory, "account-%d" % next(number))

    def read(self):
        """{section: (ended at least, at most)}"""
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
        """It may cost what it will: these targets do nothing but sections."""
        return Profiler("--max-overhead", 100, *args, env={**os.environ, TOKEN: self.token, **kw.pop("env", {})}, **kw)

    def check_nothing_is_left(self):
        """Programs and maps go when the kernel's grace periods are over, all else at once."""
        end = time.monotonic() + test_kill.DEFERRED_S
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
        """What ended between the last count and the end of its thread may be there or not; nothing else may differ."""
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
        """Of the samples nothing is promised here: who is gone cannot be asked for names."""
        for what, n in report["lost"].items():
            if what not in ("samples", "stacks"):
                self.assertEqual(n, lost.get(what, 0), "lost.%s" % what)

    def ended_well(self, target, profiler):
        """Lets the target end; the report."""
        target.process.stdin.close()
        self.assertEqual(target.result()["failed"], 0)
        self.assertEqual(target.process.wait(30), 0)
        return profiler.report()

    def work(self, target, *args, timeout=120):
        """Attaches to a held target, lets it work; (report, truth) after a good end."""
        with self.profiler("-p", target.pid, *args, wait_for=target.pid) as profiler:
            target.go()
            truth = target.result(timeout)
            self.assertIsNotNone(truth, "the target has not told what it did")
            target.line()
            self.assertEqual(target.end(), 0)
            return profiler.report(), truth
