# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""For tests of the ledgers: a ledger closes, and agrees with the kernel's own account.

The targets take that account (tests/targets/lib/measured_call.h): CLOCK_THREAD_CPUTIME_ID, /proc/thread-self/schedstat, getrusage.
"""
import contextlib
import os
import unittest

from launch import Profiler, Target
from needs import kernel_at_least
from reports import ReportCase, sections

# The entries of a wall ledger: they add up to the wall time.
ENTRIES = ("cpu_s", "runqueue_s", "throttled_s", "steal_s", "gil_s", "lock_s", "disk_s", "network_s", "fault_s", "sleep_s", "gpu_s",
           "other_s", "await_s")

SHARE = 0.02            # tolerance of a ledger
SLACK_S = 0.005
TICK_S = 0.010          # of /proc/PID/task/TID/stat
WORKER_SHARE = 0.10
WORKER_SLACK_S = 0.012  # some scheduler ticks of 4 ms

# For tests that compare single faults.
one_by_one = unittest.skipUnless(kernel_at_least(6, 2), "before Linux 6.2 a thread's faults are counted 64 at a time")


def go_first():
    """Makes the calling process run as soon as it is runnable, so that it waits for its planted cause alone on a busy machine.

    A nice value would not be enough: a task that wakes up waits until the slice of the running one is over.
    """
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))


def urgent(*command, **options):
    return Target(*command, preexec_fn=go_first, **options)


def spent(wall):
    """The sum of the ledger's entries; an entry that this kernel does not provide is null."""
    return sum(wall[entry] or 0 for entry in ENTRIES)


def stalled_s(section):
    """How long the section's threads had no CPU although they could run."""
    return sum(section["wall"][cause] or 0 for cause in ("runqueue_s", "throttled_s", "steal_s"))


def blocked_s(times, account):
    """How long a section neither ran nor waited for a CPU, by the kernel's account, which may lack the run-queue wait."""
    return (times["total_ns"] - account["cpu_ns"] - account.get("runqueue_ns", 0)) / 1e9


def watch(target, *args, marked=True):
    """As launch.profile(), but the profiler detaches before the target exits, so that every thread still exists.

    A target without markers has no semaphore to wait for: marked=False.
    """
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
        """The true value is in low..high; the value may differ from that by a share and some slack."""
        self.assertIsNotNone(value, what)
        self.assertGreaterEqual(value, low - abs(low) * share - slack, what)
        self.assertLessEqual(value, high + abs(high) * share + slack, what)

    def check_wall(self, wall, total_s, what):
        """No entry is negative, the entries add up to the total, and the residue is the difference."""
        for entry in ENTRIES + ("worker_cpu_s",):
            self.assertGreaterEqual(wall[entry] or 0, 0, "%s %s" % (what, entry))
        self.near(spent(wall), total_s, total_s, SHARE, 1e-6, "%s: the sum of %s" % (what, wall))
        self.assertAlmostEqual(abs(wall["residue_s"]), abs(total_s - spent(wall)), delta=1e-5, msg=what + " residue")

    def check_section_closes(self, section):
        self.check_wall(section["wall"], section["total_s"], section["name"])
        self.check_wall(section["self_wall"], section["self_s"], section["name"] + " self")

    def check_closes(self, report):
        """The ledgers of all sections, (outside) included, and of all threads close; the threads' CPU time is the kernel's."""
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
        """Compares run-queue wait with the kernel's, if it counts it.

        The kernel counts from the enqueueing on, the ledger from the wake-up.
        """
        if "runqueue_ns" in account:
            slack = 0.05 * section["total_s"] + 2 * SLACK_S
            truth_s = account["runqueue_ns"] / 1e9
            self.near(section["wall"]["runqueue_s"], truth_s, truth_s, 0, slack, section["name"] + " run queue")

    def check_blocked(self, section, times, account, entry):
        """The entry has all the time for which the section was blocked, which agrees with the account of the other side."""
        wall, name = section["wall"], section["name"]
        slack = 0.05 * section["total_s"] + 2 * SLACK_S
        low = blocked_s(times, account) if "runqueue_ns" in account else 0
        high = (times["around"]["total_ns"] - account["cpu_ns"]) / 1e9
        self.near(wall[entry], low, high, 0, slack, "%s %s" % (name, entry))
        if "waited_ns" in account:
            waits = wall[entry] + wall["runqueue_s"] + wall["cpu_s"]     # it may have begun to wait late
            self.assertGreaterEqual(waits, account["waited_ns"] / 1e9 * (1 - SHARE) - SLACK_S, name + " waited")

    def check_faults(self, memory, account, name):
        for kind in ("minor_faults", "major_faults"):
            self.near(memory[kind], account[kind], account["around"][kind], 0.01, 5, "%s %s" % (name, kind))

    def verdicts(self, report, name):
        """The verdicts on a section, in the report's order. Each has evidence."""
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
