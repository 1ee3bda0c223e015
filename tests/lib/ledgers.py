# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""What the tests of the ledgers share: that a ledger closes, and that it agrees with the kernel's own account.

The targets take that account (tests/targets/span.h): CLOCK_THREAD_CPUTIME_ID, /proc/thread-self/schedstat, getrusage.
"""
import contextlib
import os
import unittest

from launch import Profiler, Target
from needs import kernel_at_least
from reports import ReportCase, sections

# Where wall time goes: these add up to it.
ENTRIES = ("cpu_s", "runqueue_s", "gil_s", "lock_s", "disk_s", "network_s", "fault_s", "sleep_s", "gpu_s", "other_s")

SHARE = 0.02            # how exact a ledger has to be
SLACK_S = 0.005
TICK_S = 0.010          # of /proc/PID/task/TID/stat
WORKER_SHARE = 0.10
WORKER_SLACK_S = 0.012  # some scheduler ticks of 4 ms

# For what is told by single faults.
one_by_one = unittest.skipUnless(kernel_at_least(6, 2), "before Linux 6.2 a thread's faults are counted 64 at a time")


def go_first():
    """The process that calls this has a CPU as soon as it can run, so that it waits for what it is planted with however
    busy the machine is. A nice value would not do: a task that wakes up waits for the slice of the one that runs."""
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def urgent(*command, **options):
    return Target(*command, preexec_fn=go_first, **options)


def spent(wall):
    """All that the ledger explains; an entry that this kernel cannot tell is null."""
    return sum(wall[entry] or 0 for entry in ENTRIES)


def blocked_s(times, account):
    """How long a section neither ran nor waited for a CPU, by the kernel's account; the run queue's part may be unknown."""
    return (times["total_ns"] - account["cpu_ns"] - account.get("runqueue_ns", 0)) / 1e9


def watch(target, *args, marked=True):
    """As profile(), but the profiler leaves before the target does, so that every thread is still there. On one
    without markers no semaphore tells when the profiler has come."""
    with Profiler("-p", target.pid, *args, wait_for=target.pid if marked else None) as profiler:
        profiler.wait_watching()
        target.go()
        truth = target.result()
        profiler.stop()
        report = profiler.report()
        target.line()
        target.end()
        return report, truth


class LedgerCase(ReportCase):
    def near(self, value, low, high, share, slack, what):
        """low..high is what is true; the value may be beside it by a share and some slack."""
        self.assertIsNotNone(value, what)
        self.assertGreaterEqual(value, low - abs(low) * share - slack, what)
        self.assertLessEqual(value, high + abs(high) * share + slack, what)

    def check_wall(self, wall, total_s, what):
        """No entry is negative, they add up, and what is missing is printed."""
        for entry in ENTRIES + ("worker_cpu_s",):
            self.assertGreaterEqual(wall[entry] or 0, 0, "%s %s" % (what, entry))
        self.near(spent(wall), total_s, total_s, SHARE, 1e-6, "%s: the sum of %s" % (what, wall))
        self.assertAlmostEqual(abs(wall["residue_s"]), abs(total_s - spent(wall)), delta=1e-5, msg=what + " residue")

    def check_section_closes(self, section):
        self.check_wall(section["wall"], section["total_s"], section["name"])
        self.check_wall(section["self_wall"], section["self_s"], section["name"] + " self")

    def check_closes(self, report):
        """The ledgers of all sections, (outside) among them, and of all threads, whose CPU time is the kernel's."""
        for section in report["sections"]:
            self.check_section_closes(section)
        for thread in report["threads"]:
            what = "thread %s %s" % (thread["tid"], thread["name"])
            self.check_wall(thread["wall"], thread["wall_s"], what)
            if thread["kernel_cpu_s"] is not None:
                slack = 2 * TICK_S * (thread["threads"] or 1)
                self.near(thread["wall"]["cpu_s"], *[thread["kernel_cpu_s"]] * 2, SHARE, slack, what + " CPU time")

    def check_cpu(self, section, account):
        low, high = account["cpu_ns"] / 1e9, account["around"]["cpu_ns"] / 1e9
        self.near(section["wall"]["cpu_s"], low, high, SHARE, SLACK_S, section["name"] + " CPU time")

    def check_runqueue(self, section, account):
        """Where the kernel counts it, which it does from when the CPU has been told; the ledger from the wake-up on."""
        if "runqueue_ns" in account:
            slack = 0.05 * section["total_s"] + 2 * SLACK_S
            truth_s = account["runqueue_ns"] / 1e9
            self.near(section["wall"]["runqueue_s"], truth_s, truth_s, 0, slack, section["name"] + " run queue")

    def check_blocked(self, section, times, account, entry):
        """That entry has all the time that the section was blocked, and the other side's word is in accord."""
        wall, name = section["wall"], section["name"]
        slack = 0.05 * section["total_s"] + 2 * SLACK_S
        low = blocked_s(times, account) if "runqueue_ns" in account else 0
        high = (times["around"]["total_ns"] - account["cpu_ns"]) / 1e9
        self.near(wall[entry], low, high, 0, slack, "%s %s" % (name, entry))
        if "waited_ns" in account:
            waits = wall[entry] + wall["runqueue_s"] + wall["cpu_s"]     # it may have been late to wait at all
            self.assertGreaterEqual(waits, account["waited_ns"] / 1e9 * (1 - SHARE) - SLACK_S, name + " waited")

    def check_faults(self, memory, account, name):
        for kind in ("minor_faults", "major_faults"):
            self.near(memory[kind], account[kind], account["around"][kind], 0.01, 5, "%s %s" % (name, kind))

    def verdicts(self, report, name):
        """Of a section, the first one first. Each says why."""
        found = [b for b in report["bottlenecks"] if b["section"] == name]
        for b in found:
            self.assertTrue(b["evidence"], b)
            self.assertRegex(b["evidence"], "[0-9]", b)
            self.assertTrue(b["suggestion"] or b["cause"] == "unknown", b)
            self.assertAlmostEqual(b["share"], b["total_s"] / report["window"]["duration_s"], delta=0.02, msg=b)
        return found

    def check_verdict(self, report, name, cause):
        found = self.verdicts(report, name)
        wall = sections(report)[name]["wall"]
        self.assertTrue(found, "no verdict on %s: %s" % (name, wall))
        self.assertEqual(found[0]["cause"], cause, "%s: %s: %s" % (name, found, wall))
        return found[0]
