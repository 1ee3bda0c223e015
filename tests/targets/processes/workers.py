#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Worker processes by multiprocessing, which run sections and count them.

    workers.py METHOD WORKERS SECTIONS [BUSY_SECONDS]

Each worker runs "job" SECTIONS times and then "busy" once, in which it computes in a function of its own, the first for
BUSY_SECONDS, the second for twice as long and so on. Prints "ready PID", waits for a line, works, and prints one line of
JSON with the truth.
"""
import json
import multiprocessing
import os
import sys
import time

from dcbs_profiler import PerformanceProfiler

profiler = PerformanceProfiler()


def compute_for_a_while(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(100))


def work(i, sections, seconds, done):
    for _ in range(sections):
        with profiler.profile_section("job"):
            pass
    before = time.monotonic()
    with profiler.profile_section("busy"):
        begun = time.monotonic()
        compute_for_a_while(seconds * (i + 1))
        inside = time.monotonic() - begun
    done.put({"pid": os.getpid(), "jobs": sections, "inside_s": inside, "around_s": time.monotonic() - before})


def main():
    method, workers, sections = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 0
    print("ready", os.getpid(), flush=True)
    sys.stdin.readline()
    context = multiprocessing.get_context(method)
    done = context.Queue()
    processes = [context.Process(target=work, args=(i, sections, seconds, done)) for i in range(workers)]
    for p in processes:
        p.start()
    workers = [done.get() for _ in processes]
    for p in processes:
        p.join()
    print(json.dumps({"workers": workers}), flush=True)


if __name__ == "__main__":
    main()
