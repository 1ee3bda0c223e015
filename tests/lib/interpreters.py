# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The CPython interpreters on this machine."""
import contextlib
import glob
import os
import shutil
import subprocess

MINORS = range(8, 15)


def is_cpython(python, minor):
    """Returns true if this is a CPython 3.minor that runs. A shim in PATH may exist and not run."""
    ask = "import sys, ctypes; print(sys.implementation.name, *sys.version_info[:2])"
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        answer = subprocess.run([python, "-c", ask], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30)
        return answer.stdout.split() == [b"cpython", b"3", b"%d" % minor]
    return False


def interpreter(minor):
    """The path of a CPython 3.minor; None if there is none."""
    root = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    found = sorted(glob.glob(f"{root}/versions/3.{minor}.*/bin/python3")) + [shutil.which(f"python3.{minor}")]
    return next((python for python in found if python and is_cpython(python, minor)), None)


def interpreters():
    """{label: path or None}: Debian's interpreter, and one of each version from pyenv, or else from PATH."""
    found = {"debian": "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else None}
    for minor in MINORS:
        paths = sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/3.%d.*/bin/python3.%d" % (minor, minor))))
        found["pyenv_3_%d" % minor] = paths[-1] if paths else shutil.which("python3.%d" % minor)
    return found


def sys_prefix(python):
    return subprocess.run([python, "-c", "import sys; print(sys.prefix)"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
