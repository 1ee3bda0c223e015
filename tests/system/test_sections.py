# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Sections of known durations, and sections that are open at the attach or at the detach."""

from launch import Profiler, Target, profile
from needs import needs_bpf
from reports import ReportCase, sections
from steps import Steps

NESTED = ("outer", "inner", "leaf")


@needs_bpf
class Durations(ReportCase):
    @classmethod
    def setUpClass(cls):
        with Target("sections", hold=True) as target:
            cls.report, cls.truth = profile(target)
        cls.sections = sections(cls.report)

    def test_names(self):
        self.assertEqual(set(self.sections) - {"(outside)"}, set(NESTED))

    def test_nothing_lost(self):
        self.check_lost(self.report)

    def test_counts(self):
        for name, truth in self.truth["sections"].items():
            self.check_count(self.sections[name], truth)

    def test_durations(self):
        for name, truth in self.truth["sections"].items():
            self.check_times(self.sections[name], truth)
            self.check_total(self.sections[name], truth["total_ns"], truth["around"]["total_ns"])

    def test_histograms(self):
        for name in NESTED:
            self.check_histogram(self.sections[name])

    def test_self_times(self):
        """Self time is without inner sections: the self times of the three add up to the outermost's total."""
        total = {name: self.sections[name]["total_s"] * 1e9 for name in NESTED}
        self.between(self.sections["outer"]["self_s"], *[total["outer"] - total["inner"]] * 2, "outer self")
        self.between(self.sections["inner"]["self_s"], *[total["inner"] - total["leaf"]] * 2, "inner self")
        self.between(self.sections["leaf"]["self_s"], *[total["leaf"]] * 2, "leaf self")

    def test_self_times_against_the_target(self):
        truths = self.truth["sections"]
        children = {"outer": "inner", "inner": "leaf"}
        for name in NESTED:
            child, truth = truths.get(children.get(name)), truths[name]
            low, high = truth["total_ns"], truth["around"]["total_ns"]
            if child:
                low, high = low - child["around"]["total_ns"], high - child["total_ns"]
            self.between(self.sections[name]["self_s"], low, high, name + " self")

    def test_no_open_ones(self):
        for name in NESTED:
            self.assertEqual((self.sections[name]["open"], self.sections[name]["open_at_start"]), (0, 0))

    def test_window(self):
        window = self.report["window"]
        self.assertEqual(window["ended_by"], "target-exit")
        self.assertGreaterEqual(window["duration_s"], self.sections["outer"]["total_s"])


@needs_bpf
class Open(ReportCase):
    """Sections that are open at the start, at the end, or all the time."""

    def open_all_the_time(self, section, report):
        self.assertEqual((section["count"], section["open"], section["open_at_start"]), (0, 1, 0))
        self.assertIsNone(section["mean_s"])
        window_ns = report["window"]["duration_s"] * 1e9
        self.check_total(section, window_ns, window_ns)

    def run_and_exit(self, hold):
        with Target("sections", "--iterations", 50, "--open-before", "--leave-open", hold=hold) as target:
            with Profiler("-p", target.pid, wait_for=target.pid) as profiler:
                target.go()
                truth = target.result()
                if hold:
                    profiler.stop()
                return profiler.report(), truth

    def check_run(self, report, truth):
        found, window_s = sections(report), report["window"]["duration_s"]
        outer, before, unfinished = (found[name] for name in ("outer", "before", "unfinished"))
        self.check_lost(report)
        for name in NESTED:
            self.check_count(found[name], truth["sections"][name])
            self.check_times(found[name], truth["sections"][name])
        self.assertEqual((before["count"], before["open"], before["open_at_start"]), (0, 0, 1))
        self.between(before["total_s"], truth["sections"]["outer"]["around"]["total_ns"], window_s * 1e9, "before total")
        own_ns = (before["total_s"] - outer["total_s"]) * 1e9
        self.between(before["self_s"], own_ns, own_ns, "before self")
        self.assertEqual((unfinished["count"], unfinished["open"], unfinished["open_at_start"]), (0, 1, 0))
        self.between(unfinished["total_s"], 1, (window_s - before["total_s"]) * 1e9, "unfinished total")
        self.assertEqual(unfinished["self_s"], unfinished["total_s"])

    def test_when_the_target_exits(self):
        report, truth = self.run_and_exit(hold=False)
        self.assertEqual(report["window"]["ended_by"], "target-exit")
        self.check_run(report, truth)

    def test_when_the_profiler_is_stopped(self):
        report, truth = self.run_and_exit(hold=True)
        self.assertEqual(report["window"]["ended_by"], "signal")
        self.check_run(report, truth)

    def test_the_whole_run(self):
        with Target("sections", "--open-before") as target:
            with Profiler("-p", target.pid, "-d", 0.3) as profiler:
                report = profiler.report()
        self.assertEqual(report["window"]["ended_by"], "duration")
        before = sections(report)["before"]
        self.open_all_the_time(before, report)
        self.assertEqual(before["self_s"], before["total_s"])

    def test_the_whole_run_begun_under_another_profiler(self):
        """Only time in the window counts, even if an earlier profiler has made the target record more."""
        with Steps() as target:
            target.step("import dcbs_profiler")
            with Profiler("-p", target.pid, wait_for=target.pid) as profiler:
                target.step("begin('parent')")
                target.step("sleep(0.4); begin('child')")
                target.step("sleep(0.1)")
                profiler.stop()
                profiler.report()
            with Profiler("-p", target.pid, "-d", 0.3) as profiler:
                report = profiler.report()
        found = sections(report)
        for name in ("parent", "child"):
            self.open_all_the_time(found[name], report)
        self.assertEqual(found["child"]["self_s"], found["child"]["total_s"])
        self.assertEqual(found["parent"]["self_s"], 0)

    def test_between_two_profilers(self):
        """Calls that begin and end between two windows are in no report; a call that is open there has no known duration."""
        with Steps() as target:
            target.step("import dcbs_profiler; use('before', 7); begin('unseen')")
            with Profiler("-p", target.pid, wait_for=target.pid) as profiler:
                target.step("use('first', 11); end('unseen')")
                profiler.stop()
                first = sections(profiler.report())
            target.step("use('nobody', 5)")
            with Profiler("-p", target.pid, wait_for=target.pid) as profiler:
                target.step("use('second', 13); begin('unseen'); use('first', 1); end('unseen')")
                profiler.stop()
                second = sections(profiler.report())
        self.assertEqual({n: s["count"] for n, s in first.items() if n != "(outside)"}, {"first": 11, "unseen": 0})
        self.assertEqual(first["unseen"]["open_at_start"], 1)
        self.assertEqual({n: s["count"] for n, s in second.items() if n != "(outside)"},
                         {"second": 13, "first": 1, "unseen": 1})
