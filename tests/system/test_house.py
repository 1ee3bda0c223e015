# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Every bound of tests/house.py holds in this tree, and the script finds a breach of each."""
import os
import subprocess
import tempfile
import unittest

import house
from comments import comments
from needs import needs_cc
from paths import BUILD, TOP

SPDX = "// SPDX-License-Identifier: MIT\n"


class House(unittest.TestCase):
    """One test for each count; filled below."""


def add_test(name, count):
    def test(self):
        found = list(count(BUILD, TOP))
        if found:
            self.fail("%d %s:\n%s" % (len(found), name, "\n".join(found)))
    setattr(House, "test_" + count.__name__, test)


for _name, _count in house.COUNTS.items():
    add_test(_name, _count)


class Breaches(unittest.TestCase):
    """Trees of a few files with one breach each."""

    def found(self, count, files):
        with tempfile.TemporaryDirectory() as tree:
            for path, text in files.items():
                os.makedirs(os.path.join(tree, os.path.dirname(path)), exist_ok=True)
                with open(os.path.join(tree, path), "w") as f:
                    f.write(text)
            return list(count(tree, tree))

    def test_cycle_of_includes(self):
        files = {"user/base/a.h": '#include "base/b.h"\n', "user/base/b.h": '#include "base/c.h"\n', "user/base/c.h": "int c;\n",
                 "user/base/d.h": '#include "base/a.h"\n'}
        self.assertEqual(self.found(house.file_cycles, files), [])
        files["user/base/c.c"] = '#include "base/a.h"\n'
        self.assertEqual(self.found(house.file_cycles, files), ["user/base/a user/base/b user/base/c"])

    def test_cycle_that_is_kept(self):
        kept = {"user/marker/markers.c": '#include "note.h"\n', "user/marker/note.h": '#include "markers.h"\n',
                "user/marker/markers.h": "int m;\n"}
        self.assertEqual(self.found(house.file_cycles, kept), [])

    @needs_cc
    def test_cycle_of_calls(self):
        """Neither file includes the other; their objects call one another."""
        files = {"user/base/a.c": "int b(void);\nint a(void) { return b(); }\n", "user/base/b.c": "int a(void);\nint b(void) { return a(); }\n"}

        def build_and_count(build, tree):
            for path in files:
                to = os.path.join(build, path[:-2] + ".o")
                subprocess.run([os.environ.get("CC", "cc"), "-c", "-o", to, os.path.join(tree, path)], check=True)
            return house.file_cycles(build, tree)
        self.assertEqual(self.found(build_and_count, files), ["user/base/a user/base/b"])

    def test_full_folder(self):
        files = {"user/base/m%d.%s" % (i, ending): "int i;\n" for i in range(12) for ending in "ch"}
        self.assertEqual(self.found(house.full_folders, files), [])
        files["user/base/one_more.h"] = "int i;\n"
        self.assertEqual(self.found(house.full_folders, files), ["user/base: 13"])

    def test_long_file(self):
        self.assertEqual(self.found(house.long_files, {"tests/x.py": "\n" * 400, "tests/golden/x.py": "\n" * 500, "x.txt": "\n" * 500}), [])
        self.assertEqual(self.found(house.long_files, {"user/base/x.c": "\n" * 401}), ["user/base/x.c: 401"])
        self.assertEqual(self.found(house.long_files, {"tests/x": "#!/bin/sh\n" * 401}), ["tests/x: 401"])

    def test_long_function(self):
        function = "static int f(int a)\n{\n%s}\n"
        self.assertEqual(self.found(house.long_functions, {"user/base/x.c": function % ("\ta++;\n" * 58)}), [])
        self.assertEqual(self.found(house.long_functions, {"user/base/x.c": function % ("\ta++;\n" * 59)}), ["user/base/x.c:2: 61"])
        self.assertEqual(self.found(house.long_functions, {"tests/x.cpp": function % ("\ta++;\n" * 80)}), ["tests/x.cpp:2: 82"])
        self.assertEqual(self.found(house.long_functions, {"tests/x.py": "def f(a):\n" + "    a += 1\n" * 60}), ["tests/x.py:1: 61"])

    @needs_cc
    def test_exported_name(self):
        def build_and_count(build, tree):
            subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", os.path.join(build, "libbpfprof.so"),
                            os.path.join(tree, "x.c")], check=True)
            return house.exported_names(build, tree)
        found = self.found(build_and_count, {"x.c": "int dcbs_report_text(void) { return 0; }\nint fail(void) { return 1; }\n"})
        self.assertEqual(found, ["libbpfprof.a: is not built", "libbpfprof.so: fail"])

    def test_file_name(self):
        files = {"user/base/x.c": "int i;\n", "tests/unit/base/x.c": "int i;\n", "user/base/x.h": "int i;\n"}
        self.assertEqual(self.found(house.repeated_file_names, files), [])
        files["bpf/x.h"] = "int i;\n"
        self.assertEqual(self.found(house.repeated_file_names, files), ["x.h: bpf user/base"])

    def test_struct_name(self):
        files = {"user/base/x.c": "struct one {\n};\nstruct two *p;\n", "bpf/x.h": "struct one *p;\nstruct two {\n};\n"}
        self.assertEqual(self.found(house.repeated_structs, files), [])
        files["bpf/y.h"] = "struct one {\n} __attribute__((packed));\n"
        self.assertEqual(self.found(house.repeated_structs, files), ["one: bpf/y.h user/base/x.c"])

    def test_short_name(self):
        text = "static int add_row(int a)\n{\n\treturn put(a);\n}\nstatic __always_inline struct row *find(int a)\n{\n}\nint put(int a);\n"
        self.assertEqual(self.found(house.short_names, {"user/base/x.c": text}), ["user/base/x.c: find()"])

    def test_old_word(self):
        for path, line, old in (("user/base/x.c", "the thread's struct clock", True), ("user/base/x.c", "struct clock_pair", False),
                                ("bpf/x.h", "drain_ring()", True), ("README.md", "is Told", True), ("NEWS.md", "told", False),
                                ("user/base/x.c", "the duty", True), ("user/base/x.c", "struct duty_cycle *duty;", False), ("x.md", "duty cycle", False),
                                ("user/render/x.c", "row", False), ("user/collect/x.c", "nr_rows", True), ("bpf/x.h", "narrow", False),
                                ("tests/x.py", "attach_again", False), ("user/base/x.c", "report_again", True),
                                ("user/collect/x.c", "the Phase", True), ("user/marker/x.c", "in one phase", False), ("tests/golden/x.txt", "told", False), ("x.md", "a named span", False)):
            with self.subTest(path=path, line=line):
                self.assertEqual(bool(self.found(house.old_words, {path: line + "\n"})), old)

    def test_start_of_a_comment(self):
        for path, text, bad in (("user/base/x.c", "/* What it is. */\n", True), ("user/base/x.c", "/*\n * x.c - what it is\n */\n", False),
                                ("user/base/x.c", "int a; // Who knows\n", True), ("user/base/x.c", 'f("/* What */");\n', False),
                                ("tests/x.py", '"""Of all."""\n', True), ("tests/x.py", "a = 1\n# Nobody\n", True),
                                ("tests/x.py", 'a = "# Nobody"\n', False), ("tests/x.py", "# The first line says\n# What follows.\n", False),
                                ("tests/x", "#!/bin/sh\n# Whose is it?\n", True), ("x.md", "# What it is\n", False),
                                ("bpf/x.h", "/* Often, and whatever */\n", False)):
            with self.subTest(text):
                self.assertEqual(bool(self.found(house.bad_starts, {path: text})), bad)

    def test_comments(self):
        self.assertEqual(list(comments("x.c", "/*\n * x.c - it works\n */\nint i; /* one */\n")), [(1, "it works"), (4, "one")])
        self.assertEqual(list(comments("x.py", "# one\n# two\na = 1  # three\n")), [(1, "one two"), (3, "three")])
