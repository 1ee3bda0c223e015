# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The packed source has all files of the project and the same bytes each time; Debian's lists of symbols are those of the libraries."""
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest

from paths import BUILD, PYTHON, TOP

PACK = os.path.join("user", "packaging", "dist.py")
DEBIAN = os.path.join(TOP, "user", "packaging", "debian")


def read(path):
    with open(path, "rb") as f:
        return f.read()


class Source(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp(prefix="dcbs-dist-")
        cls.addClassCleanup(shutil.rmtree, cls.dir, True)
        cls.first = cls.pack(TOP, "first")
        cls.unpacked = cls.unpack(cls.first, "unpacked")

    @classmethod
    def pack(cls, source, folder, **variables):
        """The path of the archive that is packed from a source."""
        os.makedirs(os.path.join(cls.dir, folder), exist_ok=True)
        path = os.path.join(cls.dir, folder, "dcbs-bpfprof-1.tar.gz")
        env = dict(os.environ, TZ="Asia/Tokyo", LC_ALL="C", **variables)
        subprocess.run([PYTHON, "-B", PACK, path], cwd=source, check=True, env=env)
        return path

    @classmethod
    def unpack(cls, archive, folder):
        with tarfile.open(archive) as packed:
            packed.extractall(os.path.join(cls.dir, folder))
        return os.path.join(cls.dir, folder, "dcbs-bpfprof-1")

    def test_same_bytes(self):
        """Packed twice, and from the unpacked archive, which has no git, and in which something was built."""
        self.assertEqual(read(self.first), read(self.pack(TOP, "second")))
        built = os.path.join(self.unpacked, "build")
        os.makedirs(built)
        self.addCleanup(shutil.rmtree, built)
        shutil.copy(self.first, built)
        self.assertEqual(read(self.first), read(self.pack(self.unpacked, "third", GIT_CEILING_DIRECTORIES=self.dir)))

    def test_files(self):
        """All files that git tracks, with their contents, and the right to execute of those that have it."""
        tracked = subprocess.run(["git", "-C", TOP, "ls-files", "-z"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        if tracked.returncode:
            self.skipTest("the source is not in git")
        names = [name for name in tracked.stdout.split("\0") if name and os.path.exists(os.path.join(TOP, name))]
        found = [os.path.relpath(os.path.join(folder, name), self.unpacked) for folder, _, files in os.walk(self.unpacked) for name in files]
        self.assertEqual(sorted(found), sorted(names))
        for name in names:
            ours, packed = os.path.join(TOP, name), os.path.join(self.unpacked, name)
            self.assertEqual(read(ours), read(packed), name)
            self.assertEqual(os.stat(ours).st_mode & 0o100, os.stat(packed).st_mode & 0o100, name)

    def test_time_of_the_builder(self):
        """SOURCE_DATE_EPOCH is the time of all files."""
        with tarfile.open(self.pack(TOP, "dated", SOURCE_DATE_EPOCH="1700000000")) as packed:
            self.assertEqual({(m.mtime, m.uid, m.gid, m.uname) for m in packed.getmembers()}, {(1700000000, 0, 0, "")})


class Symbols(unittest.TestCase):
    def check(self, package, library):
        said = subprocess.run(["nm", "-D", "--defined-only", "--with-symbol-versions", os.path.join(BUILD, library)], stdout=subprocess.PIPE,
                              text=True, check=True).stdout
        exported = {line.split()[2].split("@")[0] for line in said.splitlines()}
        listed = re.findall(r"^ (\w+)@\w+ \d", read(os.path.join(DEBIAN, package + ".symbols")).decode(), re.M)
        self.assertEqual(sorted(listed), sorted(exported))

    def test_markers(self):
        self.check("libdcbs-markers1", "libdcbs-markers.so")

    def test_library(self):
        self.check("libbpfprof0", "libbpfprof.so")


class News(unittest.TestCase):
    def test_dates(self):
        """Each version in NEWS.md has its day, the newest comes first, and it is that of the source."""
        with open(os.path.join(TOP, "NEWS.md")) as f:
            heads = re.findall(r"^## (.*)$", f.read(), re.M)
        if heads[0] == "Unreleased":
            heads.pop(0)
        released = [re.fullmatch(r"(\d+)\.(\d+)\.(\d+) \((\d{4}-\d\d-\d\d)\)", head) for head in heads]
        self.assertTrue(released and all(released), heads)
        order = [(tuple(map(int, found.groups()[:3])), found.group(4)) for found in released]
        self.assertEqual(order, sorted(order, reverse=True))
        with open(os.path.join(TOP, "user", "marker", "python", "dcbs_profiler", "_version.py")) as f:
            self.assertIn("%d.%d.%d" % order[0][0], f.read())
