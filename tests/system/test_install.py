# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""`make install` puts files in their places, and programs can be built against them, with and without markers."""
import ast
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

from install import InstallCase, make
from paths import BUILD, PYTHON, TOP

COMPILERS = [c for c in (("gcc", "g++"), ("clang", "clang++")) if shutil.which(c[0]) and shutil.which(c[1])]
C_PROGRAM = r"""
#include <dcbs/markers.h>
#include <stdio.h>

int main(void)
{
	dcbs_cache *cache = dcbs_cache_name("embeddings");
	int blocks = 0, i;

	for (i = 0; i < 3; i++)
		dcbs_profile_section("block") {
			if (i == 1)
				continue;
			blocks++;
		}
	dcbs_profile_forward_pass() blocks++;
	dcbs_profile_generation(blocks) blocks++;
	dcbs_token token = dcbs_section_begin(dcbs_section_name("apart"));
	dcbs_section_items(token, 3);
	dcbs_section_end(token);
	dcbs_section_fail(dcbs_section_begin(dcbs_section_name("fails")));
	dcbs_section_cancel(dcbs_section_begin(dcbs_section_name("cancelled")));
	dcbs_forward_pass_end(dcbs_forward_pass_begin());
	dcbs_generation_end(dcbs_generation_begin(), 12);
	dcbs_record_hit(cache, 1e-6);
	dcbs_record_miss(cache, 1e-3);
	dcbs_record_size(cache, 4096);
	printf("blocks %d attached %u\n", blocks, dcbs_attached());
	return 0;
}
"""
CXX_PROGRAM = r"""
#include <dcbs/markers.h>
#include <cstdio>
#include <stdexcept>

int main()
{
	int blocks = 0;

	try {
		dcbs::section section("object");
		section.items(2);
		blocks++;
		throw std::runtime_error("left");
	} catch (const std::exception &) {
		blocks++;
	}
	dcbs_profile_section("block") blocks++;
	dcbs_profile_generation(7) blocks++;
	std::printf("blocks %d attached %u\n", blocks, dcbs_attached());
}
"""


