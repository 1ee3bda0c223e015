# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Commands that the profiler starts, several targets at a time, and targets that get their markers later."""
import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time

from launch import Profiler, Target
from needs import needs_bpf
from paths import BUILD, PROFILER, PYTHON, target_program, tool_program
from reports import ReportCase, sections
from steps import Steps
from waiting import attached, wait_until

SECTIONS = target_program("sections")
QUIET = ["sh", "-c", 'exec "$@" < /dev/null > "$OUT"', "sh"]     # its output must not mix with the report


def run(*command, out="/dev/null", **env):
    """Runs the profiler with a command line after --. Returns (exit status, standard output, standard error)."""
    done = subprocess.run([PROFILER, "-q", "-f", "json", "--", *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, text=True, timeout=60, env=dict(os.environ, OUT=out, **env))
    return done.returncode, done.stdout, done.stderr


def counts(report):
    return {name: s["count"] for name, s in sections(report).items() if name != "(outside)"}


@needs_bpf
class Command(ReportCase):
    def run_sections(self, *prefix):
        """Every section from the very first one is in the report."""
        with tempfile.NamedTemporaryFile("r") as out:
            status, report, _ = run(*QUIET, *prefix, SECTIONS, "--iterations", 40, out=out.name)
            truth = json.loads(out.read().split("\n")[1])
        self.assertEqual(status, 0)
        report = json.loads(report)
        self.assertEqual(counts(report), {name: t["count"] for name, t in truth["sections"].items()})
        for name, expected in truth["sections"].items():
            self.check_times(sections(report)[name], expected)
        self.check_lost(report)
        self.assertEqual(report["window"]["ended_by"], "target-exit")
        return report

    def test_first_section_is_counted(self):
        for _ in range(5):
            report = self.run_sections()
        self.assertIn("--iterations 40", report["target"]["command"])
        self.assertEqual(report["target"]["comm"], "sections")

    def test_first_section_after_a_wrapper(self):
        """The shell carries no markers; the profiler waits for the program that it executes."""
        self.run_sections("sh", "-c", 'sleep 0.5; exec "$@"', "sh")

    def test_first_section_of_python(self):
        """The interpreter starts, imports the module, and runs its first section."""
        code = ("from dcbs_profiler import get_global_profiler as p\n"
                "for i in range(1000):\n with p().profile_section('s'): pass\n")
        status, report, _ = run(*QUIET, PYTHON, "-c", code, PYTHONPATH=os.path.join(BUILD, "python"))
        self.assertEqual(status, 0)
        self.assertEqual(counts(json.loads(report)), {"s": 1000})
        self.check_lost(json.loads(report))

    def test_without_markers(self):
        """Whatever status the command ends with, a report was made, and the status is passed on."""
        for shell, end in (("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137)):
            status, report, _ = run(*QUIET, "sh", "-c", shell)
            self.assertEqual(status, end)
            self.assertEqual(counts(json.loads(report)), {})
            self.assertEqual(json.loads(report)["window"]["ended_by"], "target-exit")

    def test_cannot_be_executed(self):
        with tempfile.NamedTemporaryFile("w") as plain_file:
            for name, end in (("/nonexistent/program", 127), ("no-such-program", 127), (plain_file.name, 126), ("/", 126)):
                status, out, err = run(name)
                self.assertEqual((status, out), (end, ""))
                self.assertEqual(len(err.strip().split("\n")), 1, err)
                self.assertIn(name, err)

    def test_no_command(self):
        done = subprocess.run([PROFILER, "--"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual((done.returncode, done.stdout), (2, ""))

    @contextlib.contextmanager
    def spinning(self):
        """A profiler with a command that runs until its input ends; (profiler, PID of the command, its input)."""
        read, write = os.pipe()
        with open(write, "wb", buffering=0) as gate, open(os.devnull, "wb") as null:
            with Profiler(command=["sh", "-c", 'exec "$@" > /dev/null', "sh", target_program("spin")], stdin=read,
                          start_new_session=True) as profiler:
                os.close(read)
                children = "/proc/%d/task/%d/children" % (profiler.pid, profiler.pid)

                def runs():
                    """The one child that stays: a process that the profiler starts before, to control BPF statistics, is not
                    its child."""
                    for child in open(children).read().split():
                        with contextlib.suppress(OSError):
                            if os.readlink("/proc/%s/exe" % child).endswith("/spin"):
                                return int(child)
                    return 0
                wait_until(lambda: runs() or profiler.process.poll() is not None, what="child")
                pid = runs()
                try:
                    wait_until(lambda: attached(pid), what="probe in the command")
                    gate.write(b"\n")
                    time.sleep(0.3)
                    yield profiler, pid, gate
                finally:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)

    def test_ctrl_c(self):
        """The terminal sends SIGINT to both: the command ends, and so does the profiler, with a report."""
        with self.spinning() as (profiler, pid, _):
            os.killpg(profiler.pid, signal.SIGINT)
            report = profiler.report()
            self.assertIn(report["window"]["ended_by"], ("signal", "target-exit"))
            self.assertGreater(counts(report)["spin"], 1000)
            self.check_lost(report)
            wait_until(lambda: not os.path.exists("/proc/%d" % pid) or "\nState:\tZ" in open("/proc/%d/status" % pid).read(),
                       what="end of the command")

    def test_interrupt_to_the_profiler_alone(self):
        """Nothing that the profiler does ends the command."""
        with self.spinning() as (profiler, pid, _):
            profiler.stop()
            report = profiler.report()
            self.assertEqual(report["window"]["ended_by"], "signal")
            self.assertGreater(counts(report)["spin"], 1000)
            time.sleep(0.1)
            self.assertIn(os.path.basename(os.readlink("/proc/%d/exe" % pid)), "spin")
            self.assertEqual(attached(pid), 0)


@needs_bpf
class Library(ReportCase):
    def test_watches_and_begins_anew(self):
        """<dcbs/profiler.h> as a program of its own would use it (tests/tools/library.c)."""
        with Target("busy", "spaced", 60) as target:
            output = subprocess.run([tool_program("library"), str(target.pid), "3"], stdout=subprocess.PIPE,
                                    stderr=subprocess.PIPE, text=True, timeout=60, check=True).stdout
        first, end = json.JSONDecoder().raw_decode(output)
        second, _ = json.JSONDecoder().raw_decode(output[end:].lstrip())
        for report in first, second:
            busy = sections(report)["busy"]
            self.assertGreater(busy["count"], 10)
            self.assertLess(busy["total_s"], report["window"]["duration_s"] + 0.01)
            self.assertGreater(busy["total_s"], 0.5 * report["window"]["duration_s"])
            self.assertGreater(report["overhead"]["samples"], 50)
        self.assertGreater(second["window"]["started_at"], first["window"]["started_at"] + first["window"]["duration_s"])

    def test_no_such_process(self):
        done = subprocess.run([tool_program("library"), "999999999", "1"], stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no process 999999999", done.stderr)


@needs_bpf
class Several(ReportCase):
    def test_two_targets_are_one_report(self):
        """Sections of one name are one section, whichever ids the processes gave the name."""
        with Target("sections", "--iterations", 50, hold=True) as a, \
                Target("sections", "--iterations", 70, "--seed", 2, hold=True) as b, Target("names", hold=True) as c:
            with Profiler("-p", a.pid, "-p", b.pid, "-p", c.pid, wait_for=c.pid) as profiler:
                for target in (a, b, c):
                    target.go()
                truths = [target.result()["sections"] for target in (a, b)]
                c.result()
                for target in (a, b, c):
                    target.line()
                report = profiler.report()
        self.assertNotIn("target", report)
        self.assertEqual([t["pid"] for t in report["targets"]], [a.pid, b.pid, c.pid])
        self.assertEqual(report["window"]["ended_by"], "target-exit")
        for name, section in sections(report).items():
            if name not in truths[0]:
                continue
            self.assertEqual(section["count"], sum(t[name]["count"] for t in truths))
            self.check_total(section, sum(t[name]["total_ns"] for t in truths), sum(t[name]["around"]["total_ns"] for t in truths))
            self.between(section["min_s"], min(t[name]["min_ns"] for t in truths), min(t[name]["around"]["min_ns"] for t in truths), name)
            self.between(section["max_s"], max(t[name]["max_ns"] for t in truths), max(t[name]["around"]["max_ns"] for t in truths), name)
            self.check_histogram(section)
        self.assertEqual(sections(report)["plain"]["count"], c.truth["names"][0]["count"])
        self.check_lost(report)

    def test_one_ends_early(self):
        with Target("sections", "--iterations", 5) as a, Target("sections", "--iterations", 50, hold=True) as b:
            with Profiler("-p", a.pid, "-p", b.pid, wait_for=b.pid) as profiler:
                a.go()
                early = a.result()["sections"]
                a.end()
                time.sleep(0.1)
                self.assertIsNone(profiler.process.poll())
                b.go()
                late = b.result()["sections"]
                profiler.stop()
                report = profiler.report()
        self.assertEqual(counts(report), {name: early[name]["count"] + late[name]["count"] for name in early})
        self.assertEqual(report["window"]["ended_by"], "signal")
        self.check_lost(report)

    def test_the_same_one_twice(self):
        with Target("sections", "--iterations", 20, hold=True) as target:
            with Profiler("-p", target.pid, "-p", target.pid, wait_for=target.pid) as profiler:
                target.go()
                truth = target.result()
                target.line()
                report = profiler.report()
        self.assertEqual(counts(report), {name: t["count"] for name, t in truth["sections"].items()})
        self.assertEqual(report["target"]["pid"], target.pid)


@needs_bpf
class Later(ReportCase):
    """The markers are not there yet when the profiler attaches."""

    CTYPES = ("import ctypes; m = ctypes.CDLL(%r); Token = type('Token', (ctypes.Structure,), "
              "{'_fields_': [('record', ctypes.c_void_p), ('use', ctypes.c_uint64)]}); m.dcbs_section_begin.restype = Token; "
              "m.dcbs_section_end.argtypes = [Token]" % os.path.join(BUILD, "libdcbs-markers.so"))

    def load_later(self, load, use):
        """Returns how many of the 100 sections that run after the attach are found."""
        with Steps() as target:
            with Profiler("-p", target.pid) as profiler:
                profiler.wait_watching()
                target.step("sleep(1)")
                self.assertEqual(attached(target.pid), 0)
                target.step(load)
                wait_until(lambda: attached(target.pid), timeout=5, what="probe in the library")
                target.step(use)
                target.end()
                return profiler.report()

    def check(self, report):
        self.assertEqual(counts(report), {"late": 100})
        self.check_lost(report)
        self.assertTrue(report["target"]["markers"])
        self.assertFalse(any("not loaded the markers" in note for note in report["notes"]), report["notes"])

    def test_import(self):
        self.check(self.load_later("import dcbs_profiler", "use('late', 100)"))

    def test_dlopen(self):
        self.check(self.load_later(self.CTYPES, "late = m.dcbs_section_name(b'late'); "
                                   "[m.dcbs_section_end(m.dcbs_section_begin(late)) for i in range(100)]"))

    def test_not_at_all(self):
        with Steps() as target:
            with Profiler("-p", target.pid, "-d", 0.2) as profiler:
                report = profiler.report()
        self.assertEqual(counts(report), {})
        self.assertFalse(report["target"]["markers"])
        self.assertTrue(any("--section" in note for note in report["notes"]), report["notes"])


@needs_bpf
class Exec(ReportCase):
    """The target executes another program while it is profiled."""

    def become_sections(self, *before):
        with Steps(hold=True) as target:
            for step in before:
                target.step(step)
            with Profiler("-p", target.pid) as profiler:
                profiler.wait_watching()
                if before:
                    target.step("use('python', 9)")
                target.process.stdin.write("import os; os.execv(%r, ['sections', '--iterations', '30'])\n" % SECTIONS)
                target.process.stdin.flush()
                self.assertRegex(target.process.stdout.readline(), "^ready")
                wait_until(lambda: attached(target.pid), timeout=10, what="probe in the new program")
                target.go()
                truth = target.result()
                target.line()
                report = profiler.report()
        self.check_lost(report)
        self.assertEqual(report["target"]["comm"], "sections")
        for name, expected in truth["sections"].items():
            self.check_count(sections(report)[name], expected)
            self.check_times(sections(report)[name], expected)
        return report

    def test_into_a_program_with_markers(self):
        self.become_sections()

    def test_from_one_with_markers_into_another(self):
        """The names in the two programs have the same ids in their tables."""
        report = self.become_sections("import dcbs_profiler; use('python', 1)")
        self.assertEqual(sections(report)["python"]["count"], 9)
