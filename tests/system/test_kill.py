# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The profiler is killed with SIGKILL at any moment, in full load: the target's work is right and nothing is left behind."""
import contextlib
import os
import random
import shutil
import signal
import time
import unittest

from kernel_objects import DEFERRED_S, count_links, left_over, names_of_maps, names_of_programs, objects
from launch import Profiler, Target, profile
from needs import EMULATED, SCALE, needs_bpf
from reports import lost, marked, sections
from waiting import attached, wait_detached

KILLS = 3 if EMULATED else int(100 * SCALE)


@needs_bpf
class Kill(unittest.TestCase):
    def kill_once(self, target, after_s, once_attached=False):
        with Profiler("-p", target.pid, wait_for=target.pid if once_attached else None) as profiler:
            time.sleep(after_s)
            if once_attached:
                self.assertGreater(attached(target.pid), 0)
            profiler.process.kill()
            profiler.process.wait()
            self.assertEqual(profiler.process.returncode, -signal.SIGKILL, profiler.stderr())

    def attach_again(self, target):
        """A new profiler finds the target as if it were the first."""
        with Profiler("-p", target.pid, "-d", "0.5") as profiler:
            report = profiler.report()
        spin = sections(report)["spin"]
        self.assertGreater(spin["count"], 1000)
        self.assertEqual(sum(spin["histogram"]["buckets"][i][1] for i in range(len(spin["histogram"]["buckets"]))) +
                         spin["histogram"]["zero_count"], spin["count"])
        self.assertEqual(lost(report), {})
        return spin["count"]

    @unittest.skipUnless(shutil.which("bpftool"), "no bpftool")
    def test_nothing_is_left(self):
        programs, maps = names_of_programs(), names_of_maps()
        self.assertIn("on_flush", programs)
        self.assertIn("stats", maps)
        before = {"prog": objects("prog", programs), "map": objects("map", maps), "link": count_links()}
        rng = random.Random(25)
        with Target("spin", "--threads", "2") as target:
            target.go()
            for i in range(KILLS):      # half of the kills during start and attach, half of them later
                self.kill_once(target, 0.15 * rng.random(), once_attached=i % 2)
                self.assertIsNone(target.process.poll(), "the target has ended")
            self.assertEqual(wait_detached(target.pid, DEFERRED_S), 0)
            self.attach_again(target)
            self.assertEqual(wait_detached(target.pid, DEFERRED_S), 0)
            self.assertEqual(left_over("prog", programs, before["prog"]), {})
            self.assertEqual(left_over("map", maps, before["map"]), {})
            self.assertLessEqual(count_links(), before["link"])
            target.process.stdin.close()
            truth = target.result()
            self.assertEqual(truth["checksum_ok"], 1)
            self.assertEqual(target.process.wait(30), 0)
            self.assertGreater(truth["sections"]["spin"]["count"], 100000)

    def test_counts_are_exact_afterwards(self):
        """Profilers are killed before the work and during attach: the next one counts every section, none twice."""
        rng = random.Random(4)
        with Target("stress", "--threads", "2", "--sections", "50000", hold=True) as target:
            for _ in range(4):
                self.kill_once(target, 0.2 * rng.random())
            report, truth = profile(target)
        self.assertEqual({n: s["count"] for n, s in marked(report).items()},
                         {n: s["count"] for n, s in truth["sections"].items() if s["count"]})
        self.assertEqual(lost(report), {})

    def test_beside_another(self):
        """A profiler that is killed takes nothing from another one."""
        with Target("stress", "--threads", "2", "--sections", "2000000", hold=True) as target:
            with Profiler("-p", target.pid, wait_for=target.pid) as stays:
                target.go()
                for after_s in 0.05, 0.15, 0.25:
                    self.kill_once(target, after_s)
                truth = target.result()
                target.line()
                target.end()
                report = stays.report()
        self.assertEqual({n: s["count"] for n, s in marked(report).items()},
                         {n: s["count"] for n, s in truth["sections"].items() if s["count"]})

    def test_command_dies_with_a_profiler_that_never_let_it_go(self):
        """`-- COMMAND`, killed before the attach is done: the command has not run, and no process waits for ever."""
        marker = "/tmp/dcbs-test-%d" % os.getpid()
        for after_s in 0.0, 0.02:
            with Profiler(command=["/usr/bin/touch", marker]) as profiler:
                time.sleep(after_s)
                children = self.children(profiler.pid)
                profiler.process.kill()
                profiler.process.wait()
                end = time.monotonic() + 10
                while any(os.path.exists("/proc/%d" % c) for c in children) and time.monotonic() < end:
                    time.sleep(0.02)
                self.assertEqual([c for c in children if os.path.exists("/proc/%d" % c)], [])
            ran = os.path.exists(marker)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(marker)
            if after_s == 0.0:
                self.assertFalse(ran)

    @staticmethod
    def children(pid):
        with contextlib.suppress(OSError), open("/proc/%d/task/%d/children" % (pid, pid)) as f:
            return [int(c) for c in f.read().split()]
        return []
