# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Each counter under `lost`, by a target that causes the loss. And a target that lies harms neither kernel nor profiler."""
import json
import unittest

from kernel_log import ALARMS, kernel_log
from launch import Profiler, Target, profile, run
from needs import SCALE, needs_bpf
from paths import contract_number, golden, target_program
from reports import lost, marked, sections

GOLDEN = golden("evaluation.json")


@needs_bpf
class Lost(unittest.TestCase):
    def only(self, report, **expected):
        """Exactly these counters are not 0."""
        self.assertEqual(lost(report), expected)

    def test_nothing(self):
        with Target("sections", "--iterations", "20", hold=True) as target:
            report, _ = profile(target)
        self.assertEqual(set(report["lost"]), {"sections", "records", "samples", "stacks", "names", "processes"})
        self.only(report)

    def test_sections_too_deep_and_ended_twice(self):
        with Target("coroutines", hold=True) as target:
            report, truth = profile(target)
        self.assertGreater(truth["too_deep"], 0)
        self.assertGreater(truth["unmatched"], 0)
        self.only(report, sections=truth["too_deep"] + truth["unmatched"])

    def test_sections_ended_on_two_threads(self):
        with Target("thread_ends", hold=True) as target:
            report, truth = profile(target)
        self.only(report, sections=truth["unmatched"])

    def test_sections_before_the_window_are_not_ours(self):
        """Losses before the attach are not counted: a later profiler counts only losses that it sees."""
        with Target("coroutines", hold=True) as target:
            target.go()
            truth = target.result()
            self.assertGreater(truth["too_deep"], 0)
            with Profiler("-p", target.pid, wait_for=target.pid) as profiler:
                target.line()
                target.end()
                self.only(profiler.report())

    def test_sections_left_by_longjmp(self):
        """Native functions that never return: escape() always, leap() when escape() jumps past it. Their ends are known, so that
        no call is lost."""
        plain = target_program("plain")
        with Target("plain", "--calls", "100") as target:
            with Profiler("-p", target.pid, "-s", "leap=%s:leap" % plain, "-s", "escape=%s:escape" % plain) as profiler:
                profiler.wait_watching()
                target.go()
                truth = target.result()
                target.end()
                report = profiler.report()
        self.assertGreater(truth["escaped"], 0)
        self.only(report)
        self.assertEqual(sections(report)["leap"]["count"], truth["sections"]["leap"]["count"])
        self.assertEqual(sections(report)["escape"]["unreturned"], truth["escaped"])

    def test_records_overwritten(self):
        ring = contract_number("DCBS_RING")
        with Target("liar", "--skip", 10 * ring, hold=True) as target:
            report, truth = profile(target)
        self.assertGreaterEqual(report["lost"]["records"], 9 * ring)
        self.assertLessEqual(report["lost"]["records"], 10 * ring + 200)
        self.assertGreaterEqual(sections(report)["after"]["count"], truth["sections"]["after"]["count"])

    def test_records_that_make_no_sense(self):
        with Target("corrupt", "--rounds", "50", hold=True) as target:
            report, truth = profile(target)
        self.assertGreater(report["lost"]["records"], 0)
        self.assertEqual(sections(report)["sound"]["count"], truth["sections"]["sound"]["count"])

    def test_names_that_fit_into_no_table(self):
        with Target("names", "--many", "700", hold=True) as target:
            report, truth = profile(target)
        self.assertGreater(truth["did_not_fit"], 0)
        self.only(report, names=truth["did_not_fit"])
        self.assertEqual(sections(report)["(other)"]["count"], truth["other_count"])

    def test_names_of_several_processes(self):
        """Each process has room for its names; together they are more than the profiler's sections. No call is lost."""
        each, rows = 300, contract_number("BPFPROF_SECTIONS")
        with Target("liar", "--names", each, hold=True) as first, Target("liar", "--names", each, hold=True) as second:
            with Profiler("-p", first.pid, "-p", second.pid, wait_for=second.pid) as profiler:
                for target in first, second:
                    target.go()
                    target.result()
                    target.line()
                    target.end()
                report = profiler.report()
        self.assertGreater(2 * each, rows)
        found = sections(report)
        self.assertGreater(report["lost"]["names"], 0)
        self.assertEqual(sum(s["count"] for n, s in found.items() if n.startswith("own-") or n == "(other)"), 2 * each)
        self.assertEqual(found["after"]["count"], 200)

    def test_names_are_what_stands_before_their_end(self):
        """The same name in two processes is one section, whichever bytes follow its terminating zero."""
        with Target("liar", "--dirty-names", hold=True) as first, Target("liar", "--dirty-names", hold=True) as second:
            with Profiler("-p", first.pid, "-p", second.pid, wait_for=second.pid) as profiler:
                for target in first, second:
                    target.go()
                    target.result()
                    target.line()
                    target.end()
                report = profiler.report()
        self.assertEqual(sorted((n, s["count"]) for n, s in marked(report).items()), [("after", 200), ("before", 200)])
        self.only(report)

    def test_the_report_says_it(self):
        with Target("coroutines", hold=True) as target:
            with Profiler("-p", target.pid, "-f", "text", wait_for=target.pid) as profiler:
                target.go()
                truth = target.result()
                target.line()
                target.end()
                out, _ = profiler.process.communicate(timeout=30)
        self.assertRegex(out, r"Lost: %d calls" % (truth["too_deep"] + truth["unmatched"]))

    def test_all_counters_are_shown(self):
        """A saved session has all counters, those of sampling included."""
        with open(GOLDEN) as f:
            doc = json.load(f)
        self.assertEqual(set(doc["lost"]), {"sections", "records", "samples", "stacks", "names", "processes"})


@needs_bpf
class Liars(unittest.TestCase):
    def test_random_bytes(self):
        """For several seeds: there is a report, the sound thread's counts are exact, and the kernel logs no alarm."""
        before = kernel_log()
        for seed in range(1, 1 + int(4 * SCALE)):
            with self.subTest(seed=seed), Target("corrupt", "--rounds", "150", "--seed", seed, hold=True) as target:
                report, truth = profile(target)
                self.check(report, truth)
        if before is None:
            self.skipTest("the kernel's log cannot be read here; the reports were right")
        new = [line for line in kernel_log() if line not in set(before) and ALARMS.search(line)]
        self.assertEqual(new, [])

    def check(self, report, truth):
        self.assertEqual(sections(report)["sound"]["count"], truth["sections"]["sound"]["count"])
        self.assertGreater(report["lost"]["records"], 0)
        for key, value in report["lost"].items():
            self.assertGreaterEqual(value, 0, key)
            self.assertLess(value, 1 << 53, "%s: no count that was ever reached" % key)
        duration = report["window"]["duration_s"]
        sound = sections(report)["sound"]
        self.assertLessEqual(sound["total_s"], duration)
        for s in report["sections"]:
            self.assertGreaterEqual(s["count"] or 0, 0, s)
            self.assertGreaterEqual(s["open"] or 0, 0, s)

    def test_live_and_text_survive_it(self):
        with Target("corrupt", "--rounds", "100", "--seed", "77", hold=True) as target:
            target.go()
            for fmt in "text", "json":
                done = run("-p", target.pid, "-d", "0.2", "-f", fmt)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertEqual([b for b in done.stdout if b < 32 and b != 10], [])
            target.result()
            target.line()
            self.assertEqual(target.end(), 0)
