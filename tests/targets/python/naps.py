#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A section that sleeps shortly and often, and one that computes, on a CPU for which other processes compete.

    PYTHONPATH=build/python python3 tests/targets/python/naps.py [--seconds S]

Everything runs on one CPU, with three processes that compute all the time. After each sleep the thread waits for the CPU: that wait
belongs to the function that slept. What the functions took by their own clock is printed at the end, sums in seconds:

    {"pid", "sections": {"nap": s, "work": s}, "functions": {"doze": s, "crunch": s}}
"""
import argparse
import json
import os
import subprocess
import sys
import time

from dcbs_profiler import PerformanceProfiler

HOGS = 3
HOG = "import os; parent = os.getppid()\nwhile os.getppid() == parent: pass"
spent = {"doze": 0.0, "crunch": 0.0}


def doze():
    time.sleep(0.01)


def crunch():
    end = time.thread_time() + 0.005
    while time.thread_time() < end:
        pass


def timed(function):
    begin = time.monotonic()
    function()
    spent[function.__name__] += time.monotonic() - begin


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=4)
    args = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    profiler = PerformanceProfiler()
    hogs = [subprocess.Popen([sys.executable, "-c", HOG], stdin=subprocess.DEVNULL) for _ in range(HOGS)]
    print("ready", os.getpid(), flush=True)
    sys.stdin.readline()
    end = time.monotonic() + args.seconds
    while time.monotonic() < end:
        with profiler.profile_section("nap"):
            timed(doze)
        with profiler.profile_section("work"):
            timed(crunch)
    for hog in hogs:
        hog.kill()
        hog.wait()
    print(json.dumps({"pid": os.getpid(), "sections": profiler.get_timing_summary(), "functions": spent}), flush=True)
    if os.environ.get("DCBS_TARGET_HOLD"):
        sys.stdin.readline()


main()
