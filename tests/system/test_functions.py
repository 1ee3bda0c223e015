#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The functions of a section: their times add up to its own, and who computed or waited is charged with it."""
import os
import time
import unittest

from harness import SOURCES, Profiler, Target, needs_bpf, profile, sections

WAITS = os.path.join(SOURCES, "targets", "waits.py")
LEFT_OUT = 0.01         # of a section, that nothing was sampled of


def functions(report, section):
    return [f for f in report["functions"] if f["section"] == section]


def by_name(report, section):
    """By the last part of their names."""
    return {f["function"].split(".")[-1]: f for f in functions(report, section)}


class FunctionsCase(unittest.TestCase):
    def check_sums(self, report):
        """Of every section, within what is left out as too little to be told."""
        for s in report["sections"]:
            rows, name = functions(report, s["name"]), s["name"]
            if not rows:
                continue
            own = sum(f["self_s"] for f in rows)
            self.assertLessEqual(own, s["total_s"] * (1 + 1e-9), name)
            self.assertGreaterEqual(own, s["total_s"] * (1 - LEFT_OUT) - 1e-9, name)
            self.assertAlmostEqual(sum(f["self_cpu_s"] for f in rows), s["wall"]["cpu_s"], delta=LEFT_OUT * s["total_s"], msg=name)
            for f in rows:
                self.assertAlmostEqual(f["self_s"], f["self_cpu_s"] + f["self_off_s"], places=9)
                if not f["function"].endswith(" more)"):
                    self.assertLessEqual(f["self_s"], f["cumulative_s"] + 1e-9)

    def check_times(self, found, truth, tolerance):
        """Those of functions, whatever they did. Of what is wrong in one, the others' shares are wrong, too."""
        slack_s = 0.1 * tolerance * sum(truth.values())
        for name, spent_s in truth.items():
            self.assertIn(name, found)
            self.assertAlmostEqual(found[name]["cumulative_s"], spent_s, delta=tolerance * spent_s + slack_s, msg=name)


@needs_bpf
class Waits(FunctionsCase):
    COMPUTING = {"compute", "deeper"}

    def check(self, tolerance, *options):
        with Target(WAITS, hold=True, python=True) as target:
            report, truth = profile(target, *options)
        self.check_sums(report)
        found = by_name(report, "work")
        self.check_times(found, truth["functions"], tolerance)
        for name in truth["functions"]:
            much, little = ("cpu", "off") if name in self.COMPUTING else ("off", "cpu")
            self.assertGreater(found[name]["cumulative_%s_s" % much], found[name]["cumulative_%s_s" % little], name)
        inner = by_name(report, "inner")
        self.assertAlmostEqual(inner["deeper"]["cumulative_s"], sections(report)["inner"]["total_s"], delta=0.05)
        self.assertNotIn("compute", inner)

    def test_default(self):
        self.check(0.4)

    def test_often(self):
        self.check(0.15, "-F", "999")


ASLEEP = """
import os, sys, time
from dcbs_profiler import PerformanceProfiler
def rest():
    time.sleep(600)
print("ready", os.getpid(), flush=True)
sys.stdin.readline()
with PerformanceProfiler().profile_section("long"):
    rest()
"""

COMPUTING = """
import os, sys, time
from dcbs_profiler import PerformanceProfiler
def compute(end):
    while time.monotonic() < end:
        pass
print("ready", os.getpid(), flush=True)
sys.stdin.readline()
with PerformanceProfiler().profile_section("computing"):
    compute(time.monotonic() + 10)
print("{}", flush=True)
sys.stdin.readline()
"""


@needs_bpf
class Long(FunctionsCase):
    def test_ten_seconds(self):
        """99 samples a second of running time, and the section's own time, whatever the samples say."""
        with Target("-c", COMPUTING, hold=True, python=True) as target:
            report, _ = profile(target)
        self.check_sums(report)
        section, compute = sections(report)["computing"], by_name(report, "computing")["compute"]
        self.assertAlmostEqual(compute["cumulative_s"], section["total_s"], delta=0.01 * section["total_s"])
        self.assertAlmostEqual(compute["cumulative_samples"], 99 * section["wall"]["cpu_s"], delta=0.05 * 990)

    def test_wait_that_goes_on(self):
        """Nobody has seen its end; its function is known nevertheless."""
        with Target("-c", ASLEEP, python=True) as target:
            with Profiler("-p", target.pid, "-d", "3", wait_for=target.pid) as profiler:
                time.sleep(0.3)
                target.go()
                report = profiler.report()
        section, rest = sections(report)["long"], by_name(report, "long")["rest"]
        self.assertGreater(section["total_s"], 1)
        self.assertEqual(section["count"], 0)
        self.assertAlmostEqual(rest["cumulative_off_s"], section["total_s"], delta=0.01 * section["total_s"])


if __name__ == "__main__":
    unittest.main()
