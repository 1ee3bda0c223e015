# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""--section NAME=BINARY:FUNCTION: functions without markers, by entry and return probe."""

from launch import Profiler, Target, profile, run
from needs import kernel_at_least, needs_bpf
from paths import target_program
from reports import ReportCase, sections

PLAIN = target_program("plain")
EXACT = ("--max-overhead", 100)     # no figure is an estimate, however long a run takes


def native(binary, *functions, **named):
    """The options that time all calls of these functions, whatever that costs. A keyword names the section."""
    return [*sections_of(binary, *functions, **named), "--max-overhead", 100]


def sections_of(binary, *functions, **named):
    """The options that time these functions within the usual budget."""
    pairs = [(f, f) for f in functions] + list(named.items())
    return [word for name, function in pairs for word in ("-s", "%s=%s:%s" % (name, binary, function))]


def profile_plain(*options, calls=300):
    """Profiles `plain`. It has no markers, so the test cannot wait for their semaphore."""
    with Target("plain", "--calls", calls, hold=True) as target:
        with Profiler("-p", target.pid, *EXACT, *options) as profiler:
            profiler.wait_watching()
            target.go()
            truth = target.result()
            profiler.stop()
            return profiler.report(), truth


@needs_bpf
class Plain(ReportCase):
    @classmethod
    def setUpClass(cls):
        cls.report, cls.truth = profile_plain(*native(PLAIN, "work_a", "fib"))
        cls.sections = sections(cls.report)

    def test_no_markers(self):
        self.assertFalse(self.report["target"]["markers"])
        self.assertEqual(set(self.sections) - {"(outside)"}, {"work_a", "fib"})
        self.check_lost(self.report)

    def test_function(self):
        """A function is timed from entry to return: at least the time that it measures itself, at most that of its caller."""
        truth, section = self.truth["sections"]["work_a"], self.sections["work_a"]
        self.check_count(section, truth)
        self.check_times(section, truth)
        self.check_histogram(section)
        self.check_total(section, truth["total_ns"], truth["around"]["total_ns"])
        self.assertEqual(section["self_s"], section["total_s"])

    def test_slowest_calls(self):
        section, pid = self.sections["work_a"], self.report["target"]["pid"]
        durations = [call["duration_s"] for call in section["slowest"]]
        self.assertEqual((len(durations), durations), (5, sorted(durations, reverse=True)))
        self.assertEqual(durations[0], section["max_s"])
        self.assertGreaterEqual(durations[4], section["p50_s"])
        for call in section["slowest"]:
            self.assertEqual((call["pid"], call["tid"]), (pid, pid))
            self.assertAlmostEqual(sum(call["wall"].values()), call["duration_s"], delta=1e-6)

    def test_outside(self):
        """Waits that were charged to functions, and then charged with less, do not make the time outside negative."""
        for _ in range(4):
            report, _ = profile_plain(*native(PLAIN, "work_a"), calls=2000)
            outside = sections(report)["(outside)"]
            self.assertLessEqual(outside["total_s"], sum(t["wall_s"] for t in report["threads"]))
            for entry, seconds in outside["wall"].items():
                self.assertLessEqual(abs(seconds), outside["total_s"] + 1e-6, entry)

    def test_recursion(self):
        truth, section = self.truth["sections"]["fib"], self.sections["fib"]
        self.check_count(section, truth)
        self.check_histogram(section)
        self.check_total(section, truth["outermost_ns"] / 2, truth["outermost_ns"])
        self.between(section["max_s"], section["total_s"] * 1e9 / self.truth["fib_outermost"], self.truth["fib_longest_ns"], "fib max")
        self.assertGreater(section["mean_s"] * section["count"], section["total_s"])
        self.between(section["self_s"], section["total_s"] * 1e9, section["total_s"] * 1e9, "self of recursion")


    def test_burst(self):
        """Within the usual budget most calls of a burst are not timed, but all are counted, also those around the last one timed."""
        report, truth = profile_plain(*sections_of(PLAIN, "work_a", "fib"))
        for name in "work_a", "fib":
            section = sections(report)[name]
            self.assertEqual((section["count"], section["open"]), (truth["sections"][name]["count"], 0), report["overhead"])


@needs_bpf
class Leaps(ReportCase):
    """Functions that end by longjmp(). leap() ends in a tail call of escape(), so both have the same place on the stack."""

    CALLS = 400

    def check_leap(self, section, returned):
        self.assertAlmostEqual(section["total_s"], section["mean_s"] * returned, places=8)
        self.assertAlmostEqual(section["self_s"], section["total_s"], places=8)
        self.assertGreaterEqual(section["min_s"], 5e-6)

    def test_ends(self):
        """leap() ends by its return or by its jump to escape(), which never ends in either way."""
        report, truth = profile_plain(*native(PLAIN, "leap", "escape"), calls=self.CALLS)
        leap, escape = sections(report)["leap"], sections(report)["escape"]
        self.assertEqual(leap["count"], truth["sections"]["leap"]["count"])
        self.assertEqual(leap["unreturned"], 0)
        self.check_leap(leap, leap["count"])
        self.check_histogram(leap)
        self.assertIn(truth["escaped"] - escape["count"], (0, 1))
        self.assertEqual(escape["unreturned"], escape["count"])
        self.assertEqual(escape["open"], truth["escaped"] - escape["count"])
        self.check_lost(report)

    def test_return_probes(self):
        """Return probes see returns alone. Other calls are counted, and not timed."""
        report, truth = profile_plain("--return-probes", *native(PLAIN, "leap", "escape"), calls=self.CALLS)
        leap = sections(report)["leap"]
        returned = truth["sections"]["leap"]["count"] - truth["escaped"]
        self.assertEqual(leap["count"] - leap["unreturned"] - leap["open"], returned - leap["open"])
        self.check_leap(leap, returned)


