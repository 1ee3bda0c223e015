# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""--section NAME=BINARY:FUNCTION: which functions a name stands for, in which file, and what is said if that is not clear.

The targets count their calls themselves.
"""
import os
import shutil
import subprocess
import sysconfig
import tempfile
import time
import unittest

from launch import Profiler, Target, run
from needs import CC, needs_bpf
from paths import target_program
from reports import ReportCase, sections

NAMESAKES = target_program("namesakes")
ROUNDS = 50


class NameCase(ReportCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.directory)

    def path(self, name):
        return os.path.join(self.directory, name)

    def copy(self, name="program"):
        return shutil.copy(NAMESAKES, self.path(name))

    def profile(self, program, *options, between=None):
        """Returns the report and the target's counts. between(target): called after the start of the target, before the profiler's."""
        options = [word for option in options for word in ("-s", option)]
        with Target(program, "--rounds", ROUNDS, hold=True) as target:
            if between:
                between(target)
            with Profiler("-F", 0, "--max-overhead", 100, "-p", target.pid, *options) as profiler:
                profiler.wait_watching()
                target.go()
                truth = target.result()
                profiler.stop()
                return profiler.report(), truth

    def check_calls(self, report, **calls):
        found = sections(report)
        self.assertEqual({name: found[name]["count"] for name in calls}, calls)

    def refusal(self, *options):
        with Target(NAMESAKES) as target:
            done = run("-q", "-p", target.pid, "-d", "0.1", *[w for o in options for w in ("-s", o)])
        self.assertEqual(done.returncode, 1)
        return done.stderr.decode()


@needs_bpf
class Names(NameCase):
    def test_overloads(self):
        report, truth = self.profile(NAMESAKES, "all=%s:evaluation::score" % NAMESAKES, "int=%s:evaluation::score(int)" % NAMESAKES,
                                     "double=%s:_ZN10evaluation5scoreEd" % NAMESAKES)
        self.check_calls(report, all=sum(truth["score(%s)" % kind] for kind in ("int", "double", "text")), int=truth["score(int)"],
                         double=truth["score(double)"])
        self.assertTrue(any("3 functions are named evaluation::score" in note for note in report["notes"]), report["notes"])

    def test_templates(self):
        """An instance of a template has its return type in the symbol; the name has not."""
        report, truth = self.profile(NAMESAKES, "all=%s:evaluation::decode" % NAMESAKES, "int=%s:evaluation::decode<int>" % NAMESAKES,
                                     "double=%s:double evaluation::decode<double>(double)" % NAMESAKES)
        self.check_calls(report, all=truth["decode<int>"] + truth["decode<double>"], int=truth["decode<int>"],
                         double=truth["decode<double>"])

    def test_anonymous_namespace(self):
        report, truth = self.profile(NAMESAKES, "hidden=%s:(anonymous namespace)::hidden" % NAMESAKES)
        self.check_calls(report, hidden=truth["hidden"])

    def test_function_that_is_chosen_at_start(self):
        report, truth = self.profile(NAMESAKES, "chosen=%s:chosen" % NAMESAKES)
        self.check_calls(report, chosen=truth["chosen"])
        self.assertTrue(any("IFUNC" in note for note in report["notes"]), report["notes"])

    def test_static_functions_of_two_files(self):
        for number in (1, 2):
            with open(self.path("part%d.c" % number), "w") as f:
                f.write("static __attribute__((noinline)) void helper(void) { __asm__ volatile(\"\"); }\n"
                        "void part%d(void) { helper(); __asm__ volatile(\"\"); }\n" % number)
        with open(self.path("main.c"), "w") as f:
            f.write("#include <stdio.h>\n#include <unistd.h>\nvoid part1(void), part2(void);\n"
                    "int main(void) { printf(\"ready %d\\n\", getpid()); fflush(stdout); getchar();\n"
                    "for (int i = 0; i < 40; i++) { part1(); part1(); part2(); } puts(\"{}\"); fflush(stdout); getchar(); }\n")
        subprocess.run([CC, "-O1", "-o", self.path("program")] + [self.path(n + ".c") for n in ("main", "part1", "part2")], check=True)
        report, _ = self.profile(self.path("program"), "helper=%s:helper" % self.path("program"))
        self.check_calls(report, helper=120)

    def test_versions(self):
        """An old version comes first in the table of symbols; calls go to the present one."""
        with open(self.path("library.c"), "w") as f:
            f.write("void old(void) { __asm__ volatile(\"\"); }\nvoid new(void) { __asm__ volatile(\"\"); }\n"
                    "__asm__(\".symver old, step@V1\\n.symver new, step@@V2\");\n")
        with open(self.path("map"), "w") as f:
            f.write("V1 { global: step; local: *; }; V2 { global: step; } V1;\n")
        with open(self.path("main.c"), "w") as f:
            f.write("#include <stdio.h>\n#include <unistd.h>\nvoid step(void);\n"
                    "int main(void) { printf(\"ready %d\\n\", getpid()); fflush(stdout); getchar();\n"
                    "for (int i = 0; i < 30; i++) step(); puts(\"{}\"); fflush(stdout); getchar(); }\n")
        subprocess.run([CC, "-O1", "-shared", "-fPIC", "-o", self.path("libstep.so"), self.path("library.c"),
                        "-Wl,--version-script=" + self.path("map")], check=True)
        subprocess.run([CC, "-O1", "-o", self.path("program"), self.path("main.c"), self.path("libstep.so"),
                        "-Wl,-rpath," + self.directory], check=True)
        report, _ = self.profile(self.path("program"), "step=libstep.so:step", "old=libstep.so:step@V1")
        self.check_calls(report, step=30)
        self.assertTrue(any("step@V1" in note for note in report["notes"]), report["notes"])

    def test_copies_and_cold_parts(self):
        """The suffixes of copies and cold parts are a compiler's; a name that merely contains one is a function like any other."""
        with open(self.path("main.c"), "w") as f:
            f.write("#include <stdio.h>\n#include <unistd.h>\n"
                    "#define ALONE __attribute__((noinline))\n"
                    "ALONE void one(void) __asm__(\"step.constprop.0\"); void one(void) { __asm__ volatile(\"\"); }\n"
                    "ALONE void two(void) __asm__(\"is.cold_start\"); void two(void) { __asm__ volatile(\"\"); }\n"
                    "int main(void) { printf(\"ready %d\\n\", getpid()); fflush(stdout); getchar();\n"
                    "for (int i = 0; i < 30; i++) { one(); two(); two(); } puts(\"{}\"); fflush(stdout); getchar(); }\n")
        subprocess.run([CC, "-O1", "-o", self.path("program"), self.path("main.c")], check=True)
        report, _ = self.profile(self.path("program"), "step=program:step", "cold=program:is.cold_start")
        self.check_calls(report, step=30, cold=60)

    def test_similar_names(self):
        self.assertIn("evaluation::decode", self.refusal("x=%s:decod" % NAMESAKES))
        self.assertIn("evaluation::score(int)", self.refusal("x=%s:score" % NAMESAKES))


