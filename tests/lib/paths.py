# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The paths of the files that the tests use. DCBS_BUILD names the build directory, DCBS_PYTHON the interpreter for targets in Python.

A target has a name of its own in all of tests/targets, so a test need not know the folder.
"""
import os
import re

BUILD = os.path.abspath(os.environ.get("DCBS_BUILD", "build"))
PYTHON = os.environ.get("DCBS_PYTHON", "/usr/bin/python3")
TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOP = os.path.dirname(TESTS)
INCLUDE = os.path.join(TOP, "include")
PROFILER = os.path.join(BUILD, "dcbs-bpfprof")
MARKERS_ARCHIVE = os.path.join(BUILD, "libdcbs-markers.a")


def target_source(file_name):
    """The path of a file below tests/targets: "waits.py", "copies.c"."""
    for folder, _, files in os.walk(os.path.join(TESTS, "targets")):
        if file_name in files:
            return os.path.join(folder, file_name)
    raise FileNotFoundError("there is no %s below tests/targets" % file_name)


def target_program(name):
    """The path of the program that is built from NAME.c or NAME.cpp below tests/targets."""
    for folder, _, files in os.walk(os.path.join(TESTS, "targets")):
        if name + ".c" in files or name + ".cpp" in files:
            return os.path.join(BUILD, os.path.relpath(folder, TOP), name)
    raise FileNotFoundError("there is no %s.c or %s.cpp below tests/targets" % (name, name))


def tool_program(name):
    """The path of a program that is built from tests/tools."""
    return os.path.join(BUILD, "tests", "tools", name)


def golden(name):
    """The path of a file in tests/golden."""
    return os.path.join(TESTS, "golden", name)


def contract_number(name):
    """The value of a #define with a decimal number in include/bpfprof."""
    folder = os.path.join(INCLUDE, "bpfprof")
    for file_name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, file_name)) as f:
            m = re.search(r"#define %s\s+(\d+)" % name, f.read())
        if m:
            return int(m.group(1))
    raise KeyError(name)
