# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Targets that exit in any way, are stopped, or are in the middle of vfork(): the counts are exact, and there is a report."""
import os
import signal
import time
import unittest

from launch import Profiler, Target, profile, run
from needs import kernel_at_least, kernel_has_fentry, needs_bpf
from reports import lost, marked, sections

LAST_WORDS = kernel_at_least(6, 16) or kernel_has_fentry()   # the last sections of a killed thread can be read
EXEC_WORDS = kernel_at_least(6, 10) or kernel_has_fentry()   # the records before exec


def lost_nothing(report):
    return not lost(report)


@needs_bpf
class Leave(unittest.TestCase):
    """The last sections have not been flushed when the target exits or executes."""

    def leave(self, by, status, *options):
        with Target("leaver", "--by", by, "--sections", "37", "--threads", "3", *options) as target:
            with Profiler("-p", target.pid, wait_for=target.pid) as profiler:
                target.go()
                truth = target.result()
                self.assertEqual(target.end(), status)
                report = profiler.report()
        self.assertEqual(report["window"]["ended_by"], "target-exit")
        return sections(report), truth["sections"], report

    def exact(self, by, status, known):
        found, truth, report = self.leave(by, status)
        for name, section in truth.items():
            count = found.get(name, {"count": 0})["count"]
            if known:
                self.assertEqual(count, section["count"], name)
            else:       # this kernel reads no last records: counts are never too high, and the report says that some may be missing
                self.assertLessEqual(count, section["count"], name)
        self.assertTrue(lost_nothing(report), report["lost"])
        if not known:
            self.assertTrue(report["notes"], "nothing says that the last sections were lost")
        return report

    def test_exit(self):
        self.exact("exit", 0, LAST_WORDS)

    def test_exit_at_once(self):
        self.exact("_exit", 0, LAST_WORDS)

    def test_kill(self):
        self.exact("kill", -signal.SIGKILL, LAST_WORDS)

    def test_abort(self):
        self.exact("abort", -signal.SIGABRT, LAST_WORDS)

    def test_main_thread_first(self):
        """The kernel ties the probe to the main thread: sections of other threads after its end are missing, and the report
        says so."""
        found, truth, report = self.leave("thread-exit", 0)
        if LAST_WORDS:
            for name in "main", "parked":
                self.assertEqual(found[name]["count"], truth[name]["count"], name)
        last = found.get("last", {"count": 0})["count"]
        self.assertLessEqual(last, truth["last"]["count"])
        if last < truth["last"]["count"]:
            self.assertRegex(" ".join(report["notes"]), "main thread of process %d has ended" % report["target"]["pid"])
        self.assertTrue(lost_nothing(report), report["lost"])

    def test_main_thread_is_gone_already(self):
        """The main thread of the process has ended: one line says why the profiler cannot attach."""
        with Target("headless") as target:
            done = run("-p", target.pid)
            self.assertEqual((done.returncode, done.stdout), (1, b""))
            self.assertRegex(done.stderr.decode(), r"\Adcbs-bpfprof: process %d [^\n]*main thread[^\n]*\n\Z" % target.pid)
            target.go()
            self.assertEqual(target.result()["sections"]["late"]["count"], 5000)
            self.assertEqual(target.end(), 0)

    def exec_by(self, by):
        found, truth, report = self.leave(by, 0, "--second", "7")
        if EXEC_WORDS and LAST_WORDS:
            for name in "main", "parked":
                self.assertEqual(found[name]["count"], truth[name]["count"], name)
        if "second" in found:   # the new image lives only for a moment
            self.assertLessEqual(found["second"]["count"], 7)
        self.assertTrue(lost_nothing(report), report["lost"])

    def test_exec(self):
        self.exec_by("exec")

    def test_exec_by_another_thread(self):
        self.exec_by("exec-thread")

    def test_killed_from_outside_in_full_work(self):
        with Target("spin", "--threads", "2") as target, Profiler("-p", target.pid, wait_for=target.pid) as profiler:
            target.go()
            time.sleep(0.3)
            target.process.kill()
            target.process.wait()
            report = profiler.report()
        self.assertEqual(report["window"]["ended_by"], "target-exit")
        self.assertGreater(sections(report)["spin"]["count"], 1000)
        self.assertTrue(lost_nothing(report), report["lost"])

    def test_one_of_two(self):
        """The report is printed when the last target has exited."""
        with Target("leaver", "--by", "kill") as first, Target("leaver", "--by", "exit", "--sections", "20") as second:
            with Profiler("-p", first.pid, "-p", second.pid, wait_for=second.pid) as profiler:
                first.go()
                counts = [first.result()["sections"]["main"]["count"]]
                first.end()
                time.sleep(0.2)
                self.assertIsNone(profiler.process.poll())
                second.go()
                counts.append(second.result()["sections"]["main"]["count"])
                second.end()
                report = profiler.report()
        self.assertEqual(report["window"]["ended_by"], "target-exit")
        self.assertEqual(len(report["targets"]), 2)
        if LAST_WORDS:
            self.assertEqual(sections(report)["main"]["count"], sum(counts))


