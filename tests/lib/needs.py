# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Why a test cannot run on this machine, and how much work it may do there."""
import os
import re
import shutil
import subprocess
import unittest

from paths import PYTHON

# On an emulated machine profiling costs many times more, and ticks interrupt BPF programs of ours.
EMULATED = "DCBS_TEST_EMULATED" in os.environ
# Repetitions are multiplied by this.
SCALE = float(os.environ.get("DCBS_TEST_SCALE", "1"))
CC = os.environ.get("CC") or shutil.which("gcc") or shutil.which("cc")


def is_sanitized(program):
    """True if it was built with ASan, which keeps what was freed and rounds up what is allocated."""
    with open(program, "rb") as f:
        return b"__asan_init" in f.read()


def why_no_bpf():
    """Why BPF programs cannot be loaded here; None if they can."""
    if os.geteuid() != 0:
        return "needs root"
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        return "this kernel has no BTF"
    return None


def why_no_torch():
    """Why targets that compute with PyTorch cannot run; None if they can."""
    found = subprocess.run([PYTHON, "-c", "import torch"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return None if found.returncode == 0 else "%s has no torch (%s)" % (PYTHON, found.stderr.strip().rsplit("\n", 1)[-1])


def has_modules(*names):
    """Returns true if the targets' interpreter has these modules."""
    return not subprocess.run([PYTHON, "-c", "import " + ", ".join(names)], stderr=subprocess.DEVNULL).returncode


def python_minor():
    """The minor version of the targets' interpreter."""
    ask = "import sys; print(sys.version_info[1])"
    return int(subprocess.run([PYTHON, "-c", ask], stdout=subprocess.PIPE, text=True, check=True).stdout)


def why_no_unshare(*options):
    """Why unshare(1) with these options cannot be used; None if it can."""
    if not shutil.which("unshare"):
        return "no unshare(1)"
    done = subprocess.run(["unshare", *options, "true"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return None if done.returncode == 0 else done.stderr.strip()


def kernel_at_least(*version):
    """Returns true if this kernel is of that release or later: major, minor and patch level, of which the last may be left
    out."""
    release = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", os.uname().release)
    return tuple(int(n or 0) for n in release.groups()) >= version


def kernel_has_fentry():
    """Returns true if BPF programs can be attached to functions of this kernel (fentry)."""
    with open("/proc/kallsyms") as symbols:
        return any(re.search(r" register_ftrace_direct(_multi)?$", line) for line in symbols)


needs_bpf = unittest.skipIf(why_no_bpf(), why_no_bpf())
needs_cc = unittest.skipUnless(CC, "no C compiler")
