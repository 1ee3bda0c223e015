# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The records of the module dcbs_profiler agree with those of the profiler."""
import unittest

from launch import Target, profile
from needs import needs_bpf
from reports import sections

CALL_S = 20e-6  # by which a call may differ: the marker's own cost of 0.1 us, and an interrupt between the two clock reads
INSIDE = 20000  # calls in a section of the target; the cost of their markers counts for it


@needs_bpf
class OwnAndOutside(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with Target("own_figures.py") as target:
            cls.report, cls.own = profile(target)
        cls.outside = sections(cls.report)

    def test_the_same_sections(self):
        own = set(self.own["sections"]) | {"forward_pass", "generation"}
        self.assertEqual(own, set(self.outside) - {"(outside)"})

    def test_the_same_counts(self):
        for name, own in self.own["sections"].items():
            for key in ("count", "errors", "items", "open"):
                self.assertEqual(own[key], self.outside[name][key], (name, key))

    def test_the_same_times(self):
        for name, own in self.own["sections"].items():
            outside, calls = self.outside[name], own["count"]
            for key, times in (("total_s", calls), ("self_s", calls + INSIDE), ("mean_s", 1)):
                delta = 0.001 + CALL_S * min(times, 100) + 0.2e-6 * times
                self.assertAlmostEqual(own[key], outside[key], delta=delta, msg=(name, key))
            self.assertLessEqual(own["min_s"], outside["min_s"] + CALL_S, name)
            if calls >= 20:  # an interrupt in one call does not move it
                self.assertAlmostEqual(own["p50_s"], outside["p50_s"], delta=CALL_S + 0.03 * outside["p50_s"], msg=name)

    def test_the_same_model(self):
        for name in ("forward_pass", "generation"):
            own, outside = self.own["model"][name], self.report["model"][name]
            self.assertEqual(sorted(own), sorted(outside))
            self.assertEqual((own["count"], own.get("tokens")), (outside["count"], outside.get("tokens")))
            self.assertAlmostEqual(own["total_time"], outside["total_time"], delta=CALL_S * own["count"] + 0.001)
        memory = self.report["model"]["memory"]
        self.assertEqual(sorted(self.own["model"]["memory"]), sorted(memory))
        for key, value in memory.items():
            self.assertAlmostEqual(self.own["model"]["memory"][key], value, delta=1, msg=key)

    def test_keys_are_those_of_the_document(self):
        document = self.report["sections"][0]
        for own in self.own["sections"].values():
            self.assertLessEqual(set(own) - {"window"}, set(document))  # the profiler's own measure of its cost
            self.assertLessEqual(set(own["memory"]), set(document["memory"]))
            self.assertEqual(set(own["histogram"]), set(document["histogram"]))
