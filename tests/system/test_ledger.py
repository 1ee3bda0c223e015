# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Ledgers of sections that are blocked while something else happens, and the work that other threads do for a section.

The profiler attaches or detaches, or the process forks, executes, exits, is killed or stopped (tests/targets/causes/blocked.c).
"""
import contextlib
import os
import signal
import time

from launch import Profiler, Target, profile
from ledgers import SHARE, SLACK_S, WORKER_SHARE, WORKER_SLACK_S, LedgerCase
from needs import needs_bpf, why_no_torch
from paths import PYTHON
from reports import sections
from waiting import wait_until

MS = 500
STOPPED_S = 1.2
SLOW_S = 0.05           # until a process that was woken or continued runs, on a busy machine
THRESHOLD_S = 0.5


def read(*path):
    with open(os.path.join(*path)) as file:
        return file.read()


def write(value, *path):
    with open(os.path.join(*path), "w") as file:
        file.write(str(value))


def state(pid):
    return read("/proc/%d/stat" % pid).rpartition(") ")[2].split()[0]


@needs_bpf
class Open(LedgerCase):
    """A section that began before the attach or ends after the detach is charged for exactly the window."""

    def watch(self, mode, seconds):
        """Profiles for that many seconds a section that is open before, during and after them; returns the report."""
        with Target("blocked", mode) as target:
            time.sleep(0.3)
            with Profiler("-p", target.pid, "-d", seconds) as profiler:
                report = profiler.report()
        section = sections(report)[mode]
        self.check_lost(report)
        self.check_closes(report)
        window_ns = report["window"]["duration_s"] * 1e9
        self.check_total(section, window_ns, window_ns)
        self.assertEqual((section["count"], section["open"], section["open_at_start"]), (0, 1, 0))
        return report, section

    def test_asleep_the_whole_time(self):
        """The thread is not switched in or out during the window."""
        _, section = self.watch("asleep", 1)
        self.near(section["wall"]["sleep_s"], *[section["total_s"]] * 2, SHARE, 0, "sleep")

    def test_computing_the_whole_time(self):
        _, section = self.watch("spinning", 1)
        wall = section["wall"]
        self.near(wall["cpu_s"] + wall["runqueue_s"], *[section["total_s"]] * 2, SHARE, 0, "CPU and run queue")

    def test_the_verdict_on_what_is_still_open(self):
        report, _ = self.watch("asleep", 1.2)
        self.check_verdict(report, "asleep", "sleep")

    def test_blocked_at_attach_and_woken_later(self):
        with Target("blocked", "woken", "--ms", MS, hold=True) as target:
            time.sleep(0.5)         # a wait that would show if it were charged
            report, truth = profile(target)
        section, account = sections(report)["woken"], truth["accounts"]["woken"]
        self.check_closes(report)
        self.assertEqual((section["count"], section["open"], section["open_at_start"]), (0, 0, 1))
        waited_s, window_s = truth["waited_since_go_ns"] / 1e9, report["window"]["duration_s"]
        self.near(section["wall"]["cpu_s"], *[account["cpu_ns"] / 1e9] * 2, SHARE, SLACK_S, "CPU time")
        self.near(section["wall"]["other_s"], waited_s, window_s - account["cpu_ns"] / 1e9, 0, SLACK_S, "wait since attach")
        self.assertLessEqual(section["total_s"], window_s)


@needs_bpf
class Interrupted(LedgerCase):
    def test_fork(self):
        """The parent waits for its child, which inherits the open section and is not followed."""
        with Target("blocked", "fork", "--ms", MS, hold=True) as target:
            report, truth = profile(target)
        section, times = sections(report)["parent"], truth["sections"]["parent"]
        self.check_closes(report)
        self.check_count(section, times)
        self.check_total(section, times["total_ns"], times["around"]["total_ns"])
        self.check_cpu(section, truth["accounts"]["parent"])
        self.check_blocked(section, times, truth["accounts"]["parent"], "other_s")

    def leave(self, mode):
        """Profiles a process that exits or executes with open sections. Returns (report, how long they had been open)."""
        with Target("blocked", mode, "--ms", MS) as target:
            with Profiler("-p", target.pid, wait_for=target.pid) as profiler:
                target.go()
                truth = target.result()
                target.end()
                report = profiler.report()
        self.check_closes(report)
        found = sections(report)
        main, asleep = found["main"], found["asleep"]
        self.near(main["total_s"], *[truth["main_ns"] / 1e9] * 2, SHARE, SLOW_S, "main")
        self.near(main["wall"]["cpu_s"], *[truth["main_cpu_ns"] / 1e9] * 2, SHARE, SLACK_S, "main CPU time")
        self.near(asleep["total_s"], *[truth["asleep_ns"] / 1e9] * 2, SHARE, SLOW_S, "asleep")
        self.near(asleep["wall"]["sleep_s"], *[asleep["total_s"]] * 2, SHARE, SLACK_S, "sleep")

    def test_exit(self):
        self.leave("exit")

    def test_exec(self):
        """The other program has no section: it sleeps as long as the first one did."""
        self.leave("exec")

    def test_killed_while_asleep(self):
        with Target("blocked", "asleep") as target:
            with Profiler("-p", target.pid, wait_for=target.pid) as profiler:
                profiler.wait_watching()
                time.sleep(0.5)
                target.process.kill()
                report = profiler.report()
        section = sections(report)["asleep"]
        self.check_closes(report)
        self.near(section["wall"]["sleep_s"], *[section["total_s"]] * 2, SHARE, SLACK_S, "sleep")
        self.assertGreaterEqual(section["total_s"], 0.5)


@needs_bpf
class Stopped(LedgerCase):
    """The process is stopped by a signal or by the freezer, in whatever state its threads are."""

    def stopped(self, stop, go_on, is_stopped):
        """Runs the target with a pause. Returns (report, its truth, shortest and longest possible pause)."""
        with Target("blocked", "stopped", "--ms", MS, hold=True) as target:
            with Profiler("-p", target.pid, "-t", THRESHOLD_S, wait_for=target.pid) as profiler:
                target.go()
                self.assertEqual(target.process.stdout.readline(), "open\n")
                time.sleep(0.1)
                sent = time.monotonic()
                stop(target.pid)
                wait_until(lambda: is_stopped(target.pid), what="stop")
                seen = time.monotonic()
                time.sleep(STOPPED_S)
                continuing = time.monotonic()
                go_on(target.pid)
                continued = time.monotonic()
                truth = target.result()
                target.line()
                target.end()
                return profiler.report(), truth, continuing - seen, continued - sent

    def check_stopped(self, report, truth, low, high):
        computing, waiting = (sections(report)[name] for name in ("computing", "waiting"))
        self.check_closes(report)
        for name in ("computing", "waiting"):
            times = truth["sections"][name]
            self.check_total(sections(report)[name], times["total_ns"], times["around"]["total_ns"])
            self.check_cpu(sections(report)[name], truth["accounts"][name])
        self.near(computing["wall"]["other_s"], low, high, SHARE, SLOW_S, "stopped while computing")
        self.near(waiting["wall"]["other_s"], *[waiting["total_s"]] * 2, SHARE, SLOW_S, "stopped while waiting")

    def test_signal(self):
        def send(number):
            return lambda pid: os.kill(pid, number)

        report, *rest = self.stopped(send(signal.SIGSTOP), send(signal.SIGCONT), lambda pid: state(pid) == "T")
        self.check_stopped(report, *rest)
        verdict = self.check_verdict(report, "computing", "other")
        self.assertIn("stopped", verdict["evidence"])

    def test_freezer(self):
        with frozen_group(self) as group:
            def freeze(yes):
                write(int(yes), group, "cgroup.freeze")

            def begin(pid):
                write(pid, group, "cgroup.procs")
                freeze(True)

            def is_frozen(_):
                return "frozen 1" in read(group, "cgroup.events")

            self.check_stopped(*self.stopped(begin, lambda _: freeze(False), is_frozen))


@contextlib.contextmanager
def frozen_group(case):
    """Yields a cgroup of version 2 that can be frozen."""
    mounts = [line.split() for line in read("/proc/mounts").splitlines()]
    roots = [fields[1] for fields in mounts if fields[2] == "cgroup2"]
    if not roots:
        case.skipTest("no cgroup of version 2 is mounted")
    group = os.path.join(roots[0], "dcbs-test-%d" % os.getpid())
    try:
        os.mkdir(group)
    except OSError as error:
        case.skipTest("cannot make a cgroup: %s" % error)
    try:
        if not os.path.exists(os.path.join(group, "cgroup.freeze")):
            case.skipTest("this kernel's cgroups cannot be frozen")
        yield group
    finally:
        wait_until(lambda: not read(group, "cgroup.procs"), what="empty cgroup")
        os.rmdir(group)


@needs_bpf
class Workers(LedgerCase):
    """Threads without sections compute for one in a section: its worker_cpu_s, beside its own ledger."""

    def check_workers(self, section, truth_ns):
        truth_s = truth_ns / 1e9
        self.near(section["wall"]["worker_cpu_s"], truth_s, truth_s, WORKER_SHARE, WORKER_SLACK_S, section["name"] + " workers")

    def pool(self, workers):
        """The workers' jobs for the main thread's section count for it; their jobs outside of it do not."""
        with Target("pool", "--workers", workers, hold=True) as target:
            report, truth = profile(target)
        section, times = sections(report)["dispatch"], truth["sections"]["dispatch"]
        self.check_closes(report)
        self.check_count(section, times)
        self.check_cpu(section, truth["accounts"]["dispatch"])
        self.check_workers(section, truth["workers"]["section_cpu_ns"])

    def test_one_worker(self):
        self.pool(1)

    def test_workers_that_wake_each_other(self):
        self.pool(4)

    def test_matrix_products(self):
        why = why_no_torch()
        if why:
            self.skipTest(why)
        with Target("matmul.py", hold=True) as target:
            report, truth = profile(target)
        if not truth["workers_cpu_ns"]:
            self.skipTest("%s's torch computes on one thread" % PYTHON)
        section = sections(report)["matmul"]
        self.check_closes(report)
        self.check_cpu(section, truth["accounts"]["matmul"])
        self.check_workers(section, truth["workers_cpu_ns"])