class Install(InstallCase):
    def test_files(self):
        found = sorted(os.path.relpath(os.path.join(folder, f), self.dir) for folder, _, files in os.walk(self.dir) for f in files)
        found = [f for f in found if f.startswith("usr/")]
        headers = sorted("usr/include/dcbs/" + h for h in os.listdir(os.path.join(TOP, "include", "dcbs")))
        for name in ["usr/bin/dcbs-bpfprof", "usr/lib/libdcbs-markers.a", "usr/lib/libdcbs-markers.so", "usr/lib/libdcbs-markers.so.1",
                     "usr/lib/pkgconfig/dcbs-markers.pc", "usr/share/dcbs-bpfprof/json.schema.json", "usr/lib/libdcbs-nvtx.so",
                     "usr/share/dcbs-bpfprof/summary.schema.json", "usr/share/dcbs-bpfprof/transformers.sections"] + headers:
            self.assertIn(name, found)
        self.assertEqual([f for f in found if not re.match(r"usr/(bin|lib|include/dcbs|share)/", f)], [])

    def test_nothing_names_the_staging_directory(self):
        """No installed file contains DESTDIR."""
        for folder, _, files in os.walk(self.installed()):
            for name in files:
                with open(os.path.join(folder, name), "rb") as f:
                    self.assertNotIn(self.dir.encode(), f.read(), name)

    def test_the_command_runs(self):
        version = subprocess.run([self.installed("bin", "dcbs-bpfprof"), "--version"], stdout=subprocess.PIPE, text=True)
        self.assertRegex(version.stdout, r"\Adcbs-bpfprof \d+\.\d+")
        self.assertEqual(version.returncode, 0)

    def test_exported_symbols(self):
        with open(os.path.join(TOP, "user", "marker", "markers.map")) as f:
            listed = re.findall(r"^\t(dcbs_\w+);$", f.read(), re.M)
        out = subprocess.run(["nm", "-D", "--defined-only", self.installed("lib", "libdcbs-markers.so")],
                             stdout=subprocess.PIPE, text=True, check=True).stdout
        found = {line.split()[-1] for line in out.splitlines() if " A " not in line}
        self.assertEqual({name.split("@")[0] for name in found}, set(listed))
        self.assertTrue(all("@@DCBS_" in name for name in found), found)

    def test_static_archive_exports_its_own_prefix_only(self):
        out = subprocess.run(["nm", "-g", "--defined-only", self.installed("lib", "libdcbs-markers.a")],
                             stdout=subprocess.PIPE, text=True, check=True).stdout
        names = {line.split()[-1] for line in out.splitlines() if len(line.split()) == 3}
        self.assertIn("dcbs_section_begin", names)
        self.assertEqual([n for n in names if not n.startswith("dcbs_")], [])

    def build(self, compiler, source, *flags):
        suffix = ".cpp" if "++" in compiler else ".c"
        path = os.path.join(self.dir, "program" + suffix)
        with open(path, "w") as f:
            f.write(source)
        program = os.path.join(self.dir, "program")
        done = subprocess.run([compiler, "-Wall", "-Wextra", "-Werror", "-O2", "-o", program, path, *flags],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(done.returncode, 0, "%s %s:\n%s" % (compiler, flags, done.stdout))
        ran = subprocess.run([program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30,
                             env=dict(os.environ, LD_LIBRARY_PATH=self.installed("lib")))
        self.assertEqual(ran.returncode, 0, ran.stdout)
        with open(program, "rb") as f:
            return ran.stdout, f.read()

    def sources(self):
        self.assertTrue(COMPILERS, "no compiler")
        for c, cxx in COMPILERS:
            for std in "gnu11", "c11", "gnu17":
                yield c, C_PROGRAM, "-std=" + std
            for std in "c++17", "gnu++20":
                yield cxx, CXX_PROGRAM, "-std=" + std

    def test_programs_with_the_shared_library(self):
        flags = self.pkg_config("dcbs-markers", "--cflags", "--libs")
        for compiler, source, std in self.sources():
            with self.subTest(compiler + " " + std):
                said, program = self.build(compiler, source, std, *flags)
                self.assertEqual(said, "blocks 4 attached 0\n")
                self.assertIn(b"libdcbs-markers.so.1", program)

    def test_programs_with_the_archive(self):
        for compiler, source, std in self.sources():
            with self.subTest(compiler + " " + std):
                said, program = self.build(compiler, source, std, *self.pkg_config("dcbs-markers", "--cflags"),
                                           self.installed("lib", "libdcbs-markers.a"), "-pthread", "-ldl")
                self.assertEqual(said, "blocks 4 attached 0\n")
                self.assertNotIn(b"libdcbs-markers.so.1", program)

    def test_a_static_program(self):
        said, _ = self.build("gcc", C_PROGRAM, "-static", *self.pkg_config("dcbs-markers", "--cflags"),
                             *[f for f in self.pkg_config("dcbs-markers", "--static", "--libs") if f != "-ldcbs-markers"],
                             self.installed("lib", "libdcbs-markers.a"), "-pthread", "-ldl")
        self.assertEqual(said, "blocks 4 attached 0\n")

    def test_markers_off(self):
        """With DCBS_MARKERS_OFF no library is needed and no marker is left."""
        for compiler, source, std in self.sources():
            with self.subTest(compiler + " " + std):
                said, program = self.build(compiler, source, std, "-DDCBS_MARKERS_OFF", "-DNDEBUG", *self.pkg_config("dcbs-markers", "--cflags"))
                self.assertEqual(said, "blocks 4 attached 0\n")
                self.assertNotIn(b"dcbs_section_begin", program)
                self.assertNotIn(b"embeddings", program)

    def test_headers_compile_alone(self):
        """Each public header as the only line of a file, with the warnings that careful people use."""
        strict = ["-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wundef", "-Wcast-qual", "-Wpointer-arith", "-fsyntax-only"]
        headers = sorted(os.listdir(self.installed("include", "dcbs")))
        self.assertIn("markers.h", headers)
        for header in headers:
            for c, cxx in COMPILERS:
                for compiler, language, *flags in ((c, "c", "-std=gnu11"), (c, "c", "-std=c11", "-pedantic", "-Wstrict-prototypes"),
                                                   (cxx, "c++", "-std=c++17", "-pedantic", "-Wold-style-cast"),
                                                   (c, "c", "-std=gnu11", "-DDCBS_MARKERS_OFF"), (cxx, "c++", "-std=c++17", "-DDCBS_MARKERS_OFF")):
                    with self.subTest("%s %s %s" % (header, compiler, flags)):
                        done = subprocess.run([compiler, "-x", language, *flags, *strict, "-I", self.installed("include"), "-"],
                                              input="#include <dcbs/%s>\n#include <dcbs/%s>\n" % (header, header),
                                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                        self.assertEqual((done.returncode, done.stdout), (0, ""))


class Places(unittest.TestCase):
    """Each kind of file goes where its variable says, also below folders with spaces, and goes away again."""

    FOLDERS = {"bindir": "/opt/a b/my bin", "libdir": "/opt/a b/lib64", "includedir": "/opt/a b/inc lude", "mandir": "/opt/a b/man",
               "datadir": "/opt/a b/share"}

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="dcbs install ")
        self.addCleanup(directory.cleanup)
        self.dir = directory.name
        self.variables = ["DESTDIR=" + self.dir, "prefix=/opt/a b"] + ["%s=%s" % place for place in self.FOLDERS.items()]
        done = make("install", *self.variables)
        self.assertEqual(done.returncode, 0, done.stdout)

    def at(self, variable, *parts):
        return os.path.join(self.dir + self.FOLDERS[variable], *parts)

    def files(self):
        return [os.path.join(folder, name) for folder, _, names in os.walk(self.dir) for name in names]

    def test_places(self):
        for variable, name in (("bindir", "dcbs-bpfprof"), ("libdir", "libdcbs-markers.so.1"), ("libdir", "libbpfprof.so"),
                               ("libdir", "pkgconfig/libbpfprof.pc"), ("includedir", "dcbs/markers.h"), ("mandir", "man1/dcbs-bpfprof.1"),
                               ("datadir", "doc/dcbs-bpfprof/LICENSE"), ("datadir", "doc/dcbs-bpfprof/licenses.txt"),
                               ("datadir", "bash-completion/completions/dcbs-bpfprof"), ("datadir", "zsh/site-functions/_dcbs-bpfprof")):
            self.assertTrue(os.path.isfile(self.at(variable, name)), "%s %s" % (variable, name))
        elsewhere = [f for f in self.files() if not f.startswith(tuple(self.at(variable) + "/" for variable in self.FOLDERS))]
        self.assertEqual(elsewhere, [])

    def test_a_program_is_built_against_it(self):
        env = dict(os.environ, PKG_CONFIG_PATH=self.at("libdir", "pkgconfig"), PKG_CONFIG_SYSROOT_DIR=self.dir)
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "dcbs-markers"], env=env, stdout=subprocess.PIPE, text=True, check=True).stdout
        source, program = os.path.join(self.dir, "p.c"), os.path.join(self.dir, "p")
        with open(source, "w") as f:
            f.write(C_PROGRAM)
        subprocess.run(["gcc", "-o", program, source, *shlex.split(flags)], check=True)
        said = subprocess.run([program], stdout=subprocess.PIPE, text=True, check=True, env=dict(os.environ, LD_LIBRARY_PATH=self.at("libdir")))
        self.assertEqual(said.stdout, "blocks 4 attached 0\n")

    def test_uninstall(self):
        """Leaves what others have put there, and no file or folder of ours."""
        other = self.at("includedir", "dcbs", "other.h")
        with open(other, "w"):
            pass
        for _ in range(2):      # the second time there is nothing to do
            done = make("uninstall", *self.variables)
            self.assertEqual(done.returncode, 0, done.stdout)
            self.assertEqual(self.files(), [other])
        self.assertFalse(os.path.exists(self.at("datadir", "dcbs-bpfprof")))
        self.assertFalse(os.path.exists(self.at("datadir", "doc", "dcbs-bpfprof")))

    def test_hint(self):
        """Without DESTDIR it says how programs find the libraries, where the loader does not look."""
        done = make("install", "prefix=" + os.path.join(self.dir, "here"))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("LD_LIBRARY_PATH=%s/here/lib" % self.dir, done.stdout)


