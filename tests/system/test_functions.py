# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The functions of a section: their times add up to its self time, and each has its own computing and waiting."""
import time
import unittest

from launch import Profiler, Target, profile, run
from needs import needs_bpf, why_no_torch
from paths import target_source
from reports import sections

WAITS = target_source("waits.py")
NO_TORCH = why_no_torch()
LEFT_OUT = 0.01         # of a section whose stacks have no sample


def functions(report, section):
    return [f for f in report["functions"] if f["section"] == section]


def by_name(report, section):
    """Python functions, by the last part of their names."""
    return {f["function"].split(".")[-1]: f for f in functions(report, section) if f["python"]}


class FunctionsCase(unittest.TestCase):
    def check_sums(self, report):
        """The functions of every section add up to its self time, apart from those too small to be listed."""
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

    def check_times(self, found, truth, tolerance, section):
        """Compares the functions' times with the truth.

        An error in one function's share is an error in the others', too. A wait for a CPU after another wait is charged to
        the functions that run, as the samples do not show which thread waited.
        """
        slack_s = 0.1 * tolerance * sum(truth.values()) + section["wall"]["runqueue_s"]
        for name, spent_s in truth.items():
            self.assertIn(name, found)
            self.assertAlmostEqual(found[name]["cumulative_s"], spent_s, delta=tolerance * spent_s + slack_s, msg=name)


@needs_bpf
class Waits(FunctionsCase):
    COMPUTING = {"compute", "deeper"}

    def check(self, tolerance, *options):
        with Target("waits.py", hold=True) as target:
            report, truth = profile(target, *options)
        self.check_sums(report)
        found = by_name(report, "work")
        self.check_times(found, truth["functions"], tolerance, sections(report)["work"])
        for name in truth["functions"]:
            if name not in self.COMPUTING:
                self.assertGreater(found[name]["cumulative_off_s"], 0.8 * found[name]["cumulative_s"], name)
        computing_s = sum(found[name]["cumulative_cpu_s"] for name in self.COMPUTING)
        self.assertGreater(computing_s, 0.8 * sections(report)["work"]["wall"]["cpu_s"])
        inner = by_name(report, "inner")
        self.assertAlmostEqual(inner["deeper"]["cumulative_s"], sections(report)["inner"]["total_s"], delta=0.05)
        self.assertNotIn("compute", inner)

    def test_default(self):
        self.check(0.4)

    def test_often(self):
        self.check(0.15, "-F", "999", "--max-overhead", "100")


@needs_bpf
class Native(FunctionsCase):
    """Native functions with frame pointers; the C library, in which they wait, has none."""

    def check(self, program, section, tolerance, *options):
        with Target(program, hold=True) as target:
            report, truth = profile(target, *options)
        self.check_sums(report)
        found = {f["function"]: f for f in functions(report, section)}
        self.check_times(found, truth["functions"], tolerance, sections(report)[section])
        return found

    def test_c(self):
        found = self.check("hot", "work", 0.4)
        self.check_causes(found)

    def check_causes(self, found):
        for name in ("sleep_long", "sleep_often", "wait_lock", "read_socket"):
            self.assertGreater(found[name]["cumulative_off_s"], 0.9 * found[name]["cumulative_s"], name)
        self.assertGreater(found["compute"]["cumulative_cpu_s"], 0)
        self.assertTrue(all(f["file"].endswith("hot.c") for name, f in found.items() if name in ("compute", "wait_lock", "main")))

    def test_c_often(self):
        found = self.check("hot", "work", 0.15, "-F", "999", "--max-overhead", "100")
        self.check_causes(found)
        everything = max(f["cumulative_s"] for f in found.values())
        self.assertGreater(found["main"]["cumulative_s"], 0.95 * everything)

    def test_cpp(self):
        """Functions have the names that a programmer writes."""
        self.check("layers", "score", 0.15, "-F", "999", "--max-overhead", "100")


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
        """99 samples a second of running time; the section's self time does not depend on them."""
        with Target("-c", COMPUTING, hold=True, python=True) as target:
            report, _ = profile(target)
        self.check_sums(report)
        section, compute = sections(report)["computing"], by_name(report, "computing")["compute"]
        self.assertAlmostEqual(compute["cumulative_s"], section["total_s"], delta=0.01 * section["total_s"])
        self.assertAlmostEqual(compute["cumulative_samples"], 99 * section["wall"]["cpu_s"], delta=0.05 * 990)

    def test_wait_that_goes_on(self):
        """A wait that has not ended in the window still has its function."""
        with Target("-c", ASLEEP, python=True) as target:
            with Profiler("-p", target.pid, "-d", "3", wait_for=target.pid) as profiler:
                time.sleep(0.3)
                target.go()
                report = profiler.report()
        section, rest = sections(report)["long"], by_name(report, "long")["rest"]
        self.assertGreater(section["total_s"], 1)
        self.assertEqual(section["count"], 0)
        self.assertAlmostEqual(rest["cumulative_off_s"], section["total_s"], delta=0.01 * section["total_s"])


