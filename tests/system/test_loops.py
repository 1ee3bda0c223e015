# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Event loops: how busy they are, how long they are held and by which function, and why coroutines wait.

tests/targets/python/loops.py measures the same with its own clock, in a selector of its own.
"""
import re
import unittest

from interpreters import interpreters
from launch import Target
from ledgers import LedgerCase, watch
from needs import has_modules, needs_bpf, python_minor
from paths import target_source
from reports import sections

HOLD_S = 0.25           # of the function that holds the loop
ROUND_S = 0.01          # of the target's own time between its clock reads and the events of the kernel
SHARE = 0.05            # of the window


def watch_loop(kind, seconds=1.5, python=None, options=(), more=()):
    command = [python, target_source("loops.py")] if python else ["loops.py"]
    with Target(*command, kind, "--seconds", seconds, *more) as target:
        return watch(target, "-t", 0.2, "--max-overhead", 100, *options)


class LoopCase(LedgerCase):
    def check_loop(self, kind, seconds=1.5, python=None, options=()):
        """Compares the figures of the loop with the target's own, and returns the loop and the report.

        The target sees a wait until it runs again, and the profiler until it could run: what it waited for a CPU lies between.
        """
        report, truth = watch_loop(kind, seconds, python, options)
        self.assertEqual(len(report["event_loops"]), 1)
        loop = report["event_loops"][0]
        thread = next(t for t in report["threads"] if t["tid"] == truth["tid"])
        queued_s = thread["wall"]["runqueue_s"] + thread["wall"]["steal_s"]
        slack_s = ROUND_S + SHARE * seconds
        self.assertEqual((loop["pid"], loop["tid"]), (truth["pid"], truth["tid"]))
        self.near(loop["waited_s"], truth["waited_s"] - queued_s, truth["waited_s"], 0, slack_s, "waited")
        self.near(loop["held_s"], truth["held_s"], truth["held_s"] + queued_s, 0, slack_s, "held")
        self.assertAlmostEqual(loop["busy_share"], loop["held_s"] / (loop["held_s"] + loop["waited_s"]), delta=1e-9)
        self.near(loop["in_flight"]["mean"], truth["in_flight"], truth["in_flight"], 0.05, 0.5, "in flight")
        self.assertLessEqual(loop["in_flight"]["mean"], loop["in_flight"]["max"])
        self.assertLessEqual(loop["in_flight"]["max"], truth["most"])
        self.check_step(loop, truth, queued_s)
        self.check_waited_for(loop, truth, queued_s + slack_s)
        return loop, report

    def check_waited_for(self, loop, truth, slack_s):
        """If several files are ready, any of them may be the one that ended the wait."""
        self.assertLessEqual(sum(loop["waited_for"].values()), loop["waited_s"] + 1e-6)
        for kind, waited_s in loop["waited_for"].items():
            self.near(waited_s, truth["only"][kind], truth["also"][kind], 0, slack_s, kind)

    def check_step(self, loop, truth, queued_s):
        """Ticks see less of the longest step than there was, by no more than the stated error."""
        step = loop["step"]
        self.assertIsNotNone(step["max_s"])
        if truth["step_max_s"] >= HOLD_S:
            self.assertGreaterEqual(step["max_s"], truth["step_max_s"] - step["error_s"])
            self.assertGreaterEqual(loop["hold"]["max_s"], truth["step_max_s"])
        self.assertLessEqual(step["max_s"], max(truth["step_max_s"], truth["hold_max_s"]) + queued_s + ROUND_S)

    def check_holder(self, loop, function):
        """The function that holds the loop, and the line in it."""
        holder = loop["holders"][0]
        self.assertEqual(holder["function"].split(".")[-1], function)
        with open(target_source("loops.py")) as f:
            lines = f.read().split("\n")
        self.assertEqual(lines[holder["line"] - 1], "def %s():" % function)
        self.assertRegex("\n".join(lines[holder["hot_line"] - 1:holder["hot_line"] + 1]), "perf_counter|sleep")
        self.assertGreater(holder["held_s"] + 4 * holder["error_s"], 0.5 * loop["held_s"])
        self.assertAlmostEqual(holder["held_s"], holder["share"] * loop["held_s"], delta=1e-6)
        self.assertLessEqual(holder["step_s"], loop["hold"]["max_s"])

    def check_reason(self, report, cause, evidence, suggestion):
        verdict = next(b for b in report["bottlenecks"] if b["section"] == "request")
        self.assertEqual(verdict["cause"], cause, verdict)
        self.assertRegex(verdict["evidence"], evidence)
        self.assertRegex(verdict["suggestion"], suggestion)

    def check_held(self, kind, function, python=None):
        loop, report = self.check_loop(kind, python=python)
        self.check_holder(loop, function)
        self.check_reason(report, "loop", r"held for \d+ ms by %s \(loops\.py:\d+\) while \d+ others wait" % function, "to_thread")
        evidence = next(b["evidence"] for b in report["bottlenecks"] if b["cause"] == "loop")
        waiting = int(re.search(r"while (\d+) others", evidence).group(1))
        self.assertLessEqual(waiting, loop["in_flight"]["max"])
        self.assertGreaterEqual(waiting, 20)


@needs_bpf
class EventLoop(LoopCase):
    def test_a_function_computes(self):
        self.check_held("held", "encode")

    def check_async_function(self, report):
        """Samples see an `async def` only while it runs, so its time is unknown. That of a plain function is not."""
        found = sections(report)
        suspends, plain = found["asynchronous"], found["plain"]
        for key in ("total_s", "self_s", "mean_s", "count", "error_s"):
            self.assertIsNone(suspends[key], key)
        self.assertEqual(suspends["in_flight"], {"mean": None, "max": None})
        self.assertIsNone(suspends["wall"]["await_s"])
        self.assertGreater(plain["total_s"], 0)
        self.assertGreaterEqual(suspends["wall"]["cpu_s"], plain["wall"]["cpu_s"] * 0.99)
        notes = [note for note in report["notes"] if "`async def`" in note]
        self.assertEqual(len(notes), 1, report["notes"])
        self.assertTrue(notes[0].startswith("section asynchronous: "))

    def test_a_function_blocks(self):
        self.check_held("blocked", "fetch_blocking")

    def test_short_steps(self):
        """The selector never waits, so nothing divides the time into holds. The steps are known all the same."""
        loop, report = self.check_loop("steps", options=("-s", "asynchronous=python:compute_until", "-s", "plain=python:burn"))
        self.check_async_function(report)
        self.assertGreater(loop["busy_share"], 0.9)
        self.check_reason(report, "loop", r"busy \d+\.?\d*% of the time, .* held by burn", "other processes")

    def test_waits_for_the_slowest_of_a_batch(self):
        loop, report = self.check_loop("low")
        self.check_reason(report, "await", r"idle .* of at most 40 in flight on average", "instead of waiting for the slowest")

    def test_few_in_flight(self):
        _, report = self.check_loop("limited")
        self.check_reason(report, "await", r"of at most 4 in flight on average", "raise the concurrency")

    def test_slow_server(self):
        _, report = self.check_loop("server")
        self.check_reason(report, "await", r"of at most 60 in flight on average", "server")

    def test_waits_for_various(self):
        loop, _ = self.check_loop("various")
        for kind, waited_s in loop["waited_for"].items():
            self.assertGreater(waited_s, 0.1 * loop["waited_s"], kind)

    def test_timers(self):
        _, report = self.check_loop("pauses", 1)
        self.check_reason(report, "await", r"timers end \d+\.?\d*% of the time", "a section around each attempt tells")

    def test_other_threads(self):
        _, report = self.check_loop("executor", 1)
        self.check_reason(report, "await", r"they end \d+\.?\d*% of the time", "max_workers")

    def test_one_by_one(self):
        loop, report = self.check_loop("one")
        self.assertEqual(loop["in_flight"]["max"], 1)
        self.check_reason(report, "await", r"1\.00 of at most 1 in flight on average", "start requests together")
        self.assertEqual(sections(report)["request"]["in_flight"]["max"], 1)
        if python_minor() < 14:     # the tasks of older interpreters cannot be read
            self.assertIsNone(report["awaiting"])


@needs_bpf
class Uvloop(LoopCase):
    @unittest.skipUnless(has_modules("uvloop"), "no uvloop")
    def test_a_function_computes(self):
        report, truth = watch_loop("held", more=["--uvloop"])
        loop = report["event_loops"][0]
        self.assertEqual((len(report["event_loops"]), loop["tid"]), (1, truth["tid"]))
        self.near(loop["in_flight"]["mean"], truth["in_flight"], truth["in_flight"], 0.05, 0.5, "in flight")
        self.check_holder(loop, "encode")
        self.check_reason(report, "loop", r"held for \d+ ms by encode \(loops\.py:\d+\) while \d+ others wait", "to_thread")


@needs_bpf
class Versions(LoopCase):
    """The word that counts changes of the context is found by an experiment, with each version."""

    def test_oldest_and_newest(self):
        found = [python for label, python in interpreters().items() if python and label != "debian"]
        if not found:
            self.skipTest("no CPython")
        for python in {found[0], found[-1]}:
            with self.subTest(python):
                self.check_held("held", "encode", python)


if __name__ == "__main__":
    unittest.main()
