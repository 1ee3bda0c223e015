# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Calls of a GPU's driver that probes time, on a driver that keeps its own account (tests/targets/cuda/)."""
import os
import platform
import subprocess
import time
import unittest

from gpu_stub import Stub
from hogs import hogs
from kernel_objects import links_of
from launch import Profiler, Target
from ledgers import LedgerCase, urgent, watch
from needs import CC, needs_bpf
from paths import target_program
from reports import sections

SECONDS = 0.3
NAMES = ("gpu", "launch", "copy", "item", "graph", "full", "cpu")
SHARE = 0.02            # of the section
PROGRAMS = {"on_gpu_call", "on_gpu_return"}


@needs_bpf
@unittest.skipUnless(CC, "no C compiler")
@unittest.skipUnless(platform.machine() == "x86_64", "the stub's jumps are those of x86-64")
class GpuCalls(LedgerCase):
    @classmethod
    def setUpClass(cls):
        cls.stub = Stub()
        cls.addClassCleanup(cls.stub.close)

    def evaluate(self, build, names, program="gpu_work", sync="spin", start=urgent, options=(), **more):
        """Returns the sections by name, and what the driver says of each. Every ledger closes."""
        with start(program, SECONDS, *names, hold=True, env={**self.stub.environment(build, sync), **more}) as target:
            self.report, truth = watch(target, "-t", 0.1, "-F", 499, "--max-overhead", 100, *options)
        self.check_closes(self.report)
        return sections(self.report), truth["gpu"]

    def check_times(self, section, truth):
        """The shares are those of the driver's account. No time is an estimate, but for ticks in the probes themselves.

        The driver's clock begins behind the probe at its entry, and its caller's before that.
        """
        gpu, slack_s = section["gpu"], SHARE * truth["total_ns"] / 1e9
        for key, true_ns in (("wait_s", truth["sync_ns"] + truth["copy_ns"]), ("copy_s", truth["copy_ns"])):
            around_ns = truth["around_ns"] if true_ns else 0
            self.near(gpu[key], true_ns / 1e9, around_ns / 1e9, 0, slack_s, "%s %s: %s %s" % (section["name"], key, gpu, truth))
            self.assertLessEqual(gpu[key + "_error"], slack_s)
        self.assertAlmostEqual(gpu["wait_s"], section["wall"]["gpu_s"], delta=1e-6)

    def check_counts(self, section, truth):
        gpu = section["gpu"]
        self.assertEqual(gpu["level"], 1)
        self.assertEqual(gpu["syncs"], truth["syncs"] + truth["copies"], section["name"])
        self.assertEqual((gpu["h2d_bytes"], gpu["d2h_bytes"]), (truth["h2d_bytes"], truth["d2h_bytes"]), section["name"])
        self.assertLessEqual(gpu["syncs_idle"], gpu["syncs"])
        if truth["h2d_bytes"]:
            rate = truth["h2d_bytes"] / truth["copy_ns"]
            self.near(gpu["copy_gb_per_s"], rate, rate, 0.05, 0, "GB/s")

    def check_section(self, found, truth, name):
        with self.subTest(name):
            self.check_times(found[name], truth[name])
            self.check_counts(found[name], truth[name])

    def check_verdict_on(self, name):
        cause, advice = {
            "gpu": ("gpu", "larger batches"), "launch": ("cpu", "CUDA graphs"), "copy": ("gpu", "pin the memory"),
            "item": ("gpu", "keep results on the device"), "graph": ("gpu", "larger batches"), "full": ("cpu-or-gpu", "their queue is full"), "cpu": ("cpu", ""),
        }[name]
        with self.subTest(name):
            self.assertIn(advice, self.check_verdict(self.report, name, cause)["suggestion"])

    def check_all(self, build, program="gpu_work", names=NAMES):
        found, truth = self.evaluate(build, names, program)
        for name in names:
            self.check_section(found, truth, name)
            self.check_verdict_on(name)
        idle = found["launch"]["gpu"]["syncs_idle"]
        self.assertTrue(0 < idle <= truth["launch"]["idle"], "%d: %s" % (idle, truth["launch"]))

    def test_new_driver(self):
        self.check_all("new")

    def test_old_driver(self):
        """Its functions are on no stack, and jump away: the kernel steps over their first instruction."""
        self.check_all("old")

    def test_python(self):
        self.check_all("old", "gpu_work.py", ("gpu", "launch", "item"))

    def test_a_wait_that_yields_on_busy_cpus(self):
        """The GPU works on while the thread that waits for it has no CPU."""
        with hogs(1):
            found, truth = self.evaluate("old", ("gpu",), sync="yield", start=Target)
        self.check_section(found, truth, "gpu")

    def test_a_wait_that_blocks(self):
        if not self.stub.device:
            self.skipTest("no right to make a device")
        found, truth = self.evaluate("old", ("gpu", "item"), sync="block")
        for name in "gpu", "item":
            self.check_section(found, truth, name)
            self.check_verdict_on(name)

    def test_two_streams(self):
        """Each thread waits for its own stream, by the names of programs that are compiled for that."""
        found, truth = self.evaluate("new", ("streams",), start=Target)
        waits_s = sum(found[name]["gpu"]["wait_s"] for name in ("streams", "second"))
        true_s = truth["streams"]["sync_ns"] / 1e9
        self.near(waits_s, true_s, true_s, 0, 2 * SHARE * truth["streams"]["total_ns"] / 1e9, truth)
        self.assertEqual(sum(found[name]["gpu"]["syncs"] for name in ("streams", "second")), truth["streams"]["syncs"])

    def test_without_samples(self):
        found, truth = self.evaluate("new", ("item",), options=("-F", 0))
        self.check_section(found, truth, "item")
        self.assertIsNone(found["item"]["gpu"]["launch_s"])

    def test_a_wait_that_does_not_end(self):
        """It is charged as it goes on."""
        with urgent("gpu_work", 1, "hang", env=self.stub.environment("new")) as target, \
                Profiler("-p", target.pid, "-d", 1, "-t", 0.5, "-F", 99, wait_for=target.pid) as profiler:
            profiler.wait_watching()
            target.go()
            report = profiler.report()
        hang = sections(report)["hang"]
        self.near(hang["wall"]["gpu_s"], hang["total_s"], hang["total_s"], SHARE, 0, hang["wall"])
        self.near(hang["gpu"]["open_s"], hang["total_s"], hang["total_s"], SHARE, 0.01, hang["gpu"])
        self.assertEqual(hang["gpu"]["syncs"], 0)
        self.check_verdict(report, "hang", "gpu")

    def links_while(self, target, seconds):
        """The numbers of probes of drivers before the target goes on, and a while later."""
        with Profiler("-p", target.pid, "-F", 0, wait_for=target.pid) as profiler:
            profiler.wait_watching()
            before = links_of(profiler.pid, PROGRAMS)
            target.go()
            time.sleep(seconds)
            after = links_of(profiler.pid, PROGRAMS)
            profiler.stop()
            return before, after, profiler.report()

    def test_a_driver_that_is_loaded_late(self):
        environment = {**self.stub.environment("new"), "GPU_WORK_LATE": "1"}
        with Target("gpu_work", 2, "gpu", env=environment) as target:
            before, after, report = self.links_while(target, 1)
        self.assertEqual(before, 0)
        self.assertGreater(after, 0)
        gpu = sections(report)["gpu"]["gpu"]
        self.assertEqual(gpu["level"], 1)
        self.assertGreater(gpu["syncs"], 0)
        self.assertTrue(0 < gpu["untimed_s"] < 2, gpu)
        self.assertGreater(gpu["wait_s"], 0.2)

    def test_amd(self):
        """An argument tells the way of a copy."""
        found, truth = self.evaluate("new", ("gpu", "copy", "item"), GPU_WORK_HIP="1")
        for name in "gpu", "copy", "item":
            self.check_section(found, truth, name)
            self.check_verdict_on(name)

    def test_a_child(self):
        with Profiler("-c", "-F", 99, command=["sh", "-c", target_program("gpu_work") + " 1 gpu; true"], stdin=subprocess.DEVNULL,
                      env={**os.environ, **self.stub.environment("old")}) as profiler:
            gpu = sections(profiler.report())["gpu"]["gpu"]
        self.assertEqual(gpu["level"], 1)
        self.assertGreater(gpu["wait_s"], 0.2)

    def test_calls_that_cost_too_much(self):
        """The probes that time them are removed, and samples tell the waits from there on. Calls for memory are few, and stay probed."""
        with urgent("gpu_work", 2, "poll", hold=True, env=self.stub.environment("new")) as target, \
                Profiler("-p", target.pid, "-t", 0.1, wait_for=target.pid) as profiler:
            profiler.wait_watching()
            before = links_of(profiler.pid, PROGRAMS)
            target.go()
            truth = target.result()["gpu"]["poll"]
            after = links_of(profiler.pid, PROGRAMS)
            profiler.stop()
            report = profiler.report()
        self.check_closes(report)
        self.assertLess(0, after)
        self.assertLess(after, before)
        self.assertTrue(any("level 0" in line for line in report["overhead"]["reduced"]), report["overhead"])
        poll = sections(report)["poll"]
        self.assertEqual((poll["gpu"]["level"], poll["gpu"]["syncs"]), (0, None))
        self.assertLessEqual(poll["gpu"]["wait_s"], truth["around_ns"] / 1e9 + 4 * poll["gpu"]["wait_s_error"] + SHARE * poll["total_s"])

    def test_no_driver(self):
        """A process without a driver has no probe of one."""
        with Target("sections") as target:
            before, after, report = self.links_while(target, 0.5)
        self.assertEqual((before, after), (0, 0))
        self.assertTrue(all(section["gpu"] is None for section in report["sections"]))
