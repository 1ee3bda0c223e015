# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Builds a target in C in another way than the Makefile does."""
import os
import subprocess

from needs import CC
from paths import INCLUDE, TESTS, target_source

TARGET_HEADERS = os.path.join(TESTS, "targets", "lib")


def compile_target(file_name, to, *options):
    """Compiles a file below tests/targets to the path `to`.

    A static program may cause a warning about dlopen(), which is dropped.
    """
    subprocess.run([CC, "-O2", "-D_GNU_SOURCE", "-I", INCLUDE, "-I", TARGET_HEADERS, "-pthread", "-o", to,
                    target_source(file_name), *options], check=True, stderr=subprocess.DEVNULL)