@needs_bpf
class Hazards(ReportCase):
    """Kernel errors that harm probed processes, see user/host/kernel_quirks.h."""

    NOPS = target_program("nops")
    KILLS = kernel_at_least(6, 11) and not kernel_at_least(6, 13, 3) and \
        (not kernel_at_least(6, 12, 14) or kernel_at_least(6, 13))

    def check(self, *options):
        with Target("nops", *options, hold=True) as target, \
                Profiler("-p", target.pid, "--max-overhead", 100, *native(self.NOPS, "nop5", "nop10")) as profiler:
            profiler.wait_watching()
            target.go()
            truth = target.result()
            self.assertIsNotNone(truth, "the target was killed")
            profiler.stop()
            found = sections(profiler.report())
            target.line()
            self.assertEqual(target.end(), 0)
        self.assertEqual(truth["crashed"], 0)
        self.assertEqual({name: found[name]["count"] for name in ("nop5", "nop10")}, dict.fromkeys(("nop5", "nop10"), truth["calls"]))

    def test_children_of_functions_that_begin_with_a_nop(self):
        """From Linux 6.18 on a probe on the nop is a call into a page that forked children do not have."""
        self.check()

    def test_system_call_filter(self):
        if not self.KILLS:
            return self.check("--filter", 1, "--children", 0)
        with Target("nops", "--filter", 1, hold=True) as target:
            done = run("-q", "-p", target.pid, *native(self.NOPS, "nop5"), "-d", "0.1")
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"CVE-2025-21834", done.stderr)
            target.go()
            self.assertIsNotNone(target.result())


@needs_bpf
class Memory(ReportCase):
    def test_what_it_touches_counts_once(self):
        """A function that is called in marked sections (tests/targets/memory/storm.c): growth counts for the section that
        began last."""
        path = target_program("storm")
        with Target("storm", 30) as target, Profiler("-p", target.pid, "-d", 1, "--max-overhead", 100,
                                                     *native(path, touch="storm_touch")) as profiler:
            report = profiler.report()
        found, piece = sections(report), 8 << 20
        moved = sum(found[name]["count"] * bytes for name, bytes in (("small", 4 << 20), ("large", 8 << 20),
                                                                      ("feed", 6 << 20), ("leak", 8 << 10)))
        self.assertAlmostEqual(found["touch"]["self_memory"]["grown_bytes"], moved, delta=piece)
        self.assertAlmostEqual(report["memory"]["unexplained_bytes"], 0, delta=piece)
        for name in ("small", "large", "feed", "leak"):
            self.assertLess(found[name]["self_memory"]["grown_bytes"], 2 * piece, name)
        self.assertIsNone(found["touch"]["memory"]["peak_delta_bytes"])
        self.assertIsNone(found["touch"]["growth"])


@needs_bpf
class WithMarkers(ReportCase):
    def test_demangled_names_and_markers(self):
        binary = target_program("exceptions")
        for function in ("evaluation::moved", "evaluation::moved(unsigned long)", "_ZN10evaluation5movedEm"):
            with Target("exceptions", "--rounds", 60, hold=True) as target:
                report, truth = profile(target, *EXACT, *native(binary, native=function))
            found = sections(report)
            for name, expected in truth["sections"].items():
                self.check_count(found[name], expected)
            self.assertEqual(found["native"]["count"], truth["sections"]["moved"]["count"], function)
            self.check_lost(report)
            self.assertGreater(found["native"]["total_s"], found["moved"]["total_s"])

    def test_library_by_base_name(self):
        """dcbs_section_begin() as a section: it is called as often as all sections begin."""
        with Target("sections", "--iterations", 200, hold=True) as target:
            report, truth = profile(target, *EXACT, *native("libdcbs-markers.so", begin="dcbs_section_begin"))
        found = sections(report)
        for name, expected in truth["sections"].items():
            self.check_count(found[name], expected)
        self.assertEqual(found["begin"]["count"], sum(t["count"] for t in truth["sections"].values()))
        self.check_histogram(found["begin"])
        self.check_lost(report)

    def test_a_section_of_the_same_name(self):
        """Calls of a function count for the marked section of the same name."""
        with Target("sections", "--iterations", 20, hold=True) as target:
            report, truth = profile(target, *EXACT, *native("libdcbs-markers.so", leaf="dcbs_section_end"))
        expected = truth["sections"]["leaf"]["count"] + sum(t["count"] for t in truth["sections"].values()) + 1
        self.assertEqual(sections(report)["leaf"]["count"], expected)
