# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The Python package: built from its source archive with nothing but a C compiler, installed by pip, and profiled."""
import base64
import functools
import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest
import zipfile

from launch import Profiler
from needs import needs_bpf
from paths import PYTHON, TOP
from reports import sections

BACKEND = "import sys; sys.path.insert(0, 'user/packaging'); import wheel_backend as w; print(w.%s(sys.argv[1]))"
COMPILER = "gcc", "as", "ld"
PROGRAM = """
import dcbs_profiler
profiler = dcbs_profiler.PerformanceProfiler()
for i in range(100):
    with profiler.profile_section("wheel"):
        pass
"""
TYPED = """
from typing import Dict
from dcbs_profiler import CacheProfiler, ModelProfiler, PerformanceProfiler, attached, load, profile_function

profiler = PerformanceProfiler()
with profiler.profile_section("a") as section:
    section.items(3)
summary: Dict[str, float] = profiler.get_timing_summary()
cache = CacheProfiler("c")
cache.record_hit(access_time=1e-6)
with ModelProfiler().profile_generation(tokens=3):
    pass
number: int = attached()


@profile_function(section_name="f")
def f(x: int) -> str:
    return str(x)


fine: str = f(3)
wrong: int = f(3)                       # error
profiler.profile_section(3)             # error
section.items("many")                   # error
load(7).sections.nonsense()             # error
"""


def backend(function, source, to, **popen):
    done = subprocess.run([PYTHON, "-B", "-c", BACKEND % function, to], cwd=source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=120, **popen)
    if done.returncode:
        raise AssertionError("%s:\n%s" % (function, done.stdout))
    return os.path.join(to, done.stdout.splitlines()[-1])


def compiler_alone(folder):
    """An environment whose PATH has a compiler, its assembler and its linker, and nothing else."""
    os.mkdir(folder)
    for tool in COMPILER:
        if not shutil.which(tool):
            raise unittest.SkipTest("there is no " + tool)
        os.symlink(os.path.realpath(shutil.which(tool)), os.path.join(folder, tool))
    return {"PATH": folder}


