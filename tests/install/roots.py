# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Roots of Debian, and commands in them."""
import os
import shutil
import subprocess

# Signatures are checked; how old the archive's index is does not matter here.
MAKE = ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase", '--aptopt=Acquire::Check-Valid-Until "false"']
# Mounts go with the process: it has a namespace of its own.
ENTER = ('cd "$1"; shift; mount --bind /proc proc && mount --rbind /sys sys && '
         'exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C.UTF-8 chroot . "$@"')


def why_none():
    """Why there can be no roots on this machine; None if there can be."""
    if os.geteuid():
        return "needs root, for chroot"
    return None if shutil.which("mmdebstrap") else "no mmdebstrap"


def make(suite, path, packages, debs=None):
    """Makes a root, if there is none with these packages. With a folder of packages, apt installs them in it. Returns why there
    is none, or None."""
    made = os.path.join(path, "made-with")
    if os.path.exists(made):
        with open(made) as f:
            if f.read() == " ".join(packages):
                return None
    shutil.rmtree(path, ignore_errors=True)
    hooks = []
    if debs:
        hooks = ["--customize-hook=copy-in '%s' /" % debs,
                 "--customize-hook=chroot \"$1\" sh -c 'rm -f /debs/*dbgsym*; apt-get install -y --no-install-recommends /debs/*.deb'"]
    done = subprocess.run(MAKE + hooks + ["--include=" + ",".join(packages), suite, path + ".new"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        shutil.rmtree(path + ".new", ignore_errors=True)
        return "no root of %s: %s" % (suite, "; ".join(line for line in done.stdout.splitlines() if line.startswith("E:"))[:300])
    with open(os.path.join(path + ".new", "made-with"), "w") as f:
        f.write(" ".join(packages))
    os.rename(path + ".new", path)
    return None


def enter(root, *options):
    """The head of a command that runs in a root. Options are those of unshare."""
    return ["unshare", "--mount", *options, "sh", "-c", ENTER, "sh", root]