class InstallPython(unittest.TestCase):
    def test_module(self):
        """`make install-python` for one interpreter; the module is there, with markers, without the build directory."""
        with tempfile.TemporaryDirectory(prefix="dcbs-install-") as directory:
            done = make("install-python", "DESTDIR=" + directory, "PYTHON=" + PYTHON)
            self.assertEqual(done.returncode, 0, done.stdout)
            site = subprocess.run([PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], stdout=subprocess.PIPE,
                                  text=True, check=True).stdout.strip()
            program = ("import dcbs_profiler\n"
                       "with dcbs_profiler.PerformanceProfiler().profile_section('x'): pass\n"
                       "from dcbs_profiler import _markers\n"
                       "print([dcbs_profiler.__file__, _markers.__file__])\n")
            env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
            ran = subprocess.run([PYTHON, "-B", "-c", program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=directory,
                                 env=dict(env, PYTHONPATH=directory + site))
            self.assertEqual(ran.returncode, 0, ran.stdout)
            for file in ast.literal_eval(ran.stdout):
                self.assertTrue(file.startswith(directory + site + "/dcbs_profiler/"), file)
            self.assertTrue(os.path.exists(directory + site + "/dcbs_profiler/py.typed"))


class Help(unittest.TestCase):
    def test_make_help(self):
        """`make help` names the goals and the variables."""
        done = make("-s", "help")
        self.assertEqual(done.returncode, 0)
        for word in ("make demo", "make test", "make bench", "make deps", "make install", "make install-python", "DESTDIR", "prefix",
                     "O=", "V=1", "SAN=1"):
            self.assertIn(word, done.stdout)
        self.assertNotIn("#", done.stdout.splitlines()[0])

    def test_nothing_is_written_outside_the_build_directory(self):
        before = self.tree()
        done = make("all")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(self.tree() - before, set())

    @staticmethod
    def tree():
        found = set()
        for folder, folders, files in os.walk(TOP):
            folders[:] = [f for f in folders if os.path.join(folder, f) != BUILD and f not in (".git", "__pycache__", "build")]
            found |= {os.path.join(folder, f) for f in files if f.rsplit(".", 1)[-1] in ("o", "d", "so", "a", "abi3")}
        return found
