# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""An evaluation that asks a server from one event loop, and why its questions take so long.

tests/targets/api/api_evaluation.py has clocks of its own around its sections and around what it waits for.
"""
import unittest

from interpreters import interpreters
from launch import Target
from ledgers import LedgerCase, watch
from needs import needs_bpf
from paths import target_source
from reports import sections

IN_FLIGHT = 32
MOST_OF_IT = 0.6        # of the time of a request, by the target's own clock


def evaluate(*args, python=None):
    command = [python, target_source("api_evaluation.py")] if python else ["api_evaluation.py"]
    with Target(*command, "--in-flight", IN_FLIGHT, "--seconds", 1, *args) as target:
        return watch(target, "-t", 0.2, "--max-overhead", 100)


class ApiCase(LedgerCase):
    def evaluate(self, *args, **options):
        """Counts and times are exact, and what a section waited for is in its own time."""
        report, truth = evaluate(*args, **options)
        found = sections(report)
        self.check_lost(report)
        self.check_closes(report)
        self.assertEqual(set(found) - {"(outside)"}, set(truth["sections"]))
        for name, times in truth["sections"].items():
            self.assertEqual(found[name]["count"], times["count"], name)
            self.check_total(found[name], times["inside_s"] * 1e9 - times["count"], times["around_s"] * 1e9 + times["count"])
            self.assertLessEqual(found[name]["in_flight"]["max"], times["most_open"], name)
        waited_s = sum(truth["waits"].values())
        self.near(found["request"]["self_s"], waited_s, waited_s, 0.05, 0.02, "waits of a request")
        return report, truth

    def check_reason(self, report, name, what, evidence, suggestion):
        found = self.check_verdict(report, name, "await")
        self.assertIn(what, found["evidence"])
        self.assertRegex(found["evidence"], evidence)
        self.assertRegex(found["suggestion"], suggestion)

    def check_pool(self, **options):
        """Requests wait for one of 6 connections."""
        report, truth = self.evaluate("--connections", 6, "--delay", 0.08, **options)
        self.assertGreater(truth["waits"]["pool"], MOST_OF_IT * truth["sections"]["request"]["inside_s"])
        self.check_reason(report, "request", "awaiting a free connection or place",
                          r"[56]\.\d+ of attempt in flight on average, never more than 6, while \d\d\.?\d* of request are", "raise it")
        self.check_reason(report, "attempt", "as many in flight as a bound lets", "never more than 6", "raise the bound")

    def check_back_off(self, **options):
        """The server refuses most of the attempts, and the client sleeps after each of these."""
        report, truth = self.evaluate("--rate", 25, "--delay", 0.02, **options)
        self.assertGreater(truth["refused"], 0)
        self.assertGreater(truth["waits"]["back-off"], MOST_OF_IT * truth["sections"]["request"]["inside_s"])
        self.check_reason(report, "request", "awaiting timers between requests",
                          r"timers end \d+\.?\d*% of the time .* of attempt in flight on average", "429")


@needs_bpf
class ApiEvaluation(ApiCase):
    def test_slow_server(self):
        report, _ = self.evaluate("--delay", 0.4)
        self.check_reason(report, "attempt", "awaiting answers from outside", "idle", "the other side is slow")

    def test_connection_pool(self):
        self.check_pool()

    def test_back_off(self):
        self.check_back_off()


@needs_bpf
class Versions(ApiCase):
    """The numbers of the flows are found by an experiment with each version, and reasons follow from them."""

    def test_oldest_and_newest(self):
        found = [python for label, python in interpreters().items() if python and label != "debian"]
        if not found:
            self.skipTest("no CPython")
        for python, check in ((found[0], self.check_pool), (found[-1], self.check_back_off)):
            with self.subTest(python):
                check(python=python)


if __name__ == "__main__":
    unittest.main()
