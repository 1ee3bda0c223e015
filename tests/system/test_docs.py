# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The documents name files, functions and keys that exist."""
import glob
import json
import os
import re
import unittest

from paths import TESTS, TOP

PAGES = [os.path.join(TOP, "README.md")] + sorted(glob.glob(os.path.join(TOP, "user", "docs", "*.md")))


def read(path):
    with open(path, errors="replace") as f:
        return f.read()


def keys(value):
    """The keys of an object and of all objects in it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


class Docs(unittest.TestCase):
    def test_pages(self):
        self.assertGreaterEqual(len(PAGES), 5)

    def test_links(self):
        for page in PAGES:
            for link in re.findall(r"\]\(([^)#:]+)\)", read(page)):
                self.assertTrue(os.path.exists(os.path.join(os.path.dirname(page), link)), "%s: %s" % (page, link))

    def test_paths(self):
        """Each `user/...`, `bpf/...`, `include/...` and `tests/...` exists."""
        for page in PAGES:
            for path in re.findall(r"`((?:user|bpf|include|tests)/[\w./-]*)`", read(page)):
                self.assertTrue(os.path.exists(os.path.join(TOP, path)), "%s: %s" % (page, path))

    def test_functions(self):
        """Each name() of the page of the architecture, and each program, occurs in the sources."""
        sources = "".join(read(path) for folder in ("user", "bpf", "include")
                          for path in glob.glob(os.path.join(TOP, folder, "**", "*.[chS]"), recursive=True))
        words = set(re.findall(r"\w+", sources))
        page = read(os.path.join(TOP, "user", "docs", "architecture.md"))
        named = set(re.findall(r"`(\w+)(?:\(\)|\[\])`", page) + re.findall(r"`(on_\w+)`", page))
        self.assertGreater(len(named), 20)
        self.assertEqual(named - words, set())

    def test_keys_of_the_document(self):
        page = read(os.path.join(TOP, "user", "docs", "json.md"))
        named = set(re.findall(r"`([\w-]+)`", page))
        for path in glob.glob(os.path.join(TESTS, "golden", "*.json")):
            if "speedscope" not in path:
                with open(path) as f:
                    self.assertEqual(sorted(set(keys(json.load(f))) - named), [], path)

    def test_kernels_and_tests(self):
        """The tests that the table of kernels names exist."""
        for name in re.findall(r"`(test_\w+|unit/[\w/]+)`", read(os.path.join(TOP, "user", "docs", "kernels.md"))):
            path = name + ".c" if name.startswith("unit/") else os.path.join("system", name + ".py")
            self.assertTrue(os.path.exists(os.path.join(TESTS, path)), name)
