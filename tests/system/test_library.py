# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""libbpfprof as its users see it: its names, a program with the same names of its own, and the example in its header."""
import os
import re
import subprocess
import textwrap
import unittest

import house
from install import InstallCase
from launch import Target
from needs import CC, needs_bpf, needs_cc
from paths import BUILD, INCLUDE, TESTS

HEADER = os.path.join(INCLUDE, "dcbs", "profiler.h")
OWN_NAMES = os.path.join(TESTS, "tools", "outside", "own_names.c")
STRICT = ["-Wall", "-Wextra", "-Werror", "-O2"]


def declared_functions():
    """The names of the functions in <dcbs/profiler.h>."""
    with open(HEADER) as f:
        return set(re.findall(r"^\w[\w *]*?\b(dcbs_\w+)\([^;]*\);$", f.read(), re.M))


def internal_names():
    """The global names of the objects that the library is made of, but for its public ones."""
    defined, _ = house.global_names(os.path.join(BUILD, "user", "all.a"), "--defined-only")
    return sorted(name for name in defined if re.fullmatch(r"[A-Za-z]\w*", name) and not name.startswith("dcbs_"))


class Names(unittest.TestCase):
    def check(self, library, *options):
        """The library exports exactly the functions of its header."""
        defined, _ = house.global_names(os.path.join(BUILD, library), "--defined-only", *options)
        found = {name.split("@")[0] for name in defined if not name.startswith("LIBBPFPROF")}
        self.assertEqual(found, declared_functions())

    def test_header(self):
        self.assertGreaterEqual(declared_functions(), {"dcbs_profiler_open", "dcbs_profiler_error", "dcbs_report_text"})

    def test_archive(self):
        self.check("libbpfprof.a")

    def test_shared_library(self):
        self.check("libbpfprof.so", "-D")


@needs_cc
class Programs(InstallCase):
    """Programs built against the installed library."""

    def flags(self, static):
        """The flags of `pkg-config libbpfprof`, which link with the shared library or with the archive."""
        words = self.pkg_config("libbpfprof", "--cflags", "--libs", *["--static"] * static)
        self.assertIn("-lbpfprof", words)
        return ["-l:libbpfprof.a" if static and word == "-lbpfprof" else word for word in words]

    def build(self, static, *sources):
        program = os.path.join(self.dir, "program")
        done = subprocess.run([CC, *STRICT, "-rdynamic", "-o", program, *sources, *self.flags(static)], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, done.stdout[-4000:])
        wanted = subprocess.run(["readelf", "-d", program], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertEqual("libbpfprof.so.0" in wanted, not static)
        return program

    def run_program(self, program, *args):
        return subprocess.run([program, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
                              env=dict(os.environ, LD_LIBRARY_PATH=self.installed("lib")))

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def own_names(self, static):
        """Every name inside the library is taken by the program, whose functions end it when they are called."""
        with open(OWN_NAMES) as f:
            taken = set(re.findall(r"^\w[\w *]*?(\w+)\(", f.read(), re.M))
        others = [name for name in internal_names() if name not in taken | {"main"}]
        self.assertGreater(len(others), 100)
        stubs = self.write("stubs.c", "#include <stdlib.h>\n" + "".join("void %s(void);\nvoid %s(void) { exit(9); }\n" % (n, n) for n in others))
        done = self.run_program(self.build(static, OWN_NAMES, stubs))
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertRegex(done.stdout, r"\A-[1-9]\d* 1 [^\n]*4194321[^\n]*\n\Z")

    @needs_bpf
    def test_own_names_with_the_archive(self):
        self.own_names(static=True)

    @needs_bpf
    def test_own_names_with_the_shared_library(self):
        self.own_names(static=False)

    def example(self, static):
        """Builds the example at the head of the header and runs it on a target, for a second instead of ten."""
        with open(HEADER) as f:
            head = f.read().split("*/")[1]
        lines = re.findall(r"^ \*     (.*)$|^ \*()$", head, re.M)
        code = "\n".join(line for line, _ in lines)
        self.assertIn("sleep(10);", code)
        self.assertIn("dcbs_profiler_open", code)
        source = self.write("example.c", "#include <err.h>\n#include <stdlib.h>\n#include <unistd.h>\n#include <dcbs/profiler.h>\n"
                            "int main(int argc, char **argv)\n{\n\tpid_t pid = argc > 1 ? atoi(argv[1]) : 0;\n" +
                            textwrap.indent(code.replace("sleep(10)", "sleep(1)"), "\t") + "\n\treturn 0;\n}\n")
        program = self.build(static, source)
        with Target("spin") as target:
            target.go()
            done = self.run_program(program, str(target.pid))
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertRegex(done.stdout, r"(?m)^SECTIONS$")
            self.assertRegex(done.stdout, r"(?m)^spin +[1-9]\S* ")
        gone = self.run_program(program, "4194321")
        self.assertEqual((gone.returncode, gone.stdout), (1, ""))
        self.assertIn("4194321", gone.stderr)

    @needs_bpf
    def test_example_with_the_archive(self):
        self.example(static=True)

    @needs_bpf
    def test_example_with_the_shared_library(self):
        self.example(static=False)