@needs_bpf
class PythonSections(FunctionsCase):
    """--section NAME=python:FUNCTION: functions without markers, timed by samples."""

    FUNCTIONS = {"compute": "waits.compute", "deeper": "__main__.deeper", "sleep_long": "sleep_long", "sleep_often": "waits.sleep_often",
                 "sleep_more": "waits.sleep_more", "wait_lock": "waits.Others.wait_lock", "read": "waits.Others.read",
                 "one_round": "waits.one_round"}
    UNKNOWN = ("count", "mean_s", "min_s", "max_s", "p50_s", "p99_s", "p999_s", "items")
    SIGMAS = 4
    LATE = 0.03         # of the time, between the end of a wait and the thread's return from it

    @classmethod
    def setUpClass(cls):
        cls.options = [word for name, function in cls.FUNCTIONS.items() for word in ("-s", "py-%s=python:%s" % (name, function))]
        with Target("waits.py", "--rounds", 60, hold=True) as target:
            cls.report, cls.truth = profile(target, "-s", "nowhere=python:waits.nowhere", *cls.options)
        cls.sections = sections(cls.report)

    def section(self, name):
        return self.sections["py-" + name]

    def check_total(self, name, truth_s):
        section = self.section(name)
        self.assertGreaterEqual(section["error_s"], 0)
        self.assertLess(section["error_s"], 0.35 * truth_s, name)
        delta = self.SIGMAS * section["error_s"] + self.LATE * truth_s + self.sections["work"]["wall"]["runqueue_s"]
        self.assertAlmostEqual(section["total_s"], truth_s, delta=delta, msg=name)

    def test_times(self):
        for name, spent_s in self.truth["functions"].items():
            if name in self.FUNCTIONS:
                self.check_total(name, spent_s)
        self.check_total("one_round", self.truth["total_s"])

    def test_self(self):
        """Self time is without the functions that it calls: all but one of those are sections, too."""
        for name in self.FUNCTIONS:
            if name != "one_round":
                self.assertAlmostEqual(self.section(name)["self_s"], self.section(name)["total_s"], places=6, msg=name)
        inner = sum(s["total_s"] for n, s in self.sections.items() if n.startswith("py-") and n != "py-one_round")
        own = self.section("one_round")["total_s"] - inner
        self.assertAlmostEqual(self.section("one_round")["self_s"], own, places=6)

    def test_wall(self):
        causes = {"compute": "cpu_s", "deeper": "cpu_s", "sleep_long": "sleep_s", "sleep_often": "sleep_s", "wait_lock": "lock_s",
                  "read": "network_s"}
        for name, cause in causes.items():
            section = self.section(name)
            share = section["wall"][cause] + section["wall"]["runqueue_s"]
            self.assertGreater(share, 0.7 * section["total_s"], name)
            parts = sum(v for k, v in section["wall"].items() if k.endswith("_s") and k not in
                        ("worker_cpu_s", "sync_s", "pipe_s", "child_s", "stopped_s", "residue_s"))
            self.assertAlmostEqual(parts, section["total_s"], places=6, msg=name)

    def test_unknown_is_null(self):
        for name in self.FUNCTIONS:
            for key in self.UNKNOWN:
                self.assertIsNone(self.section(name)[key], "%s of %s" % (key, name))
            self.assertEqual(self.section(name)["histogram"]["buckets"], [])
            self.assertIsNone(self.section(name)["memory"]["rss_delta_bytes"])
        self.assertIsNone(self.sections["work"]["error_s"])

    def test_functions(self):
        self.check_sums(self.report)
        self.assertAlmostEqual(by_name(self.report, "py-deeper")["spin"]["cumulative_s"], self.section("deeper")["total_s"],
                               delta=0.02 * self.section("deeper")["total_s"])
        self.assertNotIn("sleep_long", by_name(self.report, "py-deeper"))

    def test_marked_sections(self):
        """Marked sections beside them are exact."""
        work, inner = self.sections["work"], self.sections["inner"]
        self.assertEqual((work["count"], inner["count"]), (1, self.truth["rounds"]))
        self.assertAlmostEqual(work["total_s"], self.truth["total_s"], delta=0.01)
        self.assertAlmostEqual(work["self_s"], work["total_s"] - inner["total_s"], places=6)

    def test_nobody_has_met_it(self):
        self.assertNotIn("nowhere", self.sections)
        notes = [n for n in self.report["notes"] if "waits.nowhere" in n]
        self.assertEqual(len(notes), 1, self.report["notes"])
        self.assertFalse([n for n in self.report["notes"] if "py-" in n])

    def test_without_samples(self):
        done = run("-F", "0", "-s", "x=python:waits.compute", "--", "true")
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"x=python:waits.compute: Python functions are timed from samples; give a --frequency above 0",
                      done.stderr.split(b"\n")[0])


@needs_bpf
@unittest.skipIf(NO_TORCH, NO_TORCH)
class Operators(unittest.TestCase):
    """Code that has no frame pointers, in a library whose notes for exceptions are 10 MiB: who called what is seen all the
    same."""

    @classmethod
    def setUpClass(cls):
        with Target("operators.py") as target:
            target.go()
            with Profiler("-p", target.pid, "-d", 3, "-F", 499, "--max-overhead", 100) as profiler:
                cls.report = profiler.report()
            target.process.stdin.close()
            cls.truth = target.result()["operators"]
            target.end()
        cls.found = {f["function"].split("(")[0]: f for f in functions(cls.report, "operators")}

    def test_operators(self):
        whole = sum(self.truth.values())
        for name, spent_s in self.truth.items():
            row = self.found["at::_ops::%s::call" % name]
            share = row["cumulative_cpu_s"] / sections(self.report)["operators"]["wall"]["cpu_s"]
            self.assertAlmostEqual(share, spent_s / whole, delta=0.05, msg=name)

    def test_all_of_them_begin_in_python(self):
        """Samples that were taken right after the attach have names, too."""
        frames = self.report["frames"]
        stacks = [stack for stack in self.report["stacks"] if stack[0] == "operators" and stack[3]]
        self.assertGreater(sum(stack[3] for stack in stacks), 100)
        for stack in stacks:
            self.assertTrue(frames[stack[4][0]]["python"], [frames[i]["function"] for i in stack[4]])
