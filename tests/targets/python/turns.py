#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Two coroutines that compute in turns, each in a section, as long as a turn takes half the period of a profiler's clock.

    PYTHONPATH=build/python python3 tests/targets/python/turns.py TURN_SECONDS SECONDS

Prints "ready" and its number, waits for a line, runs, and prints {name: running time of its turns in s}; then waits for another line.
"""
import asyncio
import json
import os
import sys
import time

from dcbs_profiler import PerformanceProfiler

profiler = PerformanceProfiler()
turn_s, run_s = float(sys.argv[1]), float(sys.argv[2])
computed_s = {"tick": 0, "tock": 0}


async def compute(name, end):
    while time.perf_counter() < end:
        with profiler.profile_section(name):
            begin = time.thread_time()
            until = time.perf_counter() + turn_s
            while time.perf_counter() < until:
                pass
            computed_s[name] += time.thread_time() - begin
            await asyncio.sleep(0)


async def main():
    end = time.perf_counter() + run_s
    await asyncio.gather(*(compute(name, end) for name in computed_s))

print("ready", os.getpid(), flush=True)
sys.stdin.readline()
asyncio.run(main())
print(json.dumps(computed_s), flush=True)
sys.stdin.readline()
