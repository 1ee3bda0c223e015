#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Tasks of asyncio that stay where they are suspended, while others come and go.

    PYTHONPATH=build/python python3 tests/targets/python/suspended.py [--churn]

70 tasks sleep, 40 wait for a semaphore, and 1 of 9 others waits for each of the others before it. With --churn there are 20 more that
begin and end all the time. Prints the lines at which they are: {"pid", "sleeps": LINE, "locked": LINE, "chained": LINE}.
"""
import asyncio
import json
import os
import sys

from dcbs_profiler import PerformanceProfiler

profiler = PerformanceProfiler()
lines = {}


def next_line():
    return sys._getframe(1).f_lineno + 1


async def sleeps():
    lines["sleeps"] = next_line()
    await asyncio.sleep(3600)


async def locked(semaphore):
    lines["locked"] = next_line()
    async with semaphore:
        pass


async def chained(before):
    with profiler.profile_section("chained"):
        lines["chained"] = next_line()
        await before


async def short():
    await asyncio.sleep(0)


async def churn():
    while True:
        await asyncio.gather(*(short() for _ in range(20)))
        await asyncio.sleep(0.0005)


def begin_tasks(with_churn):
    semaphore = asyncio.Semaphore(0)
    tasks = [asyncio.ensure_future(sleeps()) for _ in range(70)]
    tasks += [asyncio.ensure_future(locked(semaphore)) for _ in range(40)]
    for _ in range(9):
        tasks.append(asyncio.ensure_future(chained(tasks[-1])))
    if with_churn:
        tasks.append(asyncio.ensure_future(churn()))
    return tasks


async def main():
    tasks = begin_tasks("--churn" in sys.argv)
    await asyncio.sleep(0.01)
    print("ready", os.getpid(), flush=True)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.readline)
    await asyncio.sleep(2)
    print(json.dumps({"pid": os.getpid(), **lines}), flush=True)
    await loop.run_in_executor(None, sys.stdin.readline)
    for task in tasks:
        task.cancel()


asyncio.run(main())
