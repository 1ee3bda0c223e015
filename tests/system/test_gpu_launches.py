# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Launches of work on a GPU, counted for some milliseconds now and then, on a driver that counts all of them (tests/targets/cuda/)."""
import platform
import time
import unittest

from gpu_stub import Stub
from kernel_objects import links_of
from launch import Profiler
from ledgers import LedgerCase, urgent
from needs import CC, needs_bpf
from reports import sections

SECONDS = 3
SIGMA = 4               # an error is a standard deviation
SLACK = 0.05            # of the rate: a section's time has the markers' own in it
FACTOR = 2              # a rate of launches that a probe slows down three times is good for a verdict, not more


@needs_bpf
@unittest.skipUnless(CC, "no C compiler")
@unittest.skipUnless(platform.machine() == "x86_64", "the stub's jumps are those of x86-64")
class GpuLaunches(LedgerCase):
    @classmethod
    def setUpClass(cls):
        cls.stub = Stub()
        cls.addClassCleanup(cls.stub.close)

    def evaluate(self, build, name):
        """Returns the section, the driver's account, and how many of 100 looks found a probe beside those on timed calls."""
        with urgent("gpu_work", SECONDS, name, hold=True, env=self.stub.environment(build)) as target, \
                Profiler("-p", target.pid, "-t", 0.1, wait_for=target.pid) as profiler:
            profiler.wait_watching()
            least = links_of(profiler.pid, {"on_gpu_call"})
            target.go()
            looks = []
            for _ in range(100):
                looks.append(links_of(profiler.pid, {"on_gpu_call"}) > least)
                time.sleep(0.01)
            truth = target.result()["gpu"][name]
            profiler.stop()
            self.report = profiler.report()
        return sections(self.report)[name], truth, sum(looks)

    def check_rate(self, section, truth):
        gpu = section["gpu"]
        for key, true in (("launches_per_s", truth["launches"] * 1e9 / truth["total_ns"]),
                          ("launches_per_call", truth["launches"] / section["count"])):
            value, error = gpu[key], gpu[key + "_error"]
            self.assertIsNotNone(value, gpu)
            self.assertLessEqual(abs(value - true), SIGMA * error + SLACK * true, "%s: %s: %s" % (key, true, gpu))
            self.assertTrue(true / FACTOR <= value <= true * FACTOR, "%s: %s: %s" % (key, true, gpu))
            self.assertLessEqual(error, value, gpu)

    def check_launches(self, build):
        section, truth, probed = self.evaluate(build, "launch")
        self.check_rate(section, truth)
        self.assertLess(probed, 50)
        verdict = self.check_verdict(self.report, "launch", "cpu")
        self.assertIn("CUDA graphs", verdict["suggestion"])
        self.assertIn("launches/s", verdict["evidence"])

    def test_new_driver(self):
        self.check_launches("new")

    def test_old_driver(self):
        self.check_launches("old")
