# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""--sections: the functions of a known package become sections of a program that marks nothing (tests/targets/presets)."""
import os
import subprocess
import tempfile
import unittest

from launch import Profiler, Target, profile, run
from needs import CC, needs_bpf
from paths import BUILD, TOP, target_source
from reports import marked, sections

PRESETS = ("transformers", "vllm", "lm-eval", "llama.cpp", "torch")
IN_USE = ["lm-eval", "transformers", "llama.cpp"]
SIGMAS = 4
LATE = 0.03             # of the time, between the end of a wait and the thread's return from it


def build_library(folder):
    path = os.path.join(folder, "libllama.so")
    subprocess.run([CC, "-O1", "-shared", "-fPIC", "-o", path, target_source("libllama.c")], check=True)
    return path


@needs_bpf
@unittest.skipUnless(CC, "no C compiler")
class Presets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        options = [word for name in IN_USE for word in ("--sections", name)]
        with tempfile.TemporaryDirectory() as folder:
            text = os.path.join(folder, "report.txt")
            with Target("preset_run.py", "--library", build_library(folder), hold=True) as target:
                cls.report, cls.truth = profile(target, "-F", 499, "--max-overhead", 100, "-o", text, *options)
            with open(text) as f:
                cls.text = f.read()
        cls.sections = sections(cls.report)

    def test_python_functions(self):
        """Their times are those of the target's own clock, within the error that the report gives; their counts are unknown."""
        for name in ("generate_until", "generate", "prefill", "decode", "sample", "tokenise", "detokenise"):
            section, truth = self.sections[name], self.truth["sections"][name]
            delta = SIGMAS * section["error_s"] + LATE * truth["total_s"] + self.sections["(outside)"]["wall"]["runqueue_s"]
            self.assertAlmostEqual(section["total_s"], truth["total_s"], delta=delta, msg=name)
            self.assertLess(section["error_s"], 0.35 * truth["total_s"], name)
            self.assertIsNone(section["count"], name)

    def test_native_functions(self):
        """All calls count, and their time lies between what the function and what its caller measured."""
        section, around = self.sections["llama_decode"], self.truth["sections"]["llama_decode"]
        self.assertEqual(section["count"], around["calls"])
        self.assertGreaterEqual(section["total_s"], self.truth["decode_s"])
        self.assertLessEqual(section["total_s"], around["total_s"])

    def test_answer(self):
        """The answer names a function, although its time is outside of all marked sections."""
        self.assertRegex(self.text, r"\nslowest +generate")

    def test_functions_that_are_not_there(self):
        """One note for each preset, and no section."""
        self.assertEqual(set(marked(self.report)) - {"llama_tokenise"}, set(self.truth["sections"]))
        notes = [note for note in self.report["notes"] if "--sections" in note]
        self.assertEqual([note.split(":")[0] for note in notes], ["--sections " + name for name in IN_USE], self.report["notes"])
        self.assertFalse([note for note in self.report["notes"] if note.startswith("section ")], self.report["notes"])


@needs_bpf
class Proposals(unittest.TestCase):
    def test_report(self):
        """Files on sampled stacks show what was loaded; one note names its preset."""
        with Target("preset_run.py", "--questions", 20, hold=True) as target:
            report, _ = profile(target)
        found = [note for note in report["notes"] if "is loaded" in note]
        self.assertEqual(sorted(found), ["transformers is loaded: --sections transformers"], report["notes"])

    def test_check(self):
        """The command shows a script of a package, and a mapped file a library."""
        with tempfile.TemporaryDirectory() as folder, Target("preset_run.py", "--library", build_library(folder)) as target:
            out = run("check", "-p", target.pid).stdout.decode().splitlines()
        self.assertIn("llama.cpp is loaded: --sections llama.cpp", out)
        self.assertEqual(len([line for line in out if "is loaded" in line]), 1)


class Files(unittest.TestCase):
    """Files of --sections that are wrong. The status is 2, and one line says where and what."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = os.path.join(folder.name, "own.sections")

    def refuse(self, text, *words, file=None):
        with open(self.file, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        done = run("--sections", file or self.file, "-p", 1)
        self.assertEqual((done.returncode, done.stdout), (2, b""), done.stderr)
        self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr.decode())

    def test_lines(self):
        good = "# mine\n\nx=python:a.b\n"
        self.refuse(good + "nonsense\n", self.file + ":4: ", "NAME=python:QUALNAME")
        self.refuse(good + "y=python:a.b\n", self.file + ":4: ", "already")
        self.refuse(good + "x=libc.so.6:read\n", self.file + ":4: ", "not both")
        self.refuse(good + "loaded torch\n", self.file + ":4: ", "slash")
        self.refuse(good + "loaded /a\n" * 9, self.file + ":12: ", "too many")
        self.refuse("".join("x=python:f%d\n" % i for i in range(65)), self.file + ":65: ", "too many")
        self.refuse(good + "x" * 600 + "=python:f\n", self.file + ":4: ", "too long")
        self.refuse(good + "x" * 120 + "=python:f\n", self.file + ":4: ", "too long")
        self.refuse(good + "x=python:f\x1b[2J\n", self.file + ":4: ", "control character")

    def test_files(self):
        self.refuse("# nothing\n", "no function")
        self.refuse(b"x=python:f\0\n", "zero byte")
        self.refuse("#" * 70000, "too large")
        self.refuse("", "is not a file", file="/dev/zero")
        self.refuse("", "is not a file", file="/")
        self.refuse("", "No such file", file="/nonexistent/own.sections")
        self.refuse("", "there is no such preset", "transformers", "llama.cpp", file="nonesuch")
        self.refuse("", "there is no such preset", file="..")

    def test_those_of_the_program(self):
        """All of them are good files, and stand beside each other."""
        for name in PRESETS:
            done = run("--sections", name, "-p", 0)
            self.assertIn(b"--pid 0", done.stderr, done.stderr)
            self.assertTrue(os.path.exists(os.path.join(BUILD, "presets", name + ".sections")))
            with open(os.path.join(TOP, "user", "presets", name + ".sections")) as f:
                self.assertIn("loaded ", f.read())
        done = run("--sections", "transformers", "--sections", "lm-eval", "--sections", "llama.cpp", "-p", 0)
        self.assertIn(b"--pid 0", done.stderr, done.stderr)


if __name__ == "__main__":
    unittest.main()
