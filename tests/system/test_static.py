# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""`make static`: one file that needs nothing but a kernel. It runs in a root that holds only this file, /proc and /sys."""
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from install import make
from launch import Profiler, Target, run
from needs import is_sanitized, needs_bpf, why_no_unshare
from paths import BUILD, PROFILER, PYTHON, TOP
from reports import ReportCase, sections

STATIC = os.path.join(BUILD, "static", "dcbs-bpfprof")
ARCHIVES = "libelf.a", "libdw.a", "libbpf.a", "libz.a", "liblzma.a", "libcapstone.a", "libjansson.a", "libseccomp.a", "libcap.a"
# The program in the root, in place of the one that is named first.
ENTER = 'cd "$0" && mount --bind /proc proc && mount --rbind /sys sys && shift && exec chroot . /dcbs-bpfprof "$@"'


def missing_archive():
    """The first library that is not there as an archive; None if all are. A compiler prints a full path for those that are."""
    for name in ARCHIVES:
        said = subprocess.run([os.environ.get("CC") or "cc", "-print-file-name=" + name], stdout=subprocess.PIPE, text=True)
        if not said.stdout.startswith("/"):
            return name
    return None


class StaticCase(ReportCase):
    @classmethod
    def setUpClass(cls):
        if is_sanitized(PROFILER):
            raise unittest.SkipTest("sanitizers need shared libraries")
        if missing_archive():
            raise unittest.SkipTest("there is no %s" % missing_archive())
        done = make("static")
        if done.returncode:
            raise AssertionError("make static:\n" + done.stdout)
        cls.root = tempfile.mkdtemp(prefix="dcbs-static-")
        cls.addClassCleanup(shutil.rmtree, cls.root, True)
        shutil.copy(STATIC, cls.root)
        for folder in "proc", "sys":
            os.mkdir(os.path.join(cls.root, folder))


class File(StaticCase):
    def test_loads_nothing(self):
        """The file names no interpreter and no library, and can be loaded anywhere in memory."""
        with open(STATIC, "rb") as f:
            kind = f.read(20)[16]
        said = subprocess.run(["readelf", "-lWd", STATIC], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertNotIn("INTERP", said)
        self.assertNotIn("(NEEDED)", said)
        self.assertIn("GNU_RELRO", said)
        self.assertEqual(kind, 3, "is no position-independent program")

    def test_licenses(self):
        """--licenses has our own licence, and the copyright of each library, from the packages of the archives."""
        said = run("--licenses", program=STATIC).stdout.decode()
        with open(os.path.join(TOP, "LICENSE")) as f:
            self.assertTrue(said.startswith(f.read()))
        for name in "elfutils", "libbpf", "zlib", "jansson", "libcap2", "libseccomp", "ncurses", "capstone", "glibc":
            self.assertTrue(re.search(r"^-{20,}\n%s \S+\n\n(.*\n){0,12}.*opyright" % name, said, re.M), name)
        self.assertIn("GNU LESSER GENERAL PUBLIC LICENSE", said)

    def test_components(self):
        """The SBOM has the libraries whose licences --licenses has, with the digests of their archives."""
        trace = os.path.join(BUILD, "static", "trace")
        said = subprocess.run([PYTHON, "-B", os.path.join(TOP, "user", "packaging", "sbom.py"), trace, "1.2.3", STATIC], stdout=subprocess.PIPE,
                              check=True).stdout
        sbom = json.loads(said)
        self.assertEqual((sbom["bomFormat"], sbom["specVersion"], sbom["version"]), ("CycloneDX", "1.4", 1))
        listed = re.search(r"which have the source:\n\n((?: {4}.*\n)+)", run("--licenses", program=STATIC).stdout.decode()).group(1)
        self.assertEqual(["%(name)s %(version)s" % part for part in sbom["components"]], listed.replace("    ", "").splitlines())
        files = {file["name"]: file["hashes"][0]["content"] for part in sbom["components"] for file in part["components"]}
        with open(os.path.realpath(subprocess.run(["cc", "-print-file-name=libelf.a"], stdout=subprocess.PIPE, text=True).stdout.strip()), "rb") as f:
            self.assertEqual(files["libelf.a"], hashlib.sha256(f.read()).hexdigest())
        with open(STATIC, "rb") as f:
            self.assertEqual(sbom["metadata"]["component"]["hashes"][0]["content"], hashlib.sha256(f.read()).hexdigest())

    def test_licenses_of_the_command(self):
        said = run("--licenses").stdout.decode()
        with open(os.path.join(TOP, "LICENSE")) as f:
            self.assertTrue(said.startswith(f.read()))
        self.assertIn("libstdc++", said)


@needs_bpf
class EmptyRoot(StaticCase):
    def enter(self):
        why = why_no_unshare("--mount")
        if why:
            self.skipTest("unshare --mount: " + why)
        return ["unshare", "--mount", "--fork", "sh", "-c", ENTER, self.root]

    def test_reports(self):
        """Counts and times of a marked program, and of functions, whose code is decoded, are those of the target itself."""
        with Target("sections", hold=True) as target:
            functions = ["-s", "by-name=libdcbs-markers.so:dcbs_section_end"]
            with Profiler("-p", target.pid, *functions, wait_for=target.pid, enter=self.enter()) as profiler:
                target.go()
                truth = target.result()
                profiler.stop()
                report = profiler.report()
            target.line()
            self.assertEqual(target.end(), 0)
        found = sections(report)
        for name, expected in truth["sections"].items():
            self.check_count(found[name], expected)
            self.check_times(found[name], expected)
        self.check_lost(report)
        calls = sum(t["count"] for t in truth["sections"].values())
        self.assertEqual(found["by-name"]["count"], calls + 1)     # the end of a section that was open before

    def test_text_and_list(self):
        """The text report of a saved session and the list of processes need no file of a system either."""
        saved = os.path.join(self.root, "run.json")
        with Target("sections", hold=True) as target:
            with Profiler("-p", target.pid, "-o", saved, wait_for=target.pid) as profiler:
                target.go()
                target.result()
                profiler.stop()
                profiler.report()
            listed = self.inside("list")
            target.line()
            target.end()
        self.assertRegex(listed, r"(?m)^ *%d 0 " % target.pid)
        self.assertIn("SECTIONS", self.inside("report", "run.json"))

    def inside(self, *args):
        done = subprocess.run(self.enter() + ["dcbs-bpfprof", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout
