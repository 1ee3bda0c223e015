# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Builds the Python package dcbs_profiler for pip and `python -m build` (PEP 517): a wheel, and a source archive.

It needs the standard library, a C compiler ($CC, else gcc or cc) and the headers of the interpreter, and nothing else: so
`pip install .` works without a network. $CFLAGS, $CPPFLAGS and $LDFLAGS are used. The Makefile compiles the same files.

The extension uses CPython's stable ABI of 3.8. The wheel's tag names the C library that the extension asks for, not the one
it was built on. An interpreter that the extension cannot be built for (one without a GIL, PyPy) gets a wheel without it:
there markers do nothing, and say so.
"""
import base64
import concurrent.futures
import glob
import gzip
import hashlib
import io
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
import zipfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PACKAGE = "user/marker/python/dcbs_profiler"
MARKERS = "user/marker/*.[cS]", "user/marker/threads/*.c"
EXTENSION = "user/marker/python/*.c", "user/marker/python/*/*.c"
ABI_HEADER = "include/bpfprof/marker_abi.h"
# Files of the source archive besides those of user/marker.
SOURCE = ("pyproject.toml", "LICENSE", "LICENSE.GPL-2.0", "README.md", "include/dcbs/markers.h", "include/bpfprof/hist.h", ABI_HEADER,
          "user/packaging/wheel_backend.py")
SUMMARY = "Names the sections of an evaluation, measures them, and lets the profiler dcbs-bpfprof look inside while it runs"
HARDENING = "-fstack-protector-strong", "-fstack-clash-protection", "-fcf-protection"
EARLIEST = 315532800    # 1980: a zip file knows nothing before


def find(*patterns):
    return sorted(os.path.relpath(path, TOP) for pattern in patterns for path in glob.glob(os.path.join(TOP, pattern)))


def read(path):
    with open(os.path.join(TOP, path), "rb") as f:
        return f.read()


def version():
    return re.search(rb'__version__ = "([^"]+)"', read(PACKAGE + "/_version.py")).group(1).decode()


def epoch():
    """The time that all files in an archive have: the same for every build of one source."""
    return max(EARLIEST, int(os.environ.get("SOURCE_DATE_EPOCH", EARLIEST)))


def metadata():
    head = [("Metadata-Version", "2.1"), ("Name", "dcbs-profiler"), ("Version", version()), ("Summary", SUMMARY), ("License", "MIT"),
            ("Requires-Python", ">=3.8"), ("Classifier", "License :: OSI Approved :: MIT License"),
            ("Classifier", "Operating System :: POSIX :: Linux"), ("Classifier", "Programming Language :: C"),
            ("Classifier", "Programming Language :: Python :: 3"), ("Classifier", "Typing :: Typed"),
            ("Classifier", "Topic :: System :: Benchmark"), ("License-File", "LICENSE"),
            ("Description-Content-Type", "text/markdown")]
    return ("".join("%s: %s\n" % line for line in head) + "\n").encode() + read("README.md")


# ---- the extension ----

def why_no_extension():
    """Why this interpreter gets a wheel without the extension; None if it gets one."""
    if sys.implementation.name != "cpython":
        return "this interpreter is no CPython"
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "this interpreter has no GIL"
    return None


def flags(name, default=""):
    return shlex.split(os.environ.get(name, default))


def run_compiler(*args):
    cc = flags("CC") or [shutil.which("gcc") or "cc"]
    done = subprocess.run(cc + list(args), cwd=TOP, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        sys.exit("%s\n%s" % (" ".join(cc + list(args)), done.stdout))
    return done.stdout


def has_option(option, folder):
    cc = flags("CC") or [shutil.which("gcc") or "cc"]
    empty = os.path.join(folder, "empty.c")
    with open(empty, "w") as f:
        f.write("int x;\n")
    return not subprocess.run(cc + [option, "-Werror", "-c", "-o", os.devnull, empty], stderr=subprocess.DEVNULL).returncode


def compile_object(path, options, folder):
    target = os.path.join(folder, path.replace("/", "_") + ".o")
    run_compiler(*options, "-c", "-o", target, path)
    return target


def link(objects, folder):
    """Hides the names of the markers: a program may have the library of the markers as well."""
    names, target = os.path.join(folder, "names.map"), os.path.join(folder, "_markers.abi3.so")
    with open(names, "w") as f:
        f.write("{ global: PyInit__markers; local: *; };\n")
    run_compiler("-shared", "-s", "-Wl,-z,relro,-z,now,-z,noexecstack", "-Wl,--version-script=" + names, *flags("LDFLAGS"), "-o", target,
                 *objects)
    return target


def extension(folder):
    """Builds the extension, and returns the path of the file."""
    hardening = [option for option in HARDENING if has_option(option, folder)]
    abi = re.search(rb"#define DCBS_ABI\D*(\d+)", read(ABI_HEADER)).group(1).decode()
    options = flags("CFLAGS", "-O2 -g0") + hardening + ["-std=gnu11", "-fPIC", "-fvisibility=hidden", "-Iinclude", "-Iuser/marker"]
    options += flags("CPPFLAGS", "-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2")
    python = ["-DPy_LIMITED_API=0x03080000", "-I" + sysconfig.get_path("include"), "-I" + sysconfig.get_path("platinclude")]
    assembly = hardening + ["-DDCBS_ABI=" + abi, "-Iuser/marker"] + flags("CPPFLAGS")
    jobs = [(path, options + python) for path in find(*EXTENSION)]
    jobs += [(path, assembly if path.endswith(".S") else options) for path in find(*MARKERS)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(lambda job: compile_object(*job, folder), jobs))
    return link(objects, folder)


def tag(library):
    """The wheel's tag. A wheel for manylinux_2_X runs with glibc 2.X and later: X is the latest version of a function it asks for."""
    machine = platform.machine()
    if library is None:
        return "py3-none-any"
    with open(library, "rb") as f:
        asked = [tuple(map(int, found)) for found in re.findall(rb"\0GLIBC_(\d+)\.(\d+)(?=[.\0])", f.read())]
    if not asked:
        return "cp38-abi3-linux_" + machine
    return "cp38-abi3-manylinux_%d_%d_%s" % (*max(asked), machine)


