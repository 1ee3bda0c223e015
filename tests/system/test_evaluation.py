# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A transformer on PyTorch answers questions, and the report is compared with the evaluation's own account."""
import json
import os
import tempfile
import unittest

from launch import Profiler, Target
from needs import needs_bpf, why_no_torch
from reports import ReportCase, sections

MIB = 1 << 20
QUESTIONS = 30


def evaluate(with_profiler):
    """Runs the evaluation once. Returns (report or None, its account, exit status)."""
    with tempfile.TemporaryDirectory() as directory:
        account = os.path.join(directory, "account.json")
        with Target("evaluation.py", "--gate", "--questions", QUESTIONS, "--account", account) as target:
            report = None
            if with_profiler:
                with Profiler("-p", target.pid, wait_for=target.pid) as profiler:
                    target.go()
                    report = profiler.report(timeout=300)
            else:
                target.go()
            target.process.stdout.read()
            status = target.end(300)
        with open(account) as file:
            return report, json.load(file), status


@needs_bpf
class Evaluation(ReportCase):
    @classmethod
    def setUpClass(cls):
        why = why_no_torch()
        if why:
            raise unittest.SkipTest(why)
        cls.report, cls.account, cls.status = evaluate(True)
        cls.sections = sections(cls.report)

    def section(self, name):
        return self.sections[name]

    def test_it_answers(self):
        self.assertEqual(self.status, 0)
        self.assertEqual(self.account["answered"], QUESTIONS)
        self.assertEqual(self.report["window"]["ended_by"], "target-exit")

    def test_nothing_lost(self):
        self.check_lost(self.report)

    def test_every_section_is_there(self):
        names = set(self.account["sections"])
        self.assertEqual(set(self.sections) - {"(outside)"}, names)
        self.assertLessEqual({"model_loading", "question", "tokenization", "clustering", "sampling", "scoring"}, names)

    def test_counts(self):
        for name, truth in self.account["sections"].items():
            self.assertEqual(self.section(name)["count"], truth["count"], name)
            self.check_histogram(self.section(name))

    def test_times(self):
        """Times lie between the clock reads inside the mark and those around it. Python's floats are rounded."""
        for name, truth in self.account["sections"].items():
            section, rounding = self.section(name), truth["count"] + 1
            low, high = truth["total_s"] * 1e9 - rounding, truth["around_s"] * 1e9 + rounding
            self.check_total(section, low, high)
            self.between(section["mean_s"] * truth["count"], low, high, name + " sum")
            self.assertGreaterEqual(section["max_s"], truth["max_s"] - 1e-9)
            self.assertGreaterEqual(section["min_s"], truth["min_s"] - 1e-9)

    def test_self_times(self):
        """A question is tokenization, generation and scoring, and the time between them."""
        for parent, children in (("question", ("tokenization", "generation", "scoring")),
                                 ("generation", ("forward_pass", "sampling")), ("sampling", ("clustering",))):
            own = self.section(parent)["total_s"] - sum(self.section(c)["total_s"] for c in children)
            self.assertAlmostEqual(self.section(parent)["self_s"], own, places=7, msg=parent)
        for leaf in ("forward_pass", "clustering", "tokenization", "scoring", "model_loading"):
            self.assertAlmostEqual(self.section(leaf)["self_s"], self.section(leaf)["total_s"], places=8, msg=leaf)

    def test_items(self):
        """The items of a question are the tokens of its prompt and its answer; those of generation are the tokens of the
        answer."""
        self.assertGreater(self.sections["question"]["items"], self.report["model"]["generation"]["tokens"])

    def test_model(self):
        for name, truth in self.account["model"].items():
            model = self.report["model"][name]
            self.assertEqual(model["count"], truth["count"])
            self.between(model["total_time"], truth["total_s"] * 1e9 - truth["count"], truth["around_s"] * 1e9 + truth["count"], name)
        self.assertEqual(self.report["model"]["generation"]["tokens"], self.account["model"]["generation"]["tokens"])

    def test_memory_of_the_model(self):
        memory = self.report["model"]["memory"]
        self.assertLessEqual(memory["min_memory_mb"], memory["mean_memory_mb"])
        self.assertLessEqual(memory["mean_memory_mb"], memory["peak_memory_mb"])
        self.assertLessEqual(memory["peak_memory_mb"], self.report["memory"]["rss_peak_bytes"] / MIB + 8)
        self.assertGreaterEqual(memory["peak_memory_mb"], self.report["memory"]["rss_start_bytes"] / MIB - 8)

    def test_caches(self):
        caches = {c["name"]: c for c in self.report["caches"]}
        self.assertEqual(set(caches), set(self.account["caches"]))
        for name, truth in self.account["caches"].items():
            cache, n = caches[name], truth["hits"] + truth["misses"]
            self.assertEqual((cache["hits"], cache["misses"], cache["total_accesses"]), (truth["hits"], truth["misses"], n))
            self.assertAlmostEqual(cache["hit_rate"], truth["hits"] / n, places=12)
            self.assertAlmostEqual(cache["timing"]["mean_access_time"], (truth["hit_time_s"] + truth["miss_time_s"]) / n, delta=2e-9)
            self.assertAlmostEqual(cache["size"]["current_size_mb"] * MIB, truth["size_bytes"], places=3)
            self.assertAlmostEqual(cache["size"]["max_size_mb"] * MIB, truth["max_size_bytes"], places=3)

    def test_functions(self):
        """answer() is on every stack of a question, and the self times of its functions add up to its time."""
        rows = [f for f in self.report["functions"] if f["section"] == "question"]
        total_s = self.section("question")["total_s"]
        self.assertAlmostEqual(sum(f["self_s"] for f in rows), total_s, delta=0.01 * total_s)
        own = sum(f["cumulative_s"] for f in rows if f["function"].endswith("answer") and f["file"].endswith("/evaluation.py"))
        self.assertAlmostEqual(own, total_s, delta=0.1 * total_s)

    def test_answers_are_the_same_without_a_profiler(self):
        _, alone, status = evaluate(False)
        self.assertEqual(status, 0)
        for key in ("answers", "answered", "changed", "accuracy", "confidence"):
            self.assertEqual(alone[key], self.account[key], key)
        self.assertEqual({n: t["count"] for n, t in alone["sections"].items()},
                         {n: t["count"] for n, t in self.account["sections"].items()})
