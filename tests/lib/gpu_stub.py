# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A driver of a GPU without a GPU (tests/targets/cuda/stub/libcuda.c), in two builds, and a runtime above it.

    old: exports that jump to functions without names, as drivers before 575 have
    new: exports with frames and names
"""
import os
import stat
import tempfile

from compile_target import compile_target

OPTIONS = ("-shared", "-fPIC", "-fno-optimize-sibling-calls", "-s")
BUILDS = {"old": OPTIONS + ("-DOLD",), "new": OPTIONS + ("-fno-omit-frame-pointer", "-fno-shrink-wrap", "-fno-schedule-insns2")}
KMSG = os.makedev(1, 11)        # a device that is not ready at its end


class Stub:
    """Builds both in a folder of its own. device: the path of a node that has the name of a GPU's device; None: not permitted."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        for build, options in BUILDS.items():
            os.mkdir(os.path.join(self.folder.name, build))
            compile_target("libcuda.c", os.path.join(self.folder.name, build, "libcuda.so.1"), *options)
            compile_target("libcuda.c", os.path.join(self.folder.name, build, "libamdhip64.so.6"), *options, "-DHIP")
            compile_target("libcudart.c", os.path.join(self.folder.name, build, "libcudart.so.12"), *BUILDS["new"])
        self.device = self.make_device(os.path.join(self.folder.name, "nvidia0"))

    @staticmethod
    def make_device(path):
        try:
            os.mknod(path, 0o600 | stat.S_IFCHR, KMSG)
            os.close(os.open(path, os.O_RDONLY))
        except OSError:
            return None
        return path

    def environment(self, build, sync="spin"):
        return {"LD_LIBRARY_PATH": os.path.join(self.folder.name, build), "STUB_SYNC": sync, "STUB_DEVICE": self.device or ""}

    def close(self):
        self.folder.cleanup()