@needs_bpf
class Files(NameCase):
    def test_replaced(self):
        """The process runs the file that it has mapped, not the one that has its path now."""
        def replace(_):
            shutil.copy(target_program("spin"), self.path("new"))
            os.rename(self.path("new"), program)
        for binary in ("program", None):
            program = self.copy()
            report, truth = self.profile(program, "hidden=%s:(anonymous namespace)::hidden" % (binary or program), between=replace)
            self.check_calls(report, hidden=truth["hidden"])
        self.assertTrue(any("replaced" in note for note in report["notes"]), report["notes"])

    def test_deleted(self):
        program = self.copy()
        report, truth = self.profile(program, "hidden=program:(anonymous namespace)::hidden", between=lambda _: os.unlink(program))
        self.check_calls(report, hidden=truth["hidden"])

    def test_colon_in_the_path(self):
        os.mkdir(self.path("a:b"))
        program = self.copy("a:b/pro:gram")
        report, truth = self.profile(program, "int=%s:evaluation::score(int)" % program)
        self.check_calls(report, int=truth["score(int)"])

    @unittest.skipUnless(shutil.which("objcopy"), "no objcopy")
    def test_debug_file(self):
        program = self.copy()
        subprocess.run(["objcopy", "--only-keep-debug", program, program + ".debug"], check=True)
        subprocess.run(["objcopy", "--strip-all", "--add-gnu-debuglink=" + program + ".debug", program], check=True)
        report, truth = self.profile(program, "all=%s:evaluation::score" % program)
        self.check_calls(report, all=sum(truth["score(%s)" % kind] for kind in ("int", "double", "text")))

    def test_two_files_of_one_name(self):
        os.mkdir(self.path("other"))
        code = ("import ctypes, sys\nfor name in sys.argv[1:]: ctypes.CDLL(name)\nprint('ready', flush=True)\ninput()")
        for place in ("libtwin.so", "other/libtwin.so"):
            subprocess.run([CC, "-shared", "-fPIC", "-o", self.path(place), "-xc", "-"], input=b"void twin(void) {}", check=True)
        with Target("-c", code, self.path("libtwin.so"), self.path("other/libtwin.so"), python=True) as target:
            done = run("-q", "-p", target.pid, "-d", "0.1", "-s", "x=libtwin.so:twin")
        self.assertEqual(done.returncode, 1)
        self.assertIn(self.path("other/libtwin.so"), done.stderr.decode())


