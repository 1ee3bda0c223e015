# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The module dcbs_profiler under every CPython from 3.8 on that this machine has, each class of python_markers/ in a process."""
import os
import subprocess
import sys
import unittest

from interpreters import MINORS, interpreter
from paths import BUILD, TESTS

INSIDE = os.path.join(TESTS, "system", "python_markers")
RUN_INSIDE = os.path.join(TESTS, "lib", "run_inside.py")
CLASSES = {
    "sections": ["Sections", "Names", "Model"],
    "functions": ["Functions", "Async"],
    "process": ["Threads", "Fork", "Leaks"],
    "caches": ["Caches", "Fallback"],
    "figures": ["Figures", "MemoryAndModels"],
    "answers": ["Answers"],
    "asked": ["Asked"],
    "saved": ["Saved"],
}
DEVELOPMENT_MODE = ["Sections", "Names", "Model", "Functions", "Async", "Threads", "Caches", "Answers"]


class Interpreters(unittest.TestCase):
    """One test for each interpreter and class; filled by add_tests()."""

    def check(self, python, module, name, options):
        environment = {**os.environ, "PYTHONPATH": os.path.join(BUILD, "python") + ":" + INSIDE, "DCBS_BUILD": BUILD, "LD_BIND_NOW": "1",
                       "PYTHONFAULTHANDLER": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        result = subprocess.run([python, *options, RUN_INSIDE, module, name], env=environment, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, timeout=300)
        self.assertEqual(result.returncode, 0, f"\n{python} {name}: exit status {result.returncode}\n{result.stdout}")
        self.assertRegex(result.stdout, r"Ran [1-9]\d* tests?")


def add_test(name, function):
    function.__name__ = name
    setattr(Interpreters, name, function)


def add_tests(label, python):
    if not python:
        add_test(f"test_{label}", unittest.skip(f"no CPython {label} on this machine")(lambda self: None))
        return
    for module, classes in CLASSES.items():
        for name in classes:
            add_test(f"test_{label}_{name}", lambda self, m=module, n=name: self.check(python, m, n, []))
            if name in DEVELOPMENT_MODE:
                options = ["-X", "dev", "-W", "error"]
                add_test(f"test_{label}_{name}_dev", lambda self, m=module, n=name: self.check(python, m, n, options))


def load_tests(loader, standard_tests, pattern):
    add_tests("system", sys.executable)
    for minor in MINORS:
        add_tests(f"3.{minor:02}", interpreter(minor))
    return loader.loadTestsFromTestCase(Interpreters)
