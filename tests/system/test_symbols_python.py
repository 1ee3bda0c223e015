# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Names and lines of Python functions, read from another process, under every CPython from 3.8 on on this machine."""
import ast
import glob
import json
import os
import subprocess
import unittest

from ask_names import ASK, Asker
from interpreters import MINORS, interpreter
from paths import target_source

CODES = target_source("codes.py")
CORPUS = ["argparse", "ast", "asyncio/base_events", "copy", "dataclasses", "difflib", "enum", "functools", "inspect", "json/decoder",
          "logging/__init__", "pickle", "socket", "subprocess", "tarfile", "threading", "typing", "unittest/mock"]


def standard_library(python):
    at = subprocess.check_output([python, "-c", "import sysconfig; print(sysconfig.get_path('stdlib'))"], text=True).strip()
    return [path for name in CORPUS for path in glob.glob(os.path.join(at, name + ".py"))]


def qualified_names(path):
    """The qualified names of the functions of a source file, by first line and name, as Python's own parser tells them."""
    found = {}

    def visit(node, prefix):
        for child in ast.iter_child_nodes(node):
            inner = prefix
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                first = min([child.lineno] + [decorator.lineno for decorator in child.decorator_list])
                found[first, child.name] = prefix + child.name
                inner = prefix + child.name + ".<locals>."
            elif isinstance(child, ast.ClassDef):
                inner = prefix + child.name + "."
            visit(child, inner)

    with open(path, encoding="utf-8") as source:
        visit(ast.parse(source.read()), "")
    return found


class Live:
    """codes.py under an interpreter, and an asker of its names."""

    def __init__(self, python):
        self.target = subprocess.Popen([python, CODES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.truth = json.loads(self.target.stdout.readline())
        self.ask = Asker(self.target.pid, self.truth["minor"], "%x" % self.truth["code_type"])

    def order(self, line):
        self.target.stdin.write(line + "\n")
        return json.loads(self.target.stdout.readline())

    def frame(self, code, offset=-1, tag=None):
        return self.ask.python(code["code"], code["tag"] if tag is None else tag, offset)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.ask.close()
        self.target.kill()
        self.target.communicate()


class Case(unittest.TestCase):
    def check_lines(self, python):
        files = standard_library(python)
        self.assertGreater(len(files), 10)
        tables = subprocess.run([python, CODES, "lines", CODES, *files], stdout=subprocess.PIPE, check=True).stdout
        looked, wrong = map(int, subprocess.run([ASK, "lines"], input=tables, stdout=subprocess.PIPE, check=True).stdout.split())
        self.assertEqual(wrong, 0)
        self.assertGreater(looked, 50000)

    def check_names(self, python):
        """Before Python 3.11 a code object has no qualified name, so that comes from its source, if there is one."""
        qualified = qualified_names(CODES)
        with Live(python) as live:
            self.assertGreater(len(live.truth["codes"]), 12)
            for code in live.truth["codes"]:
                path = code["file"].encode("utf-8", "surrogateescape")
                name = code["name"]
                if live.truth["minor"] < 11 and code["file"] == CODES:
                    name = qualified.get((code["first"], name), name)
                name = name.encode()
                self.assertEqual(live.frame(code), (True, [(name, path, code["first"])]))
                for start, end, line in code["lines"][:50] + code["lines"][-50:]:
                    for offset in range(start, end, 2):
                        expected = (name, path, line or code["first"])
                        self.assertEqual(live.frame(code, offset), (True, [expected]), offset)
                self.assertEqual(live.frame(code, 10**9)[0], True)
                self.assertEqual(live.frame(code, tag=code["tag"] ^ 1), (False, [(None, None, 0)]))

    def check_reuse(self, python):
        with Live(python) as live:
            seen = 0
            for _ in range(20):
                old, new = live.order("reuse")
                if not old:
                    continue
                seen += 1
                self.assertEqual(old["code"], new["code"])
                self.assertEqual(live.frame(old), (False, [(None, None, 0)]))
                self.assertEqual(live.frame(new), (True, [(new["name"].encode(), new["file"].encode(), new["first"])]))
                self.assertEqual(live.frame(old), (False, [(None, None, 0)]))
            self.assertGreater(seen, 5)
            for code in live.order("free"):
                found, [(name, file, _)] = live.frame(code)
                # Freed memory may still hold the old code object, but must never yield another name.
                self.assertIn((found, name, file), ((False, None, None), (True, code["name"].encode(), b"gone")))

    def check_garbage(self, python):
        """Any address may be taken for a code object."""
        with Live(python) as live:
            with open("/proc/%d/maps" % live.target.pid) as maps:
                areas = [tuple(int(a, 16) for a in line.split()[0].split("-")) for line in maps]
            for start, end in areas:
                for address in (start - 8, start, (start + end) // 2, end - 512, end - 8, end - 1):
                    self.assertEqual(live.ask.python(address, 1, 0), (False, [(None, None, 0)]))
            first = live.truth["codes"][0]
            for off in range(8, 512, 8):
                self.assertFalse(live.ask.python(first["code"] + off, first["tag"], 0)[0])
            self.assertTrue(live.frame(first)[0])


def add_tests(minor):
    for name in "lines", "names", "reuse", "garbage":
        def test(self, name=name):
            python = interpreter(minor)
            if not python:
                self.skipTest("no CPython 3.%d here" % minor)
            getattr(self, "check_" + name)(python)
        setattr(Case, "test_%s_3_%d" % (name, minor), test)


for m in MINORS:
    add_tests(m)
