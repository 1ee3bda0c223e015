#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The module dcbs_profiler under every CPython from 3.8 on that this machine has, each class of python_markers/ in a process.

    DCBS_BUILD=build tests/system/test_python_markers.py [-v]
"""
import contextlib
import glob
import os
import shutil
import subprocess
import sys
import unittest

BUILD = os.path.abspath(os.environ.get("DCBS_BUILD", "build"))
INSIDE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "python_markers", "inside.py")
MINORS = range(8, 15)
CLASSES = {
    "sections": ["Sections", "Names", "Model"],
    "functions": ["Functions", "Async"],
    "process": ["Threads", "Fork", "Leaks"],
    "caches": ["Caches", "Fallback"],
    "figures": ["Figures", "MemoryAndModels"],
    "answers": ["Answers", "Asked"],
}
DEVELOPMENT_MODE = ["Sections", "Names", "Model", "Functions", "Async", "Threads", "Caches", "Answers"]


def works(python, minor):
    """Is this a CPython 3.minor that runs? (A shim on the PATH may be there and not run.)"""
    ask = "import sys, ctypes; print(sys.implementation.name, *sys.version_info[:2])"
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        answer = subprocess.run([python, "-c", ask], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30)
        return answer.stdout.split() == [b"cpython", b"3", b"%d" % minor]
    return False


def interpreter(minor):
    """The path of a CPython 3.minor, or None."""
    root = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    found = sorted(glob.glob(f"{root}/versions/3.{minor}.*/bin/python3")) + [shutil.which(f"python3.{minor}")]
    return next((python for python in found if python and works(python, minor)), None)


class Interpreters(unittest.TestCase):
    """One test for each interpreter and class; filled by add_tests()."""

    def check(self, python, module, name, options):
        environment = {**os.environ, "PYTHONPATH": os.path.join(BUILD, "python"), "DCBS_BUILD": BUILD, "LD_BIND_NOW": "1",
                       "PYTHONFAULTHANDLER": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        result = subprocess.run([python, *options, INSIDE, module, name], env=environment, stdout=subprocess.PIPE,
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


if __name__ == "__main__":
    unittest.main()