@needs_bpf
class NoCalls(NameCase):
    """A section without calls has its reason."""

    def note(self, report, section):
        notes = [note for note in report["notes"] if note.startswith("section %s: no calls" % section)]
        self.assertEqual(len(notes), 1, report["notes"])
        return notes[0]

    def test_never_called(self):
        report, _ = self.profile(NAMESAKES, "never=%s:evaluation::never" % NAMESAKES)
        self.assertIn("never called", self.note(report, "never"))

    def test_not_mapped(self):
        report, _ = self.profile(NAMESAKES, "fib=%s:fib" % target_program("plain"))
        self.assertIn("has not mapped", self.note(report, "fib"))

    def test_mapped_later(self):
        """The probes are there when the library is loaded."""
        subprocess.run([CC, "-shared", "-fPIC", "-O1", "-o", self.path("liblate.so"), "-xc", "-"],
                       input=b"void late(void) { __asm__ volatile(\"\"); }", check=True)
        code = ("import ctypes, sys\nprint('ready', flush=True)\ninput()\nlibrary = ctypes.CDLL(sys.argv[1])\n"
                "for _ in range(70): library.late()\nprint('{}', flush=True)\ninput()")
        with Target("-c", code, self.path("liblate.so"), python=True) as target, \
                Profiler("-F", 0, "-p", target.pid, "-s", "late=%s:late" % self.path("liblate.so")) as profiler:
            profiler.wait_watching()
            target.go()
            target.result()
            profiler.stop()
            report = profiler.report()
        self.check_calls(report, late=70)
        self.assertFalse([note for note in report["notes"] if "no calls" in note])


def python_library():
    """The path of a libpython that can be loaded, or None."""
    path = os.path.join(sysconfig.get_config_var("LIBDIR") or "", sysconfig.get_config_var("INSTSONAME") or "")
    return path if path.endswith(".so.1.0") and os.path.exists(path) else None


@needs_bpf
class LatePython(ReportCase):
    """An interpreter is searched for as long as the process lives."""

    @unittest.skipUnless(python_library(), "no libpython")
    def test_loaded_later(self):
        with Target("late_python", python_library(), 1.5, 2.5, wait=False) as target:
            with Profiler("-F", 500, "-p", target.pid, "-s", "work=python:embedded_work") as profiler:
                report = profiler.report()
        self.assertGreater(sections(report)["work"]["total_s"], 1.0)
        self.assertTrue(any("had no Python for" in note for note in report["notes"]), report["notes"])

    def test_executed_later(self):
        """A shell waits, and executes Python in its place."""
        code = "import time\ndef stage():\n  end = time.time() + 1.5\n  while time.time() < end: pass\nstage()"
        with Profiler("-F", 500, "-s", "stage=python:stage", command=["sh", "-c", "sleep 1; exec python3 -c '%s'" % code]) as profiler:
            report = profiler.report()
        self.assertGreater(sections(report)["stage"]["total_s"], 1.0)

    def test_no_python(self):
        with Profiler("-s", "stage=python:stage", command=["sleep", "1"]) as profiler:
            report = profiler.report()
        self.assertTrue(any(note.startswith("no Python was seen") for note in report["notes"]), report["notes"])


@needs_bpf
class ManyFiles(ReportCase):
    FILES = 4300

    def test_markers_behind_thousands_of_files(self):
        code = ("import mmap, os, sys, tempfile\nkeep = []\nwith tempfile.TemporaryDirectory() as folder:\n"
                "    for i in range(%d):\n"
                "        with open(os.path.join(folder, str(i)), 'w+b') as f:\n"
                "            f.write(b'x' * 4096); f.flush()\n"
                "            keep.append(mmap.mmap(f.fileno(), 4096, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_EXEC))\n"
                "import dcbs_profiler, time\nprofiler = dcbs_profiler.PerformanceProfiler()\nprint('ready', flush=True)\ninput()\n"
                "for _ in range(200):\n"
                "    with profiler.profile_section('work'): time.sleep(0.0005)\n"
                "print('{}', flush=True)\ninput()" % self.FILES)
        with Target("-c", code, python=True) as target, Profiler("-p", target.pid) as profiler:
            profiler.wait_watching()
            time.sleep(2)
            target.go()
            target.result()
            profiler.stop()
            report = profiler.report()
        self.assertEqual(sections(report)["work"]["count"], 200)
