# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The governor holds the cost of profiling to --max-overhead: the report names what it turned down, and stays right.

How much a target slows down depends on the machine and its load: `make bench` measures that.
"""
import re
import threading
import time
import unittest

from launch import Profiler, Target
from needs import EMULATED, needs_bpf
from paths import target_program
from reports import sections

ERROR = 0.05        # of totals while an event source is off part of the time
PIECE = 4 << 20     # bytes that it maps, touches and unmaps
PAGE = 4096
SIGMAS = 4          # of a figure with a stated standard deviation
LARGEST_ERROR = 0.25    # of the bytes that a section moves
# Sections of tests/targets/memory/storm.c: by how much a call grows, by how much it shrinks, and the net growth.
STORM = (("small", 4 << 20, 0), ("large", 8 << 20, 0), ("feed", 6 << 20, 6 << 20), ("free", -6 << 20, -6 << 20),
         ("leak", 2 * PAGE, 2 * PAGE))


class Busy(Target):
    """tests/targets/load/busy.c, with the counts that it prints, by time."""

    def __init__(self, what, seconds):
        super().__init__("busy", what, seconds)
        self.points = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        while not self.points and self.process.poll() is None:
            time.sleep(0.01)

    def read(self):
        for line in self.process.stdout:
            ns, _, count, calls, calls_ns = (int(word) for word in line.split())
            self.points.append((ns * 1e-9, count, calls, calls_ns * 1e-9))

    def at(self, when, field):
        """Interpolates between two of the lines."""
        points = list(self.points)
        for before, after in zip(points, points[1:]):
            if before[0] <= when <= after[0]:
                return before[field] + (after[field] - before[field]) * (when - before[0]) / (after[0] - before[0])
        raise AssertionError("%s is outside of the lines that the target printed, %s to %s" % (when, points[0], points[-1]))

    def during(self, window, field=1):
        """How often the target did it in the window of a report. Field 2 is the number of calls, field 3 their time."""
        start = window["started_at"] - (time.time() - time.monotonic())
        while self.points[-1][0] < start + window["duration_s"] and self.process.poll() is None:
            time.sleep(0.05)
        return self.at(start + window["duration_s"], field) - self.at(start, field)


@needs_bpf
class Budget(unittest.TestCase):
    def busy(self, what, *args, seconds=4):
        with Busy(what, seconds + 30) as target:
            time.sleep(0.3)
            with Profiler("-p", target.pid, "-d", seconds, *args) as profiler:
                report = profiler.report()
            return report, target.during(report["window"])

    def near(self, value, truth, share=ERROR, what="", of=None):
        self.assertLessEqual(abs(value - truth), share * abs(of or truth), "%s: %s, is %s" % (what, value, truth))

    def reduced(self, report, word):
        self.assertTrue(any(word in line for line in report["overhead"]["reduced"]), report["overhead"])

    def test_markers_alone_are_too_dear(self):
        report, truth = self.busy("sections", "--max-overhead", "0.1")
        self.assertEqual(report["window"]["ended_by"], "cost")
        self.assertLess(report["window"]["duration_s"], 3)
        self.reduced(report, "--max-overhead")
        self.near(sections(report)["busy"]["count"], truth)

    def test_markers_without_a_limit_given(self):
        """Sections are counted all the same, and the report says that they cost more than the default budget."""
        report, truth = self.busy("sections", seconds=3)
        self.assertEqual(report["window"]["ended_by"], "duration")
        self.near(sections(report)["busy"]["count"], truth)
        if report["overhead"]["target_cpu_share"] > 0.02:
            self.reduced(report, "nevertheless")

    def cost_of_flushes(self):
        """The part of a CPU that sections of 0.4 ms cost without a limit."""
        return self.busy("spaced", "--max-overhead", "100", "-F", 0, seconds=1)[0]["overhead"]["target_cpu_share"]

    def test_handed_over_less_often(self):
        """If the flushes are expensive and not the sections, there are fewer flushes, and no section is lost.

        What a flush costs depends on the machine, so the limit is half of what a run without a limit costs.
        """
        limit = 100 * self.cost_of_flushes() / 2
        report, truth = self.busy("spaced", "--max-overhead", "%.3f" % limit, "-F", 0)
        self.reduced(report, "less often")
        self.assertEqual(report["window"]["ended_by"], "duration", report["overhead"])
        self.near(sections(report)["busy"]["count"], truth)
        self.assertLess(report["overhead"]["flushes"], 0.5 * truth)
        self.assertEqual(report["lost"]["records"], 0)

    def test_markers_that_may_cost_it(self):
        report, truth = self.busy("sections", "--max-overhead", "100", seconds=2)
        self.assertEqual(report["window"]["ended_by"], "duration")
        self.assertEqual(report["overhead"]["reduced"], [])
        self.near(sections(report)["busy"]["count"], truth)

    def test_faults(self):
        report, truth = self.busy("faults", "--max-overhead", "1" if EMULATED else "0.5")
        self.reduced(report, "faults")
        memory = sections(report)["busy"]["memory"]
        self.near(memory["minor_faults"], truth, what="faults")
        self.assertLess(abs(memory["rss_delta_bytes"]), 2 * PIECE)
        self.assertLess(abs(report["memory"]["unexplained_bytes"]), PIECE)

    def test_sections_of_a_storm(self):
        """Faults and growth of each section are estimated from the on-periods; the growth of the process is exact."""
        with Target("storm", 30) as target:
            time.sleep(0.3)
            with Profiler("-p", target.pid, "-d", 8, "--max-overhead", "0.5") as profiler:
                report = profiler.report()
        self.reduced(report, "faults")
        found = sections(report)
        for name, grows, keeps in STORM:
            section, own = found[name], found[name]["self_memory"]
            moved = section["count"] * grows
            self.check_growth(own, moved, section["count"] * keeps, name)
            self.assertIsNone(section["memory"]["peak_delta_bytes"])
            self.check_address_space(own, moved if grows > 0 else 0, name)
        touched = sum(max(grows, 0) * found[name]["count"] for name, grows, _ in STORM)
        self.near(sum(found[name]["self_memory"]["minor_faults"] for name, _, _ in STORM), touched / PAGE, what="faults")

    def check_growth(self, own, moved, kept, name):
        """The growth of a section, and what it kept, lie within the stated errors, which are those of a part that was observed.

        At the edge of an on-period a section that gives memory back may be charged with a piece that the one before took.
        """
        error = own["grown_bytes_error"] + own["shrunk_bytes_error"]
        self.assertLessEqual(abs(own["grown_bytes"] - max(moved, 0)), SIGMAS * error + PAGE, name)
        self.assertLessEqual(abs(own["rss_delta_bytes"] - kept), SIGMAS * error + PAGE, name)
        self.assertLessEqual(error, 2 * LARGEST_ERROR * abs(moved), name)

    def check_address_space(self, own, mapped, name):
        """The bytes that a section has mapped in all of its calls lie within four standard deviations of the estimate."""
        self.assertIsNotNone(own["mapped_bytes_error"], name)
        self.assertLessEqual(abs(own["mapped_bytes"] - mapped), 4 * own["mapped_bytes_error"] + PAGE, name)
        self.assertLessEqual(own["mapped_bytes_error"], 0.5 * mapped, name)

    def test_waits(self):
        """Four of the threads are runnable at a time; the others wait for a futex."""
        report, _ = self.busy("switches", "--max-overhead", "0.5", seconds=6)
        self.reduced(report, "observed in on-periods")
        duration = report["window"]["duration_s"]
        threads = [t for t in report["threads"] if t["threads"] == 1 and t["wall_s"] > 0.99 * duration]
        self.assertGreater(len(threads), 10)
        seen = [sum(t["wall"][cause] for cause in ("lock_s", "runqueue_s", "sleep_s")) + t["kernel_cpu_s"] for t in threads]
        self.near(sum(seen), sum(t["wall_s"] for t in threads))

    def test_calls(self):
        """The target calls the function all the time, so that it is open whenever the thread is runnable."""
        report, _ = self.busy("calls", "-s", "call=%s:busy_call" % target_program("busy"), seconds=6)
        self.reduced(report, "--section")
        section, thread = sections(report)["call"], report["threads"][0]
        self.assertIsNone(section["count"])
        self.assertIsNone(section["mean_s"])
        self.assertEqual(report["lost"]["sections"], 0)
        self.near(section["total_s"], thread["wall_s"], ERROR + 3 * section["error_s"] / section["total_s"])

    def test_calls_in_the_first_second(self):
        """The calls are reduced as soon as they have cost what the budget allows for a second, not after some looks at the mean.

        Every call is counted, and the time of all lies within the stated error of that by the target's own clock. On a machine
        whose probes are slow the entries alone may be over budget: then the number of calls is unknown.
        """
        with Busy("calls-5000", 40) as target:
            time.sleep(0.3)
            with Profiler("-p", target.pid, "-d", 5, "-s", "call=%s:busy_paced_call" % target_program("busy")) as profiler:
                report = profiler.report()
            calls, calls_s = target.during(report["window"], 2), target.during(report["window"], 3)
        reduced = re.search(r"after ([0-9.]+) s, at ([0-9.]+) % of a CPU: functions of --section", " ".join(report["overhead"]["reduced"]))
        if reduced:
            self.assertLessEqual(float(reduced[1]) * float(reduced[2]), 2.5 if not EMULATED else 100, report["overhead"])
        else:       # the target got so little of its CPU that all calls fit the budget
            self.assertLess(report["overhead"]["target_cpu_share"], 0.012, report["overhead"])
        section = sections(report)["call"]
        if section["count"] is not None:
            self.near(section["count"], calls, 0.02, "calls")
        if section["error_s"]:
            self.assertLessEqual(abs(section["total_s"] - calls_s), 3 * section["error_s"] + 0.02 * calls_s, section)

    def test_long_calls(self):
        """All calls are counted at their entries. Those that end in on-periods are timed, and give the time of all."""
        report, truth = self.busy("long", "-s", "call=%s:busy_long_call" % target_program("busy"), seconds=8)
        self.reduced(report, "timed in on-periods")
        section = sections(report)["call"]
        self.near(section["count"], truth, 0.01)
        self.near(section["total_s"], report["window"]["duration_s"], ERROR + 3 * section["error_s"] / section["total_s"])
        self.assertLess(section["p50_s"], 1.5 * section["total_s"] / truth)
        self.assertEqual(report["lost"]["sections"], 0)
        recorded = section["histogram"]["zero_count"] + sum(n for _, n in section["histogram"]["buckets"])
        self.near(recorded, section["count"], 0.02)

    def test_calls_without_samples(self):
        """Without probes and without samples the time is unknown, or an estimate from the first calls; it is never 0."""
        report, _ = self.busy("calls", "-F", "0", "-s", "call=%s:busy_call" % target_program("busy"), seconds=2)
        self.reduced(report, "--frequency")
        section = sections(report)["call"]
        if section["total_s"] is not None:
            self.assertGreater(section["total_s"], 0)
            self.assertGreater(section["error_s"], 0)
        else:
            self.assertIsNone(section["mean_s"])

    def test_a_target_that_is_not_busy(self):
        with Target("spin", hold=True) as target, Profiler("-p", target.pid, "-d", 2) as profiler:
            report = profiler.report()
        self.assertEqual(report["overhead"]["reduced"], [])
        self.assertLess(report["overhead"]["target_cpu_share"], 0.01)
