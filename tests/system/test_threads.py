# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Threads, coroutines, exceptions, hostile names, models and caches: the counts are the target's."""
import re
import subprocess
import tempfile

from launch import Profiler, Target, profile
from needs import needs_bpf
from paths import PROFILER
from reports import ReportCase, sections
from steps import Steps

MIB = 1 << 20
LEFT = ("left", "left inside")


@needs_bpf
class Threads(ReportCase):
    """Sections that end on another thread than they began, and short-lived threads."""

    @classmethod
    def setUpClass(cls):
        with Target("thread_ends", "--threads", 200, hold=True) as target:
            cls.report, cls.truth = profile(target)
        cls.sections = sections(cls.report)

    def test_counts(self):
        for name, truth in self.truth["sections"].items():
            self.check_count(self.sections[name], truth)
            self.check_histogram(self.sections[name])

    def test_only_the_second_ends_are_lost(self):
        self.check_lost(self.report, sections=self.truth["unmatched"])

    def test_durations_across_threads(self):
        for name in ("handoff", "orphan"):
            self.check_times(self.sections[name], self.truth["sections"][name])

    def test_none_stays_open(self):
        self.assertEqual({name: s["open"] for name, s in self.sections.items() if s["open"] and name not in LEFT}, {})

    def test_left_by_threads_that_have_ended(self):
        """Sections of a thread that exits are open until its end, and no longer."""
        n, each, around = (self.truth[key] for key in ("left", "left_ns", "left_around_ns"))
        outer, inner = (self.sections[name] for name in LEFT)
        for section in outer, inner:
            self.assertEqual((section["count"], section["open"]), (0, n))
        self.check_total(outer, 3 * each, around)
        self.check_total(inner, 2 * each, around - each)
        self.between(outer["self_s"], each, around - 2 * each, "left, self")
        self.assertEqual(inner["self_s"], inner["total_s"])

    def test_time_open_on_the_thread(self):
        """Several calls are open on the main thread: the total is at most the sum of the calls, at least the longest call."""
        truth, handoff = self.truth["sections"]["handoff"], self.sections["handoff"]
        self.check_total(handoff, truth["max_ns"], truth["around"]["total_ns"])
        orphan = self.truth["sections"]["orphan"]
        self.check_total(self.sections["orphan"], orphan["total_ns"], orphan["around"]["total_ns"])

    def test_handed_to_another_thread_while_the_first_does_nothing(self):
        """Time counts until the last call ends, although its thread begins and ends no other section meanwhile."""
        with Steps() as target:
            target.step("import dcbs_profiler, threading")
            report = self.handed_over(target)
        section = sections(report)["request"]
        self.assertEqual((section["count"], section["open"]), (3, 0))
        self.check_lost(report)
        self.check_total(section, 0.35e9, report["window"]["duration_s"] * 1e9)
        self.assertLessEqual(section["self_s"], section["total_s"] + 1e-6)

    def handed_over(self, target):
        with Profiler("-p", target.pid, wait_for=target.pid) as profiler:
            target.step("from dcbs_profiler import get_global_profiler as p; requests = [p().profile_section('request') for _ in range(3)]")
            target.step("[r.__enter__() for r in requests]")
            target.step("answer = lambda: [(sleep(0.12), r.__exit__(None, None, None)) for r in requests]")
            target.step("t = threading.Thread(target=answer); t.start(); t.join(); begin('after'); end('after')")
            profiler.stop()
            return profiler.report()


@needs_bpf
class Forks(ReportCase):
    """Children of a probed process inherit its code and its semaphore, but not its probes."""

    FORK = "import os; pid = os.fork() or (%s, os._exit(7))"

    def check(self, *child, leave=False):
        with Steps() as target:
            target.step("import dcbs_profiler; use('parent', 1)")
            with Profiler("-p", target.pid, wait_for=target.pid) as profiler:
                target.step("use('parent', 100); begin('open')")
                target.step(self.FORK % ", ".join(child))
                if leave:
                    profiler.stop()
                    report = profiler.report()
                target.step("status = os.waitpid(pid, 0)[1]; assert status == 7 << 8, status")
                if not leave:
                    target.step("end('open'); use('parent', 100)")
                    target.end()
                    report = profiler.report()
        self.check_lost(report)
        self.assertEqual(sections(report)["parent"]["count"], 100 if leave else 200)
        self.assertNotIn("child", sections(report))

    def test_child_goes_on(self):
        self.check("end('open')", "use('child', 5000)", "sleep(0.01)", "use('child', 5000)")

    def test_child_of_a_child(self):
        self.check("use('child', 1000)", "os.fork() or (use('child', 1000), os._exit(0))", "use('child', 1000)", "os.wait()")

    def test_child_goes_on_after_the_profiler_has_left(self):
        self.check("use('child', 1000)", "sleep(1.5)", "use('child', 5000)", leave=True)

    def test_child_begins_only_after_the_profiler_has_left(self):
        self.check("sleep(1.5)", "use('child', 5000)", leave=True)


