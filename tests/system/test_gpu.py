# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Evaluations on a GPU with a planted bottleneck each, on a driver that keeps its own account (tests/targets/cuda/).

The driver is left alone here: samples of the stack tell its waits. For timed calls see test_gpu_calls.py.
"""
import platform
import unittest

from gpu_stub import Stub
from hogs import hogs
from launch import Target, run
from ledgers import LedgerCase, stalled_s, urgent, watch
from needs import CC, needs_bpf
from reports import sections

HZ = 997
# A planted bottleneck lasts so long, as a few hundred ticks may meet a loop of some microseconds out of proportion.
SECONDS = 1
NAMES = ("gpu", "launch", "copy", "item", "full", "cpu")
SIGMA = 4               # an error is a standard deviation
SHARE = 0.02            # of the section: ticks fall a little before and after the driver's own clock reads


@needs_bpf
@unittest.skipUnless(CC, "no C compiler")
@unittest.skipUnless(platform.machine() == "x86_64", "the stub's jumps are those of x86-64")
class Gpu(LedgerCase):
    @classmethod
    def setUpClass(cls):
        cls.stub = Stub()
        cls.addClassCleanup(cls.stub.close)

    def evaluate(self, build, names, program="gpu_work", seconds=SECONDS, sync="spin", start=urgent, options=(), **more):
        """Returns the sections by name, and what the driver says of each. Every ledger closes."""
        with start(program, seconds, *names, hold=True, env={**self.stub.environment(build, sync), **more}) as target:
            self.report, truth = watch(target, "-t", 0.2, "-F", HZ, "--max-overhead", 100, "--no-gpu-probes", *options)
        self.check_closes(self.report)
        return sections(self.report), truth["gpu"]

    def check_share(self, value_s, error_s, true_ns, truth, what, without_cpu_s=0):
        """The share of the section's time is that of the driver's account, within the error that the report states.

        without_cpu_s: for how long the thread had no CPU. The driver's clock goes on meanwhile, running time does not.
        """
        slack_s = SIGMA * error_s + SHARE * truth["total_ns"] / 1e9
        self.near(value_s, true_ns / 1e9 - without_cpu_s, true_ns / 1e9, 0, slack_s, "%s: %s" % (what, truth))

    def check_known(self, section, truth):
        """Waits and launches, where names tell one from the other."""
        gpu, name, without_cpu_s = section["gpu"], section["name"], stalled_s(section)
        self.check_share(gpu["wait_s"], gpu["wait_s_error"], truth["sync_ns"] + truth["copy_ns"], truth, name + " waits")
        self.check_share(gpu["copy_s"], gpu["copy_s_error"], truth["copy_ns"], truth, name + " copies")
        self.check_share(gpu["launch_s"], gpu["launch_s_error"], truth["launch_ns"], truth, name + " launches", without_cpu_s)
        self.assertLessEqual(gpu["unknown_s"], SHARE * section["total_s"], gpu)

    def check_parts(self, section, truth):
        gpu, wall, name = section["gpu"], section["wall"], section["name"]
        driver_ns = truth["sync_ns"] + truth["copy_ns"] + truth["launch_ns"]
        self.assertEqual((gpu["level"], gpu["syncs"], gpu["h2d_bytes"], gpu["untimed_s"]), (0, None, None, None))
        self.check_share(gpu["driver_s"], gpu["driver_s_error"], driver_ns, truth, name + " driver", stalled_s(section))
        self.assertAlmostEqual(gpu["wait_s"], wall["gpu_s"], delta=1e-6)
        parts = [gpu[part + "_s"] for part in ("wait", "launch", "alloc", "other", "unknown")]
        self.assertAlmostEqual(sum(parts), gpu["driver_s"], delta=1e-6)
        self.assertGreaterEqual(gpu["wait_s"] + 1e-6, gpu["spin_s"] + gpu["runqueue_s"] + gpu["throttled_s"] + gpu["steal_s"])
        self.assertGreaterEqual(gpu["wait_s"] + 1e-6, gpu["copy_s"])
        self.assertGreaterEqual(gpu["copy_s"] + 1e-6, gpu["d2h_s"])

    def check_verdicts_with_names(self, name):
        """Each planted bottleneck has a cause and an advice of its own."""
        cause, advice = {
            "gpu": ("gpu", "larger batches"), "launch": ("cpu", "CUDA graphs"), "copy": ("gpu", "pin the memory"),
            "item": ("gpu", "keep results on the device"), "full": ("cpu-or-gpu", "their queue is full"), "cpu": ("cpu", ""),
        }[name]
        verdict = self.check_verdict(self.report, name, cause)
        self.assertIn(advice, verdict["suggestion"])

    def check_verdicts_without_names(self, name):
        cause = {"launch": ("cpu", "cpu-or-gpu"), "cpu": ("cpu",)}.get(name, ("cpu-or-gpu",))
        verdict = self.verdicts(self.report, name)[0]
        self.assertIn(verdict["cause"], cause, verdict)
        if name != "cpu":
            self.assertIn("not known which", verdict["evidence"])
            self.assertNotIn("calling thread", verdict["suggestion"])

    def check_new(self, program, *options):
        found, truth = self.evaluate("new", NAMES, program, options=options)
        for name in NAMES:
            with self.subTest(name):
                self.check_parts(found[name], truth[name])
                self.check_known(found[name], truth[name])
                self.check_verdicts_with_names(name)
        return found, truth

    def check_old(self, program):
        """No stack has the names: the time in the driver is known, and nothing is said of what it is.

        A tick may meet the jump at the begin of a call, which has a name. At 80,000 launches a second some do.
        """
        found, truth = self.evaluate("old", NAMES, program)
        for name in NAMES:
            with self.subTest(name):
                self.check_parts(found[name], truth[name])
                self.assertEqual(found[name]["wall"]["gpu_s"], 0)
                self.assertLessEqual(found[name]["gpu"]["launch_s"], SIGMA * found[name]["gpu"]["launch_s_error"])
                self.check_verdicts_without_names(name)

    def test_c_names(self):
        self.check_new("gpu_work")

    def test_c_no_names(self):
        self.check_old("gpu_work")

    def test_python_names(self):
        """A function that is known from samples has its waits, too."""
        found, truth = self.check_new("gpu_work.py", "-s", "sampled=python:gpu")
        gpu = found["sampled"]["gpu"]
        self.check_share(gpu["wait_s"], gpu["wait_s_error"], truth["gpu"]["sync_ns"], truth["gpu"], "sampled waits")

    def test_python_no_names(self):
        self.check_old("gpu_work.py")

    def test_a_runtime_above_a_driver_without_names(self):
        """The runtime's names tell what the driver's do not, but not to which side it copies."""
        found, truth = self.evaluate("old", NAMES, GPU_WORK_RUNTIME="1")
        for name in NAMES:
            with self.subTest(name):
                self.check_parts(found[name], truth[name])
                self.check_known(found[name], truth[name])
                self.check_verdicts_with_names(name)
        self.assertIn("if each copy", self.verdicts(self.report, "item")[0]["suggestion"])

    def test_waits_that_probes_tell(self):
        """A function of the driver that is timed by --section tells what the samples in it are."""
        options = [option for name, function in (("wait", "cuStreamSynchronize"), ("read", "cuMemcpyDtoH_v2"))
                   for option in ("-s", "%s=libcuda.so.1:%s" % (name, function))]
        found, truth = self.evaluate("old", ("gpu", "item"), options=(*options, "--return-probes"))
        for name, inner, spent in ("gpu", "wait", "sync_ns"), ("item", "read", "copy_ns"):
            with self.subTest(name):
                self.check_share(found[name]["gpu"]["wait_s"], found[name]["gpu"]["wait_s_error"], truth[name][spent], truth[name], name)
                self.check_share(found[inner]["wall"]["gpu_s"], found[inner]["gpu"]["wait_s_error"], truth[name][spent], truth[name], inner)
                self.check_verdict(self.report, name, "gpu")

    def check_gpu_bound(self, sync, start=urgent):
        found, truth = self.evaluate("new", ("gpu",), sync=sync, start=start)
        self.check_parts(found["gpu"], truth["gpu"])
        self.check_known(found["gpu"], truth["gpu"])
        self.check_verdicts_with_names("gpu")

    def test_a_wait_that_yields(self):
        self.check_gpu_bound("yield")

    def test_a_wait_that_blocks(self):
        if not self.stub.device:
            self.skipTest("no right to make a device")
        found, truth = self.evaluate("new", ("gpu", "item"), sync="block")
        for name in ("gpu", "item"):
            self.check_parts(found[name], truth[name])
            self.check_known(found[name], truth[name])
            self.check_verdict(self.report, name, "gpu")

    def test_on_busy_cpus(self):
        """The GPU works on while the thread that waits for it has no CPU."""
        with hogs(1):
            for sync in "spin", "yield":
                with self.subTest(sync):
                    self.check_gpu_bound(sync, Target)

    def evaluate_bare(self, build, name):
        with urgent("gpu_work", 1, name, hold=True, env={**self.stub.environment(build), "GPU_WORK_BARE": "1"}) as target:
            self.report, truth = watch(target, "-t", 0.2, "-F", HZ, "--max-overhead", 100, "--no-gpu-probes", marked=False)
        self.check_closes(self.report)
        return sections(self.report)["(outside)"], truth["gpu"][name]

    def test_no_sections(self):
        """A process without sections gets a verdict, too."""
        outside, truth = self.evaluate_bare("new", "gpu")
        self.check_share(outside["gpu"]["wait_s"], outside["gpu"]["wait_s_error"], truth["sync_ns"], truth, "waits")
        self.assertEqual(self.report["bottlenecks"][0]["cause"], "gpu", self.report["bottlenecks"])

    def test_a_gpu_that_is_not_used(self):
        outside, _ = self.evaluate_bare("new", "cpu")
        self.assertLessEqual(outside["gpu"]["driver_s"], SIGMA * outside["gpu"]["driver_s_error"])
        self.assertIn("was the model moved to the device?", self.report["bottlenecks"][0]["evidence"])
        self.assertEqual(self.report["gpu_libraries"], ["libcuda"])

    def test_check(self):
        for build, cheap, words in ("old", 0, "on no stack"), ("new", 6, "tell waits from launches."):
            with Target("gpu_work", 0, env=self.stub.environment(build)) as target:
                done = run("check", "-p", target.pid)
            out = done.stdout.decode()
            self.assertIn("libcuda (libcuda.so.1)", out)
            self.assertIn(words, out)
            self.assertIn("Level 1: 6 of its functions", out)
            self.assertIn("%d of them begin with an instruction that the kernel" % cheap, out)
            self.assertIn("-s launch=libcuda.so.1:cuLaunchKernel" + " --return-probes" * (build == "old") + "\n", out)
        with Target("sections") as target:
            self.assertIn("no driver of a GPU", run("check", "-p", target.pid).stdout.decode())