def pip(*args, **popen):
    """Runs pip without a network. Returns false if there is no pip."""
    if subprocess.run([PYTHON, "-m", "pip", "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        return False
    done = subprocess.run([PYTHON, "-m", "pip", args[0], "--quiet", "--no-index", "--no-deps", "--disable-pip-version-check", *args[1:]],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, **popen)
    if done.returncode:
        raise AssertionError("pip %s:\n%s" % (args[0], done.stdout))
    return True


class Built:
    """The archive of the source; its source, in a path with a space; the wheel made of it; and the wheel's files."""

    def __init__(self, folder):
        self.dir = folder
        self.sdist = backend("build_sdist", TOP, folder)
        with tarfile.open(self.sdist) as archive:
            archive.extractall(folder)
        self.source = self.sdist[:-len(".tar.gz")]
        environment = compiler_alone(os.path.join(folder, "bin"))
        if not pip("wheel", "--wheel-dir", folder, ".", cwd=self.source, env=environment):
            backend("build_wheel", self.source, folder, env=environment)
        self.wheel = os.path.join(folder, next(name for name in os.listdir(folder) if name.endswith(".whl")))
        self.site = os.path.join(folder, "site")
        with zipfile.ZipFile(self.wheel) as archive:
            archive.extractall(self.site)
        self.library = os.path.join(self.site, "dcbs_profiler", "_markers.abi3.so")


@functools.lru_cache(maxsize=None)
def built():
    """Built once, for all tests of this module."""
    found = subprocess.run([PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('include'))"], stdout=subprocess.PIPE, text=True)
    if not os.path.exists(os.path.join(found.stdout.strip(), "Python.h")):
        raise unittest.SkipTest("%s has no headers" % PYTHON)
    folder = tempfile.mkdtemp(prefix="dcbs wheel ")
    unittest.addModuleCleanup(shutil.rmtree, folder, True)
    return Built(folder)


class WheelCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir, cls.sdist, cls.source, cls.wheel, cls.site, cls.library = (
            getattr(built(), name) for name in ("dir", "sdist", "source", "wheel", "site", "library"))


class Contents(WheelCase):
    def test_record(self):
        """RECORD has the digest and the size of each file, and no other."""
        with zipfile.ZipFile(self.wheel) as archive:
            names = archive.namelist()
            record = next(name for name in names if name.endswith("/RECORD"))
            lines = [line.rsplit(",", 2) for line in archive.read(record).decode().splitlines()]
            self.assertEqual([line[0] for line in lines], names)
            for name, digest, size in lines:
                if name != record:
                    data = archive.read(name)
                    said = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
                    self.assertEqual((digest, size), ("sha256=" + said, str(len(data))), name)

    def test_tag(self):
        """The tag names the latest version of glibc that the loader will ask for, and the extension needs no other library."""
        said = subprocess.run(["readelf", "-dVW", self.library], stdout=subprocess.PIPE, text=True, check=True).stdout
        asked = max(tuple(map(int, found)) for found in re.findall(r"Name: GLIBC_(\d+)\.(\d+)", said))
        self.assertIn("-cp38-abi3-manylinux_%d_%d_%s.whl" % (*asked, os.uname().machine), self.wheel)
        self.assertEqual(re.findall(r"\(NEEDED\).*\[(.*)\]", said), ["libc.so.6"])

    def test_without_a_gil(self):
        """An interpreter that the extension cannot be built for gets a wheel without it, which fits no particular machine."""
        to = os.path.join(self.dir, "no-gil")
        os.mkdir(to)
        patch = "import sysconfig; sysconfig.get_config_var = lambda name: name == 'Py_GIL_DISABLED'; "
        done = subprocess.run([PYTHON, "-B", "-c", patch + BACKEND % "build_wheel", to], cwd=self.source, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, check=True)
        name = done.stdout.strip()
        self.assertTrue(name.endswith("-py3-none-any.whl"), name)
        self.assertIn("has no GIL", done.stderr)
        with zipfile.ZipFile(os.path.join(to, name)) as archive:
            self.assertEqual([f for f in archive.namelist() if f.endswith(".so")], [])

    def test_exported_names(self):
        said = subprocess.run(["nm", "-D", "--defined-only", self.library], stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertEqual([line.split()[-1] for line in said.splitlines()], ["PyInit__markers"])

    def test_same_bytes(self):
        """The archive of the source makes an archive of the same bytes, wherever it lies."""
        again = os.path.join(self.dir, "again")
        os.mkdir(again)
        second = backend("build_sdist", self.source, again)
        with open(self.sdist, "rb") as a, open(second, "rb") as b:
            self.assertEqual(hashlib.sha256(a.read()).hexdigest(), hashlib.sha256(b.read()).hexdigest())

    def test_one_version(self):
        done = subprocess.run([PYTHON, "-c", "import dcbs_profiler as d, importlib.metadata as m; print(d.__version__, m.version('dcbs-profiler'))"],
                              env=dict(os.environ, PYTHONPATH=self.site), stdout=subprocess.PIPE, text=True, check=True)
        module, metadata = done.stdout.split()
        self.assertEqual(module, metadata)
        self.assertIn("-%s-" % module, os.path.basename(self.wheel))


class Types(WheelCase):
    def test_mypy(self):
        """Type checkers accept the package and its right use, and refuse each wrong use."""
        if not shutil.which("mypy"):
            self.skipTest("there is no mypy")
        program = os.path.join(self.dir, "typed.py")
        with open(program, "w") as f:
            f.write(TYPED)
        said = subprocess.run(["mypy", "--strict", "--cache-dir", os.devnull, program, os.path.join(self.site, "dcbs_profiler")], cwd=self.dir,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=dict(os.environ, MYPYPATH=self.site)).stdout
        wrong = [number for number, line in enumerate(TYPED.splitlines(), 1) if line.endswith("# error")]
        self.assertEqual([int(n) for n in re.findall(r"^\S*typed\.py:(\d+): error", said, re.M)], wrong, said)
        self.assertNotRegex(said, r"dcbs_profiler/\w+\.pyi?:\d+: error")


class Installed(WheelCase):
    def test_pip(self):
        """pip finds the tag fit for this machine, and installs what `python -m dcbs_profiler` shows."""
        to = os.path.join(self.dir, "target")
        if not pip("install", "--target", to, self.wheel):
            self.skipTest("%s has no pip" % PYTHON)
        said = self.show(PYTHONPATH=to)
        self.assertIn("module      %s/dcbs_profiler\n" % to, said)
        self.assertIn("markers     work\n", said)
        self.assertIn("attached    no profiler\n", said)

    def test_without_the_extension(self):
        """An interpreter that cannot load it says why, and markers do nothing."""
        to = os.path.join(self.dir, "without")
        shutil.copytree(os.path.join(self.site, "dcbs_profiler"), os.path.join(to, "dcbs_profiler"))
        os.unlink(os.path.join(to, "dcbs_profiler", "_markers.abi3.so"))
        self.assertRegex(self.show(PYTHONPATH=to), r"markers     do nothing here: .*_markers")

    @staticmethod
    def show(**variables):
        return subprocess.run([PYTHON, "-B", "-m", "dcbs_profiler"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True,
                              env=dict(os.environ, **variables)).stdout


@needs_bpf
class Profiled(WheelCase):
    def test_sections(self):
        with Profiler(command=[PYTHON, "-c", PROGRAM], env=dict(os.environ, PYTHONPATH=self.site)) as profiler:
            report = profiler.report()
        self.assertEqual(sections(report)["wheel"]["count"], 100)

    def test_attached(self):
        """The module says that a profiler is attached while one is. What a command prints comes on standard error."""
        with tempfile.TemporaryFile("w+") as errors:
            with Profiler(command=[PYTHON, "-m", "dcbs_profiler"], env=dict(os.environ, PYTHONPATH=self.site), stderr=errors) as profiler:
                profiler.report()
            errors.seek(0)
            self.assertIn("attached    1 profiler\n", errors.read())
