# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""--nvtx: the NVTX ranges of a command are sections (tests/targets/nvtx/nvtx_ranges.c)."""
import json
import os
import subprocess
import tempfile
import unittest

from launch import Profiler, Target, profile, run
from needs import needs_bpf
from paths import BUILD, target_program
from reports import ReportCase, marked

LIBRARY = os.path.join(BUILD, "libdcbs-nvtx.so")
OTHER = "(other NVTX ranges)"
NOT_TIMED = "(NVTX ranges not timed)"
OPEN = 4096             # ranges of start and end that may be open at a time
NAMES = 256             # that are sections


@needs_bpf
class Ranges(ReportCase):
    def profile(self, *options, words=()):
        """Returns (report, truth). What the command prints goes to the profiler's standard error."""
        with tempfile.TemporaryFile("w+") as out:
            with Profiler(*options, command=[target_program("nvtx_ranges"), *words], stdin=subprocess.DEVNULL, stderr=out) as profiler:
                report = profiler.report()
            out.seek(0)
            truth = next(json.loads(line) for line in out if line.startswith("{"))
        return report, truth

    def check_ranges(self, report, truth):
        self.assertEqual((truth["loaded"], truth["levels"]), (1, 0))
        found = marked(report)
        self.assertEqual(set(found), set(truth["sections"]))
        self.check_lost(report)
        for name, expected in truth["sections"].items():
            self.check_count(found[name], expected)
            self.check_times(found[name], expected)
            self.check_histogram(found[name])
        self.assertGreater(found["overlap"]["wall"]["await_s"], 0.9 * found["overlap"]["total_s"])
        wall = found["generate"]["wall"]
        self.assertGreater(wall["cpu_s"] + wall["runqueue_s"], 0.8 * found["generate"]["total_s"])

    def test_ranges(self):
        """Count, times and percentiles are those of the program's own clock, from the first range on; marks are nothing."""
        self.check_ranges(*self.profile("--nvtx"))

    def test_attached_later(self):
        """A program that has loaded the library is profiled like one with markers, without the option."""
        with Target("nvtx_ranges", env={"NVTX_INJECTION64_PATH": LIBRARY}, hold=True) as target:
            self.check_ranges(*profile(target))

    def test_many_names(self):
        """The first 256 names are sections; the ranges of the others are counted in one."""
        report, _ = self.profile("--nvtx", "--max-overhead", 100, words=("--iterations", "1", "--names", "600"))
        found = marked(report)
        steps = [name for name in found if name.startswith("step ")]
        self.assertEqual(len(steps), NAMES - 4)
        self.assertEqual(sum(s["count"] for name, s in found.items() if name in steps or name == OTHER), 600)
        self.assertEqual(found[OTHER]["count"], 600 - len(steps))

    def test_many_open(self):
        """4096 started ranges are timed at a time; the others are counted as not timed."""
        report, _ = self.profile("--nvtx", "--max-overhead", 100, words=("--iterations", "1", "--open", OPEN + 100))
        found = marked(report)
        self.assertEqual((found["many"]["count"], found[NOT_TIMED]["count"]), (OPEN, 100))

    def test_without(self):
        """Without the option, the program loads nothing."""
        report, truth = self.profile()
        self.assertEqual(truth["loaded"], 0)
        self.assertEqual(marked(report), {})


class Library(unittest.TestCase):
    def test_exports(self):
        """Only the name that NVTX looks for: the markers inside must not meet those of the program."""
        out = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertEqual([line.split()[-1] for line in out.splitlines()], ["InitializeInjectionNvtx2"])

    def test_without_profiler(self):
        """A program that has the library by its variable alone runs as without it."""
        done = subprocess.run([target_program("nvtx_ranges"), "--iterations", "20", "--names", "600"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, env={**os.environ, "NVTX_INJECTION64_PATH": LIBRARY}, text=True, check=True)
        truth = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual((truth["loaded"], truth["levels"]), (1, 0))

    def test_options(self):
        done = run("--nvtx", "-p", 1)
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"--nvtx: there is no COMMAND", done.stderr)
        done = run("--nvtx", "--", "true", env={**os.environ, "NVTX_INJECTION64_PATH": "/other.so"})
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"NVTX_INJECTION64_PATH is /other.so already", done.stderr)


if __name__ == "__main__":
    unittest.main()
