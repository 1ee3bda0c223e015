# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Millions of sections on 8 threads, with forks and a second profiler that attaches and detaches: all are counted exactly once.

DCBS_TEST_SCALE multiplies the 100 million sections.
"""
import os
import threading

from launch import Profiler, Target
from needs import needs_bpf
from reports import ReportCase, sections

SCALE = float(os.environ.get("DCBS_TEST_SCALE", "1"))
SECTIONS = int(100e6 * SCALE)
THREADS = 8
FORKS = int(200 * SCALE)


class Visitor(threading.Thread):
    """Attaches a second profiler for a moment, repeatedly, until the target has ended; keeps its reports."""

    def __init__(self, pid):
        super().__init__()
        self.pid, self.reports, self.failure, self.done = pid, [], None, False

    def run(self):
        try:
            while not self.done:
                with Profiler("-p", self.pid, "-d", 0.05) as profiler:
                    self.reports.append(profiler.report())
        except AssertionError as e:
            if not self.done and os.path.exists("/proc/%d" % self.pid):
                self.failure = e


@needs_bpf
class Stress(ReportCase):
    @classmethod
    def setUpClass(cls):
        with Target("stress", "--threads", THREADS, "--sections", SECTIONS, "--forks", FORKS, hold=True) as target:
            with Profiler("-p", target.pid, wait_for=target.pid) as profiler:
                cls.visitor = Visitor(target.pid)
                cls.visitor.start()
                target.go()
                cls.truth = target.result()
                cls.visitor.done = True
                cls.visitor.join()
                target.line()
                cls.status = target.end()
                cls.report = profiler.report()
        cls.sections = sections(cls.report)
        overhead, window = cls.report["overhead"], cls.report["window"]
        print("%.1f million sections in %.1f s, %d flushes, %d switches, %d visits" % (
            cls.truth["total"] / 1e6, window["duration_s"], overhead["flushes"], overhead["switches"], len(cls.visitor.reports)))

    def test_the_target_is_well(self):
        self.assertEqual(self.status, 0)
        self.assertEqual(self.truth["forked"], FORKS)

    def test_every_section_is_counted_once(self):
        counts = {name: s["count"] for name, s in self.sections.items() if name != "(outside)"}
        self.assertEqual(counts, {name: t["count"] for name, t in self.truth["sections"].items()})
        self.assertEqual(sum(counts.values()), self.truth["total"])
        self.assertGreaterEqual(self.truth["total"], SECTIONS - 40)

    def test_nothing_is_lost(self):
        self.check_lost(self.report)

    def test_histograms_hold_every_section(self):
        for section in self.sections.values():
            if section["name"] != "(outside)":
                self.check_histogram(section)

    def test_times_add_up(self):
        """hot-1 runs inside hot-0; all others are not nested."""
        for name, s in self.sections.items():
            if name == "(outside)":
                continue
            self.assertAlmostEqual(s["total_s"], s["mean_s"] * s["count"], delta=1e-6 * s["total_s"] + 1e-8, msg=name)
            if name != "hot-0":
                self.assertAlmostEqual(s["self_s"], s["total_s"], delta=1e-9, msg=name)
        hot, inner = self.sections["hot-0"], self.sections["hot-1"]
        self.assertAlmostEqual(hot["self_s"], hot["total_s"] - inner["total_s"], delta=1e-8)
        self.assertLessEqual(sum(s["self_s"] for s in self.sections.values()), (THREADS + 1) * self.report["window"]["duration_s"])

    def test_the_second_profiler_counts_its_share(self):
        self.assertIsNone(self.visitor.failure)
        self.assertGreater(len(self.visitor.reports), 1)
        self.assertGreater(sum(sections(r).get("hot-0", {"count": 0})["count"] for r in self.visitor.reports), 0)
        for name, truth in self.truth["sections"].items():
            seen = sum(sections(r).get(name, {"count": 0})["count"] for r in self.visitor.reports)
            self.assertLessEqual(seen, truth["count"], name)

    def test_the_second_profiler_loses_nothing(self):
        for report in self.visitor.reports:
            self.check_lost(report)
            for section in report["sections"]:
                self.assertIn(section["name"], list(self.truth["sections"]) + ["(outside)"])
                if section["count"]:
                    self.check_histogram(section)
                    self.assertLessEqual(section["max_s"], report["window"]["duration_s"])

    def test_the_second_profiler_sees_nested_sections_as_often(self):
        """hot-0 to hot-3 run in turn: in any window their counts differ by what one turn of each thread can make."""
        for report in self.visitor.reports:
            counts = [s["count"] for name, s in sections(report).items() if name.startswith("hot-")]
            if counts:
                self.assertEqual(len(counts), 4)
                self.assertLessEqual(max(counts) - min(counts), 2 * THREADS)
