# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Memory of a GPU by the section that took it, on a driver that keeps an exact account (tests/targets/cuda/stub/device_memory.h)."""
import os
import platform
import subprocess
import unittest

from compile_target import compile_target
from gpu_stub import Stub
from launch import Profiler, Target
from ledgers import watch
from needs import CC, needs_bpf
from paths import target_program
from reports import sections

CALLS = 40
ALL = ("load", "leak", "scratch", "hand-over", "fail", "outer")
KEYS = ("live_bytes", "peak_bytes", "alloc_bytes", "free_bytes", "allocs", "allocs_failed")
EARLY_BYTES = 1 << 20       # taken before the window
LEAK_BYTES = 64 << 10       # of a call
SCRATCH_BYTES = 1 << 20
CALLS_OF_CHILD = 700


def kept(figures):
    return {key: figures[key] for key in KEYS}


@needs_bpf
@unittest.skipUnless(CC, "no C compiler")
@unittest.skipUnless(platform.machine() == "x86_64", "the stub's jumps are those of x86-64")
class GpuMemory(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stub = Stub()
        cls.addClassCleanup(cls.stub.close)

    def allocate(self, build, names, calls=CALLS, percent=100, **more):
        """Returns the report, its sections by name, and the driver's account."""
        with Target("gpu_allocate", calls, *names, hold=True, env={**self.stub.environment(build), **more}) as target:
            report, truth = watch(target, "-t", 0.1, "-F", 99, "--max-overhead", percent)
        return report, sections(report), truth["memory"]

    def check_exact(self, report, found, truth, peaks=True):
        """No byte is off, in any section and in the whole."""
        whole = truth.pop("all")
        for name, account in truth.items():
            true, seen = kept(account), kept(found[name]["gpu"])
            if not peaks:
                true.pop("peak_bytes"), seen.pop("peak_bytes")
            self.assertEqual(seen, true, name)
            self.assertEqual(found[name]["gpu"]["growth_per_call_bytes"], account["live_bytes"] / account["calls"], name)
        self.assertEqual(report["gpu"]["alloc_bytes"], whole["alloc_bytes"] - EARLY_BYTES)
        self.assertEqual(report["gpu"]["live_bytes"], whole["live_bytes"] - EARLY_BYTES)
        self.assertEqual(report["gpu"]["allocs_failed"], whole["allocs_failed"])
        if peaks:
            self.assertEqual(report["gpu"]["peak_bytes"], whole["peak_bytes"] - EARLY_BYTES)

    def check_leak(self, report):
        """The leak is reported with its growth, and nothing else is called one."""
        leaks = [verdict for verdict in report["bottlenecks"] if verdict["cause"] == "memory-growth"]
        self.assertEqual([verdict["section"] for verdict in leaks], ["leak"])
        self.assertIn("the GPU's memory grows by 64.0 KiB for each call", leaks[0]["evidence"])

    def check_all(self, build, **more):
        report, found, truth = self.allocate(build, ALL, **more)
        self.check_exact(report, found, truth)
        self.assertEqual((report["gpu"]["frees_unknown"], report["gpu"]["allocs_unfollowed"]), (0, 0))
        self.assertEqual(found["leak"]["gpu"]["self_live_bytes"], CALLS * LEAK_BYTES)
        self.assertEqual((found["outer"]["gpu"]["self_live_bytes"], found["inner"]["gpu"]["self_live_allocs"]), (0, CALLS))
        self.check_leak(report)

    def test_new_driver(self):
        self.check_all("new")

    def test_old_driver(self):
        self.check_all("old")

    def test_amd(self):
        self.check_all("new", GPU_WORK_HIP="1")

    def test_two_threads(self):
        """An address that one thread gives back is the next one that another gets."""
        report, found, truth = self.allocate("new", ("threads",), calls=5)
        self.assertLessEqual(found["thread"]["gpu"]["peak_bytes"], truth["thread"]["alloc_bytes"])
        self.check_exact(report, found, truth, peaks=False)

    def test_more_than_is_followed(self):
        """Beyond the bound it is not known what is live, and no number is made up. The rest stays exact."""
        report, found, truth = self.allocate("new", ("early", "scratch", "many"), calls=1)
        many, whole = found["many"]["gpu"], report["gpu"]
        self.assertEqual((many["alloc_bytes"], many["allocs"]), (truth["many"]["alloc_bytes"], truth["many"]["allocs"]))
        self.assertEqual([many[key] for key in ("live_bytes", "peak_bytes", "free_bytes", "growth_per_call_bytes")], [None] * 4)
        self.assertEqual(whole["allocs_unfollowed"], truth["many"]["allocs"] - 16384)
        self.assertEqual((whole["live_bytes"], whole["frees_unknown"]), (None, 1))
        self.assertEqual(kept(found["scratch"]["gpu"]), kept(truth["scratch"]))
        self.assertEqual(kept(found["early"]["gpu"]), dict.fromkeys(KEYS, 0))

    def test_children_that_end(self):
        """The driver takes back what an ended process held: two processes after each other hold no more than each."""
        command = "%s %d leak; sleep 1.2; %s %d leak; true" % ((target_program("gpu_allocate"), CALLS_OF_CHILD) * 2)
        with Profiler("-c", "-F", 99, "--max-overhead", 100, command=["sh", "-c", command], stdin=subprocess.DEVNULL,
                      env={**os.environ, **self.stub.environment("new")}) as profiler:
            report = profiler.report()
        leak = sections(report)["leak"]["gpu"]
        self.assertEqual(leak["alloc_bytes"], report["gpu"]["alloc_bytes"])
        self.assertTrue(0 < report["gpu"]["peak_bytes"] <= CALLS_OF_CHILD * LEAK_BYTES + SCRATCH_BYTES, report["gpu"])

    def test_a_driver_that_another_library_patches(self):
        """UCX gives up its hooks where a probe is: calls for memory are left alone, and others are timed."""
        hook = os.path.join(self.stub.folder.name, "libucm.so.0")
        compile_target("no_calls.c", hook, "-shared", "-fPIC")
        report, found, _ = self.allocate("new", ("scratch",), calls=1, LD_PRELOAD=hook)
        self.assertIsNone(report["gpu"])
        self.assertEqual((found["scratch"]["gpu"]["allocs"], found["scratch"]["gpu"]["level"]), (None, 1))
        self.assertTrue(any("UCX" in note for note in report["notes"]), report["notes"])

    def test_calls_that_cost_too_much(self):
        """An allocator without a cache: calls for memory are left alone, and no figure is made of what was seen. The rest goes on."""
        report, found, _ = self.allocate("old", ("scratch",), calls=800, percent=1)
        self.assertTrue(any("the GPU's memory" in line for line in report["overhead"]["reduced"]), report["overhead"])
        self.assertIsNone(report["gpu"])
        self.assertEqual([found["scratch"]["gpu"][key] for key in KEYS], [None] * len(KEYS))
        self.assertEqual(found["scratch"]["gpu"]["level"], 1)