# ---- archives ----

def zip_entry(archive, name, data, executable=False):
    info = zipfile.ZipInfo(name, time.gmtime(epoch())[:6])
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (0o100755 if executable else 0o100644) << 16
    archive.writestr(info, data)
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return "%s,sha256=%s,%d\n" % (name, digest, len(data))


def wheel_files(library):
    """(name in the wheel, content), of all files but those that describe the wheel."""
    for path in find(PACKAGE + "/*.py", PACKAGE + "/*.pyi", PACKAGE + "/py.typed"):
        yield "dcbs_profiler/" + os.path.basename(path), read(path)
    if library:
        with open(library, "rb") as f:
            yield "dcbs_profiler/_markers.abi3.so", f.read()


def info_folder():
    return "dcbs_profiler-%s.dist-info" % version()


def write_wheel(directory, library):
    label, info = tag(library), info_folder()
    name = "dcbs_profiler-%s-%s.whl" % (version(), label)
    pure = "true" if library is None else "false"
    about = "Wheel-Version: 1.0\nGenerator: dcbs-bpfprof (%s)\nRoot-Is-Purelib: %s\nTag: %s\n" % (version(), pure, label)
    described = ((info + "/METADATA", metadata()), (info + "/WHEEL", about.encode()), (info + "/licenses/LICENSE", read("LICENSE")))
    with zipfile.ZipFile(os.path.join(directory, name), "w") as archive:
        record = "".join(zip_entry(archive, *file, file[0].endswith(".so")) for file in (*wheel_files(library), *described))
        zip_entry(archive, info + "/RECORD", (record + info + "/RECORD,,\n").encode())
    return name


def tar_entry(archive, name, data):
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.mode = len(data), epoch(), 0o644
    archive.addfile(info, io.BytesIO(data))


# ---- what pip and build call ----

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    del config_settings, metadata_directory
    why = why_no_extension()
    if why:
        print("dcbs_profiler: %s, so markers will do nothing in it" % why, file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="dcbs-wheel-") as folder:
        return write_wheel(wheel_directory, None if why else extension(folder))


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    """Lets pip read the name and the version before it builds."""
    del config_settings
    folder = os.path.join(metadata_directory, info_folder())
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "METADATA"), "wb") as f:
        f.write(metadata())
    return info_folder()


def build_sdist(sdist_directory, config_settings=None):
    del config_settings
    name = "dcbs_profiler-" + version()
    paths = [path for path in find("user/marker/**") + find("user/marker/*/**") + find("user/marker/*/*/**")
             if os.path.isfile(os.path.join(TOP, path))]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        tar_entry(archive, name + "/PKG-INFO", metadata())
        for path in sorted(set(paths) | set(SOURCE)):
            tar_entry(archive, "%s/%s" % (name, path), read(path))
    with open(os.path.join(sdist_directory, name + ".tar.gz"), "wb") as f:
        f.write(gzip.compress(packed.getvalue(), mtime=0))
    return name + ".tar.gz"
