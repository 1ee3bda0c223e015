# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The window in slices of time: their sums, what happened when, and trends."""
import json
import os
import tempfile

from launch import Profiler, Target, run
from needs import needs_bpf
from reports import ReportCase, sections

NO_CAUSES = ("count", "total_s", "worker_cpu_s")
ROUNDING_S = 1e-6
LATE_S = 0.25        # by which a record may be read after the end of its call, and a look be later than its time, on a busy machine


@needs_bpf
class Slices(ReportCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.file = os.path.join(cls.folder.name, "run.json")
        with Target("paced.py", hold=True) as target:
            with Profiler("-p", target.pid, "-o", cls.file, wait_for=target.pid) as profiler:
                target.go()
                cls.truth = target.result()
                target.line()
                target.end()
                cls.report = profiler.report()
        cls.sections = sections(cls.report)
        cls.slices = cls.report["slices"]
        cls.ends = cls.slices["end_s"]

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def after_start(self, unix_s):
        return unix_s - self.report["window"]["started_at"]

    def test_slices_cover_the_window(self):
        n = self.slices["count"]
        self.assertEqual((len(self.ends), len(self.slices["rss_bytes"]), self.slices["left_out"]), (n, n, 0))
        self.assertEqual(self.ends, sorted(self.ends))
        self.assertAlmostEqual(self.ends[-1], self.report["window"]["duration_s"], delta=ROUNDING_S)
        self.assertLessEqual(n, 120)
        self.assertGreater(n, 4)

    def test_sums_are_the_figures_of_the_section(self):
        for name in ("step", "nap"):
            section = self.sections[name]
            slices = section["slices"]
            self.assertEqual(sum(slices["count"]), section["count"], name)
            self.assertAlmostEqual(sum(slices["total_s"]), section["total_s"], delta=ROUNDING_S)
            for cause, seconds in section["wall"].items():
                if cause != "residue_s":
                    self.assertAlmostEqual(sum(slices.get(cause, [0])), seconds, delta=ROUNDING_S, msg="%s %s" % (name, cause))

    def test_no_part_is_above_its_whole(self):
        for name in ("step", "nap"):
            slices = self.sections[name]["slices"]
            causes = [values for cause, values in slices.items() if cause not in NO_CAUSES]
            for i, total in enumerate(slices["total_s"]):
                self.assertLessEqual(sum(values[i] for values in causes), total + ROUNDING_S, (name, i))
                self.assertGreaterEqual(min(values[i] for values in causes), 0, (name, i))

    def test_calls_are_where_the_target_made_them(self):
        ended = [self.after_start(end) for *_, end in self.truth["step"]]
        calls = 0
        for end_s, count in zip(self.ends, self.sections["step"]["slices"]["count"]):
            calls += count
            self.assertGreaterEqual(calls, sum(end < end_s - LATE_S for end in ended))
            self.assertLessEqual(calls, sum(end < end_s + LATE_S for end in ended))

    def test_a_long_call_is_in_all_its_slices(self):
        """The call is open for two seconds. In each slice within these it takes the whole slice, and sleeps for it."""
        _, begin, end, _ = (self.after_start(moment) for moment in self.truth["nap"][0])
        slices, inside = self.sections["nap"]["slices"], 0
        for i in range(1, len(self.ends)):
            first, last = self.ends[i - 1], self.ends[i]
            if first < begin + LATE_S or last > end - LATE_S:
                continue
            inside += 1
            self.assertAlmostEqual(slices["total_s"][i], last - first, delta=ROUNDING_S)
            self.assertGreater(slices["sleep_s"][i], 0.99 * slices["total_s"][i])
        self.assertGreater(inside, 0)

    def test_the_trend_is_found(self):
        trend = self.sections["step"]["trend"]
        self.assertGreater(trend["change"], 0.5)
        text = run("report", self.file).stdout.decode()
        self.assertIn("Trend: step, slower: a call took ", text)
        self.assertIsNone(self.sections["nap"]["trend"])

    def test_a_saved_session_gives_the_same_document(self):
        with open(self.file, encoding="utf-8") as saved:
            text = saved.read()
        self.assertEqual(run("report", self.file, "-f", "json").stdout.decode(), text)

    def test_slices_of_a_wrong_length_are_refused(self):
        for change in (lambda r: r["slices"]["end_s"].pop(), lambda r: r["slices"].update(count=-1),
                       lambda r: sections(r)["step"]["slices"]["count"].pop(),
                       lambda r: sections(r)["step"]["slices"].update(total_s="x"),
                       lambda r: sections(r)["step"]["slices"]["total_s"].__setitem__(0, -1),
                       lambda r: r.update(slices=None)):
            report = json.loads(json.dumps(self.report))
            change(report)
            path = os.path.join(self.folder.name, "broken.json")
            with open(path, "w", encoding="utf-8") as broken:
                json.dump(report, broken)
            done = run("report", path)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"broken.json", done.stderr)
