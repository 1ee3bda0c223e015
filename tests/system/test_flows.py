# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Sections of coroutines that are in flight at the same time on one thread: tests/targets/python/flows.py has clocks of its own."""
import unittest

from interpreters import interpreters
from launch import Profiler, Target, profile
from ledgers import LedgerCase, stalled_s, urgent, watch
from needs import has_modules, needs_bpf
from paths import target_source
from reports import sections

SIGMAS = 4              # of an estimated running time
SOME_CPU_S = 0.004      # of a section that computes nothing: its markers, and the interpreter between them
HELD = 10


def watch_flows(*args, python=None):
    """Attaches while sections are open, and detaches while some still are."""
    command = ([python, target_source("flows.py")] if python else ["flows.py"]) + list(args)
    with Target(*command) as target:
        return watch(target, "--max-overhead", 100)


class FlowCase(LedgerCase):
    def check_figures(self, section, truth, name):
        """Counts are exact, and durations lie between the target's two clocks, each call for itself."""
        self.assertEqual(section["count"], truth["count"], name)
        slack = 2e-9 * truth["count"]
        for what, value in (("total", section["total_s"]), ("count times mean", section["mean_s"] * section["count"])):
            self.assertGreaterEqual(value, truth["inside_s"] - slack, (name, what))
            self.assertLessEqual(value, truth["around_s"] + slack, (name, what))
        low, high = truth["p50_s"]
        self.assertGreaterEqual(section["p50_s"], low * (1 - self.BUCKET), name)
        self.assertLessEqual(section["p50_s"], high * (1 + self.BUCKET), name)

    def check_self(self, found):
        """Self times follow from the nesting within the flow."""
        inside = sum(found[name]["total_s"] for name in ("tokenize", "request", "parse"))
        self.assertAlmostEqual(found["question"]["self_s"], found["question"]["total_s"] - inside, delta=1e-6 * found["question"]["count"])
        for name in ("tokenize", "request", "parse"):
            self.assertAlmostEqual(found[name]["self_s"], found[name]["total_s"], delta=1e-6, msg=name)

    def check_cancelled(self, found):
        """All calls of one section were cancelled. This is no error."""
        section = found["cancelled"]
        self.assertEqual((section["errors"], section["cancelled"]), (0, section["count"]))
        self.assertEqual({section["cancelled"] for name, section in found.items() if name not in ("cancelled", "(outside)")}, {0})

    def check_own(self, truth):
        """The module answers the same from its own record."""
        for name, times in truth["sections"].items():
            own = truth["own"][name]
            if name != "held":      # those began before the target's own count
                self.check_figures(own, times, "own " + name)
        self.check_self(truth["own"])
        self.check_cancelled(truth["own"])
        self.assertEqual(truth["own"]["held"]["open"], HELD // 2)

    def check_most(self, found, truth):
        """The most calls open at once, as far as the profiler saw it, are no fewer than the mean and no more than there were."""
        for name, times in truth["sections"].items():
            in_flight = found[name]["in_flight"]
            self.assertGreaterEqual(in_flight["max"], max(1, in_flight["mean"] - 0.02), name)
            self.assertLessEqual(in_flight["max"], times["most_open"], name)
        self.assertEqual(found["held"]["in_flight"]["max"], HELD)

    def check_report(self, report, truth):
        found = sections(report)
        self.check_lost(report)
        for name, times in truth["sections"].items():
            if name != "held":
                self.check_figures(found[name], times, name)
        self.check_self(found)
        self.check_most(found, truth)
        self.check_cancelled(found)
        self.check_closes(report)
        self.check_held(report, truth)

    def check_held(self, report, truth):
        """Sections that were open when the profiler attached: half of them ended, the others are still open."""
        held, window_s = sections(report)["held"], report["window"]["duration_s"]
        self.assertEqual((held["count"], held["open_at_start"], held["open"]), (0, HELD // 2, truth["held_open"]))
        self.assertEqual(truth["held_open"], HELD // 2)
        self.assertGreater(held["total_s"], 0.5 * HELD * window_s)
        self.assertLessEqual(held["total_s"], HELD * window_s * 1.001)
        self.assertAlmostEqual(held["self_s"], held["total_s"], delta=0.001 * held["total_s"])

    def check_cpu_time(self, report, truth):
        """Running time belongs to the flow that ran, within the stated error. A section that only awaits has none."""
        found = sections(report)
        for name in ("question", "tokenize", "parse", "request"):
            section, burnt = found[name], truth["sections"][name]["cpu_s"]
            calls_s = SOME_CPU_S + 20e-6 * section["count"]
            self.assertIsNotNone(section["cpu_error_s"], name)
            self.near(section["wall"]["cpu_s"], burnt, burnt + calls_s, 0, SIGMAS * section["cpu_error_s"], name + " CPU time")
        request = found["request"]
        running_s = SOME_CPU_S + 20e-6 * request["count"] + SIGMAS * request["cpu_error_s"]
        self.assertGreater(request["wall"]["await_s"], request["total_s"] - stalled_s(request) - running_s)
        running = sum(thread["wall"]["cpu_s"] for thread in report["threads"])
        self.assertLessEqual(sum(found[name]["wall"]["cpu_s"] for name in ("tokenize", "parse", "request")), running * 1.02)

    def check_all(self, *args, python=None):
        report, truth = watch_flows(*args, python=python)
        self.check_own(truth)
        self.check_report(report, truth)
        self.check_cpu_time(report, truth)
        return report, truth


@needs_bpf
class Flows(FlowCase):
    def test_two(self):
        self.check_all("--in-flight", 2, "--rounds", 30)

    def test_twenty(self):
        report, _ = self.check_all("--in-flight", 20, "--rounds", 20)
        request = sections(report)["request"]
        self.assertAlmostEqual(request["in_flight"]["mean"], request["total_s"] / report["window"]["duration_s"], delta=1e-6)
        found = self.check_verdict(report, "request", "loop")
        # Beside other processes a step may last long: it is preempted, and the advice is on that function.
        self.assertRegex(found["evidence"], r"the event loop is (busy .* of the time, .* held|held for .*) by burn")
        self.assertRegex(found["suggestion"], "to other processes|a process pool if it computes in Python")

    def test_three_hundred(self):
        self.check_all("--in-flight", 300, "--rounds", 4)

    def test_ten_thousand(self):
        """As many as have never run at the same time before: their durations and counts are exact, too."""
        report, truth = watch_flows("--in-flight", 10000, "--rounds", 1, "--burn", 0.00003)
        self.check_own(truth)
        self.check_report(report, truth)

    def test_several_loops(self):
        self.check_all("--in-flight", 40, "--rounds", 5, "--loops", 3)

    def test_memory_belongs_to_whom_it_grows(self):
        """A section that computes and keeps memory in one flow, and one in another flow that begins later and sleeps."""
        with Target("grower.py") as target:
            with Profiler("-p", target.pid, "--max-overhead", 100, wait_for=target.pid) as profiler:
                profiler.wait_watching()
                target.go()
                truth = target.result()
                profiler.stop()
                found = sections(profiler.report())
        grower, sleeper = found["grower"]["self_memory"], found["sleeper"]["self_memory"]
        self.assertGreater(grower["rss_delta_bytes"], 0.9 * truth["kept_bytes"])
        self.assertLess(abs(sleeper["rss_delta_bytes"]), 0.05 * truth["kept_bytes"])


    def test_in_step_with_ticks(self):
        """Turns of half the period of the profiler's ticks: ticks of a constant period would meet one coroutine alone for long."""
        for turn_s in (0.001985, 0.00199):
            with urgent("turns.py", turn_s, 1.5) as target:
                report, truth = watch(target, "--max-overhead", 100)
            for name, computed_s in truth.items():
                section = sections(report)[name]
                self.near(section["wall"]["cpu_s"], computed_s, computed_s, 0, SIGMAS * section["cpu_error_s"] + SOME_CPU_S, name)


@needs_bpf
class OtherLoops(FlowCase):
    @unittest.skipUnless(has_modules("uvloop"), "no uvloop")
    def test_uvloop(self):
        self.check_all("--in-flight", 20, "--rounds", 10, "--uvloop")

    def check_nursery(self, backend):
        with Target("nurseries.py", backend) as target:
            report, truth = watch(target, "--max-overhead", 100)
        self.check_lost(report)
        self.check_closes(report)
        self.assertEqual(set(truth["sections"]), {"question", "tokenize", "request", "parse"})
        for name, times in truth["sections"].items():
            self.check_figures(sections(report)[name], times, name)
        self.check_self(sections(report))
        self.check_cpu_time(report, truth)

    @unittest.skipUnless(has_modules("anyio"), "no anyio")
    def test_anyio(self):
        self.check_nursery("asyncio")

    @unittest.skipUnless(has_modules("anyio", "trio"), "no anyio or no trio")
    def test_trio(self):
        self.check_nursery("trio")


@needs_bpf
class Fibers(FlowCase):
    """Flows of C, which the target's scheduler names, and calls that overlap without flows."""

    def check_fibers(self, *args):
        with Target("fibers", *args, hold=True) as target:
            report, truth = profile(target)
        found = sections(report)
        self.check_lost(report)
        for name in ("outer", "inner", "token", "around"):
            self.check_count(found[name], truth["sections"][name])
            self.check_times(found[name], truth["sections"][name])
        for name in ("outer", "inner", "around"):
            times = truth["sections"][name]
            self.check_total(found[name], times["total_ns"], times["around"]["total_ns"])
        slack = found["outer"]["count"]
        self.between(found["outer"]["self_s"], truth["outer_self_ns"] - slack, truth["outer_self_around_ns"] + slack, "outer self")
        self.check_closes(report)
        error_s = SIGMAS * found["inner"]["cpu_error_s"]
        computed_s = truth["computed_ns"] / 1e9
        self.near(found["inner"]["wall"]["cpu_s"], computed_s, computed_s * 1.1 + SOME_CPU_S, 0, error_s, "inner CPU time")
        return found

    def test_fifty(self):
        self.check_fibers()

    def test_five_thousand(self):
        self.check_fibers("--flows", 5000, "--calls", 3, "--tokens", 5000)

    def test_a_total_of_tokens_counts_the_thread_once(self):
        found = self.check_fibers("--flows", 2, "--tokens", 500)
        self.assertLess(found["token"]["total_s"], found["around"]["total_s"])

    def test_a_thread_without_flows_is_told(self):
        """Sections that overlap on a thread are no stack, and the report says so."""
        with Target("coroutines", hold=True) as target:
            with Profiler("-p", target.pid, wait_for=target.pid) as profiler:
                profiler.wait_watching()
                target.go()
                target.result()
                profiler.stop()
                notes = profiler.report()["notes"]
            target.line()
            target.end()
        self.assertTrue(any("ended before others that began later" in note for note in notes), notes)
        report, _ = watch_flows()
        self.assertFalse(any("ended before others" in note for note in report["notes"]), report["notes"])


@needs_bpf
class Versions(FlowCase):
    """Where the interpreter keeps the current context is found by an experiment, with each version."""

    def test_every_interpreter(self):
        tried = 0
        for label, python in interpreters().items():
            if not python:
                continue
            with self.subTest(label):
                self.check_all("--in-flight", 20, "--rounds", 3, python=python)
                tried += 1
        if not tried:
            self.skipTest("no CPython")


if __name__ == "__main__":
    unittest.main()