@needs_bpf
class Coroutines(ReportCase):
    """Sections of one thread that do not nest, are too deep, end twice or never."""

    @classmethod
    def setUpClass(cls):
        with Target("coroutines", hold=True) as target:
            cls.report, cls.truth = profile(target)
        cls.sections = sections(cls.report)

    def test_counts(self):
        for name, truth in self.truth["sections"].items():
            self.check_count(self.sections[name], truth)
            self.check_histogram(self.sections[name])

    def test_what_cannot_be_timed_is_counted(self):
        self.check_lost(self.report, sections=self.truth["too_deep"] + self.truth["unmatched"])

    def test_interleaved_durations(self):
        for i in range(3):
            truth, section = self.truth["sections"]["task-%d" % i], self.sections["task-%d" % i]
            self.check_times(section, truth)
            self.check_total(section, truth["max_ns"], truth["around"]["total_ns"])

    def test_interleaved_self_times_do_not_overlap(self):
        """A moment of a thread belongs to one section only."""
        total = sum(s["self_s"] for s in self.sections.values() if s["name"] != "(outside)")
        self.assertLessEqual(total, self.report["window"]["duration_s"])
        for section in self.sections.values():
            self.assertLessEqual(section["self_s"], section["total_s"] + 1e-9, section["name"])

    def test_recursion(self):
        """Each call has its duration; the total is the time in which at least one call was open."""
        truth, section = self.truth["sections"]["recurse"], self.sections["recurse"]
        self.check_times(section, truth)
        self.check_total(section, truth["outermost_ns"], truth["around"]["total_ns"])
        rounds = self.truth["unmatched"]
        gap_ns = truth["around"]["total_ns"] - truth["total_ns"]
        self.check_total(section, truth["outermost_ns"], truth["outermost_ns"] + gap_ns + rounds * self.ERROR_NS)
        self.between(section["self_s"], section["total_s"] * 1e9, section["total_s"] * 1e9, "self of recursion")

    def test_abandoned(self):
        section = self.sections["abandoned"]
        self.assertEqual((section["count"], section["open"]), (0, self.truth["abandoned"]))
        self.assertIsNone(section["p50_s"])


@needs_bpf
class Exceptions(ReportCase):
    @classmethod
    def setUpClass(cls):
        with Target("exceptions", hold=True) as target:
            cls.report, cls.truth = profile(target)
        cls.sections = sections(cls.report)

    def test_counts_errors_and_items(self):
        for name, truth in self.truth["sections"].items():
            self.check_count(self.sections[name], truth)
            self.check_histogram(self.sections[name])
        self.assertGreater(self.sections["object"]["errors"], 0)

    def test_nothing_lost_or_left_open(self):
        self.check_lost(self.report)
        self.assertEqual(sum(s["open"] for s in self.report["sections"]), 0)


@needs_bpf
class Names(ReportCase):
    FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufffe\uffff]")

    @classmethod
    def setUpClass(cls):
        cls.file = tempfile.NamedTemporaryFile("r", suffix=".json", errors="surrogateescape")
        with Target("names", hold=True) as target:
            cls.report, cls.truth = profile(target, "-o", cls.file.name)
        cls.by_count = {s["count"]: s["name"] for s in cls.report["sections"] if s["name"] != "(outside)"}

    @classmethod
    def tearDownClass(cls):
        cls.file.close()

    def test_each_name_is_a_section(self):
        """Every name is used a different number of times, so its count identifies it."""
        self.assertEqual(sorted(self.by_count), sorted(n["count"] for n in self.truth["names"]))
        self.assertEqual(len(set(self.by_count.values())), len(self.truth["names"]))
        self.check_lost(self.report)

    def test_sound_names_are_unchanged(self):
        for name in self.truth["names"]:
            raw = bytes.fromhex(name["hex"])
            if name["bytes"] > len(raw):
                continue
            text = raw.decode(errors="replace")
            if "\ufffd" not in text and not self.FORBIDDEN.search(text):
                self.assertEqual(self.by_count[name["count"]], text)

    def test_unsound_bytes_are_spelled_out(self):
        for name in self.truth["names"]:
            shown, raw = self.by_count[name["count"]], bytes.fromhex(name["hex"])
            self.assertNotRegex(shown, self.FORBIDDEN)
            for byte in set(raw if name["bytes"] <= len(raw) else b""):
                if byte < 32 or byte == 127:
                    self.assertIn("\\x%02X" % byte, shown)

    def test_long_names_are_cut_and_stay_apart(self):
        long = [self.by_count[n["count"]] for n in self.truth["names"] if n["bytes"] > 1000]
        self.assertEqual(len(long), 3)
        for name in long:
            self.assertRegex(name, "^[xe][xé]{50,}~[0-9a-f]{8}$")
            self.assertLess(len(name.encode()), 120)

    def test_no_control_character_reaches_a_file_or_a_terminal(self):
        text = subprocess.run([PROFILER, "report", self.file.name], stdout=subprocess.PIPE, check=True).stdout
        for what, data in (("json", self.file.read()), ("text", text.decode())):
            self.assertNotRegex(data.replace("\n", ""), self.FORBIDDEN, what)
        self.assertIn("\\x1B[31m", text.decode())

    def test_more_names_than_fit(self):
        with Target("names", "--many", 700, hold=True) as target:
            report, truth = profile(target)
        other = sections(report)["(other)"]
        self.assertGreater(truth["did_not_fit"], 0)
        self.assertEqual(other["count"], truth["other_count"])
        self.check_histogram(other)
        self.check_lost(report, names=truth["did_not_fit"])
        fits = [s for s in report["sections"] if s["name"].startswith("many-")]
        self.assertEqual(len(fits), truth["many"] - truth["did_not_fit"])
        self.assertEqual({s["count"] for s in fits}, {truth["each"]})


