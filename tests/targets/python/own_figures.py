#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Sections of every shape; prints the module's own records of them as one line of JSON."""
import asyncio
import json
import os
import sys
import threading
import time

import dcbs_profiler

profiler, model = dcbs_profiler.PerformanceProfiler(), dcbs_profiler.ModelProfiler()
section = profiler.profile_section


@dcbs_profiler.profile_function(profiler, "recursive")
def recursive(depth):
    time.sleep(0.001)
    if depth:
        recursive(depth - 1)


async def task(number):
    async with section("task %d" % (number % 3)) as mark:
        await asyncio.sleep(0.002 * (number % 4))
        with section("within a task"):
            time.sleep(0.001)
        mark.items(number)


async def tasks():
    await asyncio.gather(*(task(number) for number in range(20)))


def work():
    for _ in range(50):
        with section("thread"), section("within a thread"):
            time.sleep(0.0005)


def threads():
    several = [threading.Thread(target=work) for _ in range(4)]
    for thread in several:
        thread.start()
    for thread in several:
        thread.join()


def main():
    print("ready", os.getpid(), flush=True)
    sys.stdin.readline()
    with section("nested"):
        for number in range(20000):
            with section("short"):
                pass
            if number % 1000 == 0:
                with model.profile_generation(tokens=3), model.profile_forward_pass():
                    time.sleep(0.001)
    recursive(10)
    asyncio.run(tasks())
    threads()
    try:
        with section("fails"):
            raise LookupError
    except LookupError:
        pass
    print(json.dumps({"sections": profiler.get_section_stats(), "model": model.get_stats()}), flush=True)
    sys.stdin.readline()


main()