@needs_bpf
class Stopped(unittest.TestCase):
    def state(self, pid):
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0]

    def stop(self, target):
        os.kill(target.pid, signal.SIGSTOP)
        while self.state(target.pid) != "T":
            time.sleep(0.005)

    def finish(self, target):
        """The target's results are right, and it did not notice the profiler."""
        os.kill(target.pid, signal.SIGCONT)
        target.process.stdin.close()
        truth = target.result()
        self.assertEqual(truth["checksum_ok"], 1)
        self.assertEqual(target.process.wait(30), 0)

    def test_stopped_during_attach(self):
        """The target stays stopped, and the report is printed on time."""
        with Target("spin") as target:
            target.go()
            time.sleep(0.1)
            self.stop(target)
            with Profiler("-p", target.pid, "-d", "0.5") as profiler:
                report = profiler.report(timeout=30)
            self.assertEqual(self.state(target.pid), "T")
            self.assertEqual(report["window"]["ended_by"], "duration")
            self.assertAlmostEqual(report["window"]["duration_s"], 0.5, delta=0.4)
            self.finish(target)

    def test_continued_after_attach(self):
        with Target("spin") as target:
            target.go()
            time.sleep(0.1)
            self.stop(target)
            with Profiler("-p", target.pid, wait_for=target.pid) as profiler:
                os.kill(target.pid, signal.SIGCONT)
                time.sleep(0.3)
                profiler.stop()
                report = profiler.report()
            self.assertGreater(sections(report)["spin"]["count"], 1000)
            self.assertTrue(lost_nothing(report), report["lost"])
            self.finish(target)

    def test_stopped_at_the_end(self):
        """All sections that ended before the stop are counted."""
        with Target("stress", "--threads", "2", "--sections", "20000", hold=True) as target:
            with Profiler("-p", target.pid, wait_for=target.pid) as profiler:
                target.go()
                truth = target.result()
                self.stop(target)
                profiler.stop()
                report = profiler.report(timeout=30)
            os.kill(target.pid, signal.SIGCONT)
            target.line()
            target.end()
        self.assertEqual({n: s["count"] for n, s in marked(report).items()},
                         {n: s["count"] for n, s in truth["sections"].items() if s["count"]})

    def test_stopped_in_full_work(self):
        with Target("spin", "--threads", "2") as target:
            with Profiler("-p", target.pid, "-d", "0.6", wait_for=target.pid) as profiler:
                target.go()
                time.sleep(0.2)
                self.stop(target)
                report = profiler.report(timeout=30)
            self.assertGreater(sections(report)["spin"]["count"], 1000)
            self.assertTrue(lost_nothing(report), report["lost"])
            self.finish(target)


@needs_bpf
class Vfork(unittest.TestCase):
    def test_in_the_middle(self):
        """The profiler attaches while a thread waits for its vfork child, which shares its memory and its record."""
        for _ in range(3):
            with Target("spawner", hold=True) as target:
                report, truth = profile(target)
            found = sections(report)
            for name, section in truth["sections"].items():
                self.assertEqual(found[name]["count"], section["count"], name)
            self.assertTrue(lost_nothing(report), report["lost"])
            self.assertGreater(found["vfork"]["min_s"], 0.025)
            self.assertGreater(found["spawn"]["min_s"], 0.025)

    def test_detached_in_the_middle(self):
        with Target("spawner", "--rounds", "10") as target:
            with Profiler("-p", target.pid, wait_for=target.pid) as profiler:
                target.go()
                time.sleep(0.1)
                profiler.stop()
                profiler.report()
            truth = target.result()
            self.assertEqual(target.end(), 0)
            self.assertEqual(truth["sections"]["vfork"]["count"], 10)
            self.assertEqual(truth["sections"]["spawn"]["count"], 10)
