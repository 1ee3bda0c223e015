#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Functions that are made, run and freed, so that the next ones get their memory.

    PYTHONPATH=build/python python3 tests/targets/python/reuse.py [--functions N] [--ms MS] [--garbage]

With --garbage they are left to the collector. Each function computes for MS ms in a section of its name. The functions
differ only in their names and files, which are named after them.
"""
import argparse
import json
import os
import sys
import time

from dcbs_profiler import PerformanceProfiler

TEXT = """def %s():
    end = clock() + seconds
    while clock() < end:
        pass
"""


def make(name, seconds, garbage):
    names = {"clock": time.monotonic, "seconds": seconds}
    exec(compile(TEXT % name, "/tmp/%s.py" % name, "exec"), names)     # pylint: disable=exec-used
    return names[name] if garbage else names.pop(name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--functions", type=int, default=200, metavar="N")
    parser.add_argument("--ms", type=float, default=12)
    parser.add_argument("--garbage", action="store_true")
    opts = parser.parse_args()
    profiler, addresses = PerformanceProfiler(), set()
    print("ready", os.getpid(), flush=True)
    sys.stdin.readline()
    for i in range(opts.functions):
        function = make("f%d" % i, opts.ms / 1000, opts.garbage)
        addresses.add(id(function.__code__))
        with profiler.profile_section("f%d" % i):
            function()
        del function
    print(json.dumps({"pid": os.getpid(), "addresses": len(addresses)}), flush=True)
    sys.stdin.readline()


if __name__ == "__main__":
    main()