@needs_bpf
class ModelAndCaches(ReportCase):
    @classmethod
    def setUpClass(cls):
        with Target("model_cache", hold=True) as target:
            cls.report, cls.truth = profile(target)
        cls.sections = sections(cls.report)
        cls.caches = {c["name"]: c for c in cls.report["caches"]}

    def test_nothing_lost(self):
        self.check_lost(self.report)

    def test_model(self):
        for name in ("forward_pass", "generation"):
            truth, model = self.truth["sections"][name], self.report["model"][name]
            self.assertEqual(model["count"], truth["count"])
            for key in ("total", "min", "max"):
                self.between(model[key + "_time"], truth[key + "_ns"], truth["around"][key + "_ns"], name + " " + key)
            self.assertAlmostEqual(model["mean_time"] * model["count"], model["total_time"], places=9)

    def test_tokens(self):
        truth, model = self.truth["sections"]["generation"], self.report["model"]["generation"]
        self.assertEqual(model["tokens"], truth["items"])
        self.assertAlmostEqual(model["tokens_per_s"] * model["total_time"], truth["items"], places=3)
        self.assertNotIn("tokens", self.report["model"]["forward_pass"])

    def test_items_and_errors(self):
        truth, question = self.truth["sections"]["question"], self.sections["question"]
        self.check_count(question, truth)
        self.check_times(question, truth)
        self.assertGreater(question["errors"], 0)
        self.assertAlmostEqual(question["items_per_s"] * question["total_s"], truth["items"], places=3)

    def test_cache_counts(self):
        for name, truth in self.truth["caches"].items():
            cache, hits, misses = self.caches[name], truth["hits"]["count"], truth["misses"]["count"]
            self.assertEqual((cache["hits"], cache["misses"], cache["total_accesses"]), (hits, misses, hits + misses))
            self.assertAlmostEqual(cache["hit_rate"], hits / (hits + misses), places=12)

    def test_cache_sizes(self):
        for name, truth in self.truth["caches"].items():
            size, sizes = self.caches[name]["size"], truth["sizes"]
            self.assertAlmostEqual(size["current_size_mb"] * MIB, sizes["current_bytes"], places=3)
            self.assertAlmostEqual(size["max_size_mb"] * MIB, sizes["max_bytes"], places=3)
            self.assertAlmostEqual(size["mean_size_mb"] * MIB, sizes["total_bytes"] / sizes["count"], places=3)

    def test_cache_times(self):
        """The times were invented, so mean and extremes are exact; percentiles lie between those of hits and of misses."""
        for name, truth in self.truth["caches"].items():
            timing, both = self.caches[name]["timing"], [t for t in (truth["hits"], truth["misses"]) if t["count"]]
            mean_ns = sum(t["total_ns"] for t in both) / sum(t["count"] for t in both)
            self.between(timing["mean_access_time"], mean_ns, mean_ns, name + " mean")
            for key, pick in (("min", min), ("max", max)):
                exact_ns = pick(t[key + "_ns"] for t in both)
                self.between(timing[key + "_access_time"], exact_ns, exact_ns, name + " " + key)
            for p in ("p50", "p90", "p95", "p99"):
                ns = [t[p + "_ns"] for t in both]
                self.between(timing[p + "_access_time"], min(ns) * (1 - self.BUCKET), max(ns) * (1 + self.BUCKET), name + p)

    def test_caches_are_no_sections(self):
        self.assertEqual(set(self.caches), set(self.truth["caches"]))
        self.assertFalse(set(self.sections) & set(self.caches))
