# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Verdicts whose remedy depends on more than the cause: who had the CPU, what the threads did, when memory was given back."""

from hogs import hogs
from launch import Profiler, Target
from needs import needs_bpf
from paths import target_program
from reports import ReportCase, sections

MIB = 1 << 20
SECONDS = 3


@needs_bpf
class Verdicts(ReportCase):
    def watch(self, *command, args=(), until_exit=False):
        with Target(*command, hold=not until_exit) as target:
            with Profiler("-p", target.pid, "-t", "0.5", *args, wait_for=target.pid) as profiler:
                target.go()
                truth = target.result()
                if until_exit:
                    target.end()
                else:
                    profiler.stop()
                report = profiler.report()
                if not until_exit:
                    target.end()
                return report, truth

    def verdict(self, report, section, cause=None):
        found = [b for b in report["bottlenecks"] if b["section"] == section and cause in (None, b["cause"])]
        self.assertTrue(found, (section, cause, report["bottlenecks"]))
        return found[0]

    # ---- who had the CPU ----

    def test_other_processes_have_the_cpu(self):
        with hogs(3) as pids:
            report, _ = self.watch("verdicts.py", "starved", SECONDS)
        shares = {n["pid"]: n["cpu_share"] for n in report["neighbours"]}
        self.assertGreater(sum(shares.get(pid, 0) for pid in pids), 0.5, report["neighbours"])
        self.assertLessEqual(sum(shares.values()), 1 + 1e-9)
        self.assertFalse([n for n in report["neighbours"] if n["pid"] == report["target"]["pid"] and n["cpu_share"] > 0.2])
        verdict = self.verdict(report, "score", "runqueue")
        self.assertNotIn("fewer compute threads", verdict["suggestion"])
        self.assertTrue(any(str(pid) in verdict["evidence"] for pid in pids), verdict["evidence"])

    def test_own_threads_compete(self):
        report, _ = self.watch("verdicts.py", "competing", SECONDS)
        own = [n for n in report["neighbours"] if n["pid"] == report["target"]["pid"]]
        self.assertTrue(own and own[0]["is_target"], report["neighbours"])
        verdict = self.verdict(report, "score", "runqueue")
        if own[0]["cpu_share"] >= 0.2:      # unless this machine has other work
            self.assertIn("fewer compute threads", verdict["suggestion"])

    # ---- what other threads did ----

    def test_a_pool_that_spins_is_not_denied(self):
        report, truth = self.watch("spinning", SECONDS)
        self.assertGreater(truth["pool_s"], 0.1 * truth["caller_s"])
        said = [b for b in report["bottlenecks"] if b["section"] == "matmul" and b["cause"] == "cpu"]
        for verdict in said:
            self.assertNotIn("no other thread ran", verdict["evidence"])
            self.assertNotIn("spread it over threads", verdict["suggestion"])

    def test_spinning_is_told_from_computing(self):
        report, _ = self.watch("spinning", SECONDS, "yield")
        running = [(stack[1] or 0, report["frames"][stack[4][-1]]["function"]) for stack in report["stacks"] if stack[4]]
        spun = sum(seconds for seconds, function in running if "sched_yield" in function)
        whole = sum(seconds for seconds, _ in running)
        if spun < 0.25 * whole:
            self.skipTest("the two threads hardly waited for one another: %.2f of %.2f s" % (spun, whole))
        found = [b for b in report["bottlenecks"] if b["cause"] == "spin" or "they spun" in b["evidence"]]
        self.assertTrue(found, report["bottlenecks"])
        self.assertIn("OMP_WAIT_POLICY", found[0]["suggestion"])

    # ---- memory ----

    def check_leak(self, report, truth):
        self.near_bytes(sections(report)["leaky"]["self_memory"]["rss_delta_bytes"], truth["bytes"], 0.1)
        verdict = self.verdict(report, "leaky", "memory-growth")
        self.assertIn("leak", verdict["suggestion"])

    def near_bytes(self, found, expected, part):
        self.assertLessEqual(abs(found - expected), part * expected + MIB)

    def test_a_leak_is_a_leak_after_the_exit(self):
        """The interpreter frees all objects on its way to the exit."""
        report, truth = self.watch("verdicts.py", "leak", SECONDS, until_exit=True)
        self.assertEqual(report["window"]["ended_by"], "target-exit")
        self.check_leak(report, truth)
        self.assertLessEqual(report["memory"]["exit_bytes"], 0)
        self.assertGreaterEqual(report["memory"]["exit_bytes"], report["memory"]["outside_bytes"] - MIB)

    def test_a_leak_while_it_runs(self):
        report, truth = self.watch("verdicts.py", "leak", SECONDS)
        self.check_leak(report, truth)
        self.assertEqual(report["memory"]["exit_bytes"], 0)
        section = sections(report)["leaky"]
        even = report["memory"]["late_part"] * truth["bytes"]
        self.near_bytes(section["late_growth_bytes"], even, 0.25)

    def test_a_cache_that_fills_is_no_leak(self):
        report, truth = self.watch("verdicts.py", "fill", SECONDS, until_exit=True)
        self.assertGreater(truth["bytes"], 8 * MIB)
        self.assertFalse([b for b in report["bottlenecks"] if b["section"] == "cached" and b["cause"] == "memory-growth"])
        self.assertLess(sections(report)["cached"]["late_growth_bytes"], 0.1 * truth["bytes"])

    def test_copies_on_write(self):
        """Each child's private memory grows by what it copied, its RSS does not."""
        report, truth = self.watch("verdicts.py", "cow", SECONDS, args=["-c"])
        memory = sections(report)["read"]["self_memory"]
        private = sum(child["private_bytes"] for child in truth["children"])
        self.assertGreater(private, 8 * MIB)
        self.near_bytes(memory["copied_bytes"], private, 0.15)
        self.assertLess(memory["rss_delta_bytes"], 0.2 * private)

    # ---- processes ----

    def test_a_python_section_in_workers(self):
        report, truth = self.watch("verdicts.py", "items", SECONDS, args=["-c", "-s", "item=python:item"])
        by_pid = {t["pid"]: t for t in report["targets"]}
        for child in truth["children"]:
            found = by_pid[child["pid"]]
            self.assertIsNone(found["sections"])
            self.assertAlmostEqual(found["sections_s"], child["seconds"], delta=0.15 * child["seconds"] + 0.1)
        skew = sections(report)["item"]["processes"]
        slow, fast = truth["children"]
        self.assertEqual((skew["slowest"]["pid"], skew["fastest"]["pid"]), (slow["pid"], fast["pid"]))
        self.assertIsNone(skew["slowest"]["count"])
        self.assertGreater(skew["skew"], 2)

    def test_a_rank_that_the_others_wait_for(self):
        """It is named by its number, as the launcher gave it, and by its PID."""
        report, truth = self.watch("verdicts.py", "ranks", 2, args=["-c"])
        by_pid = {t["pid"]: t["rank"] for t in report["targets"]}
        pids = [child["pid"] for child in truth["children"]]
        self.assertEqual([by_pid[pid] for pid in pids], [0, 1])
        self.assertIsNone(by_pid[next(t["pid"] for t in report["targets"] if not t["parent"])])
        verdict = self.verdict(report, "reduce", "collective")
        self.assertIn("the others wait for rank 1 (process %d): it waits least" % pids[1], verdict["evidence"])
        self.assertIn("rank 1 (process %d) is the slowest in step" % pids[1], verdict["evidence"])

    def test_a_worker_that_the_main_thread_waits_for(self):
        report, truth = self.watch("verdicts.py", "pool", 2, args=["-c"])
        verdict = self.verdict(report, "(outside)")
        self.assertIn("waiting for worker processes", verdict["evidence"])
        self.assertIn("of 2 child processes %d was busy longest" % truth["slow"], verdict["evidence"])
        self.assertIn("%d least" % truth["fast"], verdict["evidence"])

    def test_a_function_that_samples_cannot_see(self):
        """Over budget its time is not that of the samples: it is that of the timed calls, with an error, or unknown."""
        report, truth = self.watch("deep", 2 * SECONDS, args=["--max-overhead", "0.3", "-s", "token=%s:token" % target_program("deep")])
        found = sections(report)["token"]
        if found["total_s"] is not None and found["error_s"] is None:
            self.skipTest("probing the function costs less than 0.3 % of a CPU here")
        if found["total_s"] is not None:
            self.assertGreater(found["total_s"], truth["inside_s"] - 3 * found["error_s"])
            self.assertLess(found["total_s"], truth["around_s"] + 3 * found["error_s"])
        if found["count"] is not None:
            self.assertAlmostEqual(found["count"], truth["count"], delta=2)

    def test_cost_is_known_with_functions(self):
        report, _ = self.watch("spinning", SECONDS, args=["-s", "part=%s:compute" % target_program("spinning")])
        self.assertGreater(report["overhead"]["target_cpu_share"], 0)
        self.assertFalse([note for note in report["notes"] if "has not loaded" in note])
