# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""--section on a function that is left in every way: the program runs as without the profiler, and every call is counted."""
import time

from launch import Profiler, Target, run
from needs import SCALE, needs_bpf
from paths import target_program
from reports import ReportCase, sections
from test_native import native

PROGRAM = target_program("leavings")
STATUS = 7
WORK_S = 1.0 * SCALE


@needs_bpf
class Leavings(ReportCase):
    """`returned` calls return. The others are counted, and not timed: calls that are open when their thread ends, too."""

    def check(self, way):
        with Target("leavings", way, WORK_S) as target:
            with Profiler("-p", target.pid, "--max-overhead", 100, *native(PROGRAM, "leave_work")) as profiler:
                profiler.wait_watching()
                target.go()
                truth = target.result()
                self.assertIsNotNone(truth, "the target ended with status %s" % target.process.poll())
                self.assertEqual(target.end(), STATUS)
                report = profiler.report()
        self.assertEqual(truth["wrong"], 0)
        section = sections(report)["leave_work"]
        self.assertEqual(section["count"], truth["calls"])
        self.assertEqual(section["unreturned"], truth["calls"] - truth["returned"])
        self.check_lost(report)
        return section, truth

    def test_fibers(self):
        section, truth = self.check("fibers")
        self.assertGreater(truth["returned"], 10)
        self.assertGreater(section["p50_s"], 300e-6)      # a call lasts two naps: its own, and that of the other fiber

    def test_exceptions(self):
        self.check("exceptions")

    def test_longjmp(self):
        self.check("longjmp")

    def test_cancelled_threads(self):
        self.check("cancel")

    def test_exiting_threads(self):
        self.check("exit")

    def test_deep_recursion(self):
        """The time of recursion counts once."""
        section, _ = self.check("deep")
        self.assertEqual(section["count"] % 1000, 0)
        self.assertLess(section["total_s"], 2 * WORK_S + 1)

    def test_signal_stack(self):
        section, _ = self.check("signal")
        self.assertEqual(section["count"] % 2, 0)


@needs_bpf
class InMidCall(ReportCase):
    """Profilers come and go while calls are open. DCBS_TEST_SCALE multiplies their number."""

    def check(self, way):
        with Target("leavings", way, 600 * max(1, int(SCALE))) as target:
            target.go()
            for _ in range(int(20 * SCALE)):
                done = run("-q", "-p", target.pid, "-d", "0.02", *native(PROGRAM, "leave_work"))
                self.assertEqual(done.returncode, 0, done.stderr)
            time.sleep(0.1)
            self.assertIsNone(target.process.poll())

    def test_fibers(self):
        self.check("fibers")

    def test_exceptions(self):
        self.check("exceptions")


@needs_bpf
class Patched(ReportCase):
    def test_function_that_is_not_as_in_its_file(self):
        """It is refused, and the process runs as it has patched itself."""
        with Target("patches") as target:
            done = run("-q", "-p", target.pid, "-d", "0.1", *native(target_program("patches"), "patched"))
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr.decode(), r"\Adcbs-bpfprof: [^\n]*patched[^\n]*memory[^\n]*\n\Z")
            target.go()
            truth = target.result()
            self.assertEqual(target.end(), 0)
        self.assertEqual(truth["right"], truth["calls"])

    def test_breakpoint(self):
        """One of the process itself: it is refused, and each call still gets its signal."""
        with Target("patches", "breakpoint") as target:
            done = run("-q", "-p", target.pid, "-d", "0.1", *native(target_program("patches"), "patched"))
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr.decode(), r"\Adcbs-bpfprof: [^\n]*patched[^\n]*breakpoint[^\n]*\n\Z")
            target.go()
            truth = target.result()
            self.assertEqual(target.end(), 0)
        self.assertEqual(truth["right"], truth["calls"])

    def test_another_profilers_probe(self):
        """It is a breakpoint in memory, too, and no reason to refuse: both profilers count each call."""
        with Target("patches", "nothing") as target:
            options = ("-p", target.pid, *native(target_program("patches"), "patched"))
            with Profiler(*options) as first:
                first.wait_watching()
                with Profiler(*options) as second:
                    second.wait_watching()
                    target.go()
                    truth = target.result()
                    self.assertEqual(target.end(), 0)
                    counts = [sections(profiler.report())["patched"]["count"] for profiler in (first, second)]
        self.assertEqual(truth["right"], 0)
        self.assertEqual(counts, [truth["calls"]] * 2)
