# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The functions of a section, compared with cProfile, which counts and times every call of the same work in another run."""
import itertools
import unittest

from launch import Target, profile
from needs import needs_bpf
from paths import target_source

WORKLOAD = target_source("workload.py")
SECONDS = 25
SAMPLES = 2000
TOP = 10
POINTS = 0.03
TIE = 0.02       # twice the standard error of the difference of two shares of SAMPLES


def shares(functions, key):
    """{name: share of the whole work}, the largest first."""
    whole = sum(f["self_s"] for f in functions.values())
    return dict(sorted(((name, f[key] / whole) for name, f in functions.items()), key=lambda item: -item[1]))


@needs_bpf
class CProfile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with Target("workload.py", "--seconds", SECONDS, "--cprofile") as target:
            target.go()
            cls.truth = target.result()["functions"]
        with Target("workload.py", "--seconds", SECONDS, hold=True) as target:
            cls.report, _ = profile(target, "-F", "999", "--max-overhead", "100")   # a budget of 1 % would reduce the samples
        cls.rows = [f for f in cls.report["functions"] if f["section"] == "workload" and f["file"] == WORKLOAD]
        cls.found = {f["function"].split(".")[-1]: {"self_s": f["self_cpu_s"], "cumulative_s": f["cumulative_cpu_s"]}
                     for f in cls.rows}

    def test_samples(self):
        samples = sum(f["self_samples"] for f in self.rows)
        self.assertGreaterEqual(samples, SAMPLES)
        self.assertLessEqual(self.report["lost"]["stacks"], samples // 1000)   # a tick in the midst of a call

    def check(self, key):
        truth, found = shares(self.truth, key), shares(self.found, key)
        ours = [name for name in found if name in truth]    # the caller of workload() does not run under cProfile
        top = list(truth)[:TOP]
        for higher, lower in itertools.combinations(top, 2):
            if truth[higher] - truth[lower] > TIE:
                self.assertLess(ours.index(higher), ours.index(lower), (higher, lower))
        for name, share in truth.items():
            self.assertAlmostEqual(found.get(name, 0), share, delta=POINTS, msg=name)

    def test_tottime(self):
        self.check("self_s")

    def test_cumulative(self):
        self.check("cumulative_s")

    def test_nothing_else(self):
        """All functions in the section are known to cProfile."""
        whole = sum(f["self_cpu_s"] for f in self.report["functions"] if f["section"] == "workload")
        known = sum(f["self_s"] for name, f in self.found.items() if name in self.truth)
        self.assertGreater(known, 0.99 * whole)
