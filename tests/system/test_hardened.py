#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The built files are hardened, and the builder's own flags are used. The oracle is readelf, and the command lines that make prints."""
import glob
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from paths import BUILD, TOP

LINKED = ["dcbs-bpfprof", "libbpfprof.so", "libdcbs-markers.so", "libdcbs-nvtx.so", "python/dcbs_profiler/_markers.abi3.so"]


def readelf(option, name):
    return subprocess.run(["readelf", "-W", option, os.path.join(BUILD, name)], stdout=subprocess.PIPE, text=True, check=True).stdout


def compiler_has(option):
    done = subprocess.run(["cc", option, "-Werror", "-x", "c", "-c", "-o", "/dev/null", "-"], input="int x;", text=True,
                          stderr=subprocess.DEVNULL)
    return done.returncode == 0


def sanitized():
    return "__asan" in readelf("--dyn-syms", "dcbs-bpfprof")


class Built(unittest.TestCase):
    def test_relocations_are_read_only_and_resolved_at_the_start(self):
        for name in LINKED:
            with self.subTest(name):
                self.assertIn("GNU_RELRO", readelf("-l", name))
                self.assertRegex(readelf("-d", name), r"FLAGS_1\).*\bNOW\b")

    def test_nothing_is_writable_and_executable(self):
        for name in LINKED:
            with self.subTest(name):
                headers = readelf("-l", name)
                self.assertRegex(headers, r"GNU_STACK .* RW  0x")
                self.assertNotIn("RWE", headers)

    def test_program_is_position_independent(self):
        self.assertIn("DYN", readelf("-h", "dcbs-bpfprof"))
        self.assertRegex(readelf("-d", "dcbs-bpfprof"), r"FLAGS_1\).*\bPIE\b")

    @unittest.skipIf(sanitized(), "sanitizers check in their own way")
    def test_stack_and_buffers_are_checked(self):
        for name in LINKED:
            with self.subTest(name):
                symbols = readelf("--dyn-syms", name)
                self.assertIn("__stack_chk_fail", symbols)
                self.assertIn("__snprintf_chk", symbols)

    @unittest.skipUnless(os.uname().machine == "x86_64" and compiler_has("-fcf-protection"), "no such protection here")
    def test_objects_have_the_note_of_control_flow(self):
        """The linked files have it where the C library's start files have it, too."""
        for pattern in "marker/*.o", "marker/python/*.o", "user/main.o", "user/collect/*.o", "user/probe-only.o":
            for path in glob.glob(os.path.join(BUILD, pattern)):
                with self.subTest(path):
                    self.assertRegex(readelf("-n", path), r"x86 feature: .*SHSTK")


class Flags(unittest.TestCase):
    def lines(self, *variables):
        """The commands with which make would build everything anew."""
        folder = tempfile.mkdtemp(prefix="dcbs-test-")
        self.addCleanup(shutil.rmtree, folder, True)
        env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "CPPFLAGS", "CFLAGS", "LDFLAGS")}
        out = subprocess.run(["make", "-n", "V=1", "O=" + folder, *variables, "all"], cwd=TOP, env=env, stdout=subprocess.PIPE, text=True,
                             check=True).stdout
        return out.replace("\\\n", " ").splitlines()

    @staticmethod
    def compiles(lines):
        return [line for line in lines if re.match(r"\s*(cc|gcc|clang)\b.* -c ", line)]

    @staticmethod
    def links(lines):
        return [line for line in lines if re.match(r"\s*(cc|gcc)\b", line) and " -c " not in line]

    def test_the_builders_flags_reach_every_line(self):
        lines = self.lines("CPPFLAGS=-DBUILDER=1", "LDFLAGS=-Wl,--builder")
        self.assertGreater(len(self.compiles(lines)), 100)
        self.assertGreaterEqual(len(self.links(lines)), 5)
        self.assertEqual([line for line in self.compiles(lines) if "-DBUILDER=1" not in line], [])
        self.assertEqual([line for line in self.links(lines) if "-Wl,--builder" not in line], [])

    def test_fortify(self):
        """It needs an optimising compiler, and the builder's own value counts."""
        def fortified(*variables):
            return {tuple(re.findall(r"-D_FORTIFY_SOURCE=\d", line)) for line in self.compiles(self.lines(*variables))
                    if "-target bpf" not in line and not re.search(r"\.S\s*$", line)}
        self.assertEqual(fortified(), {("-D_FORTIFY_SOURCE=2",)})
        self.assertEqual(fortified("CFLAGS=-O0 -g"), {()})
        self.assertEqual(fortified("CPPFLAGS=-D_FORTIFY_SOURCE=3"), {("-D_FORTIFY_SOURCE=3",)})


if __name__ == "__main__":
    unittest.main()
