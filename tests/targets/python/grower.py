#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Two coroutines on one thread: "grower" computes and keeps memory, "sleeper" begins later and only sleeps, again and again.

    PYTHONPATH=build/python python3 tests/targets/python/grower.py

Prints {"pid", "kept_bytes"} after all of it.
"""
import asyncio
import json
import mmap
import os
import sys
import time

from dcbs_profiler import PerformanceProfiler

PIECE = 256 * 1024
PIECES = 100

profiler = PerformanceProfiler()
kept = []


async def grow():
    with profiler.profile_section("grower"):
        for _ in range(PIECES):
            begin = time.thread_time()
            while time.thread_time() - begin < 0.005:
                pass
            piece = mmap.mmap(-1, PIECE)
            piece[::mmap.PAGESIZE] = b"x" * (PIECE // mmap.PAGESIZE)
            kept.append(piece)
            await asyncio.sleep(0.001)


async def sleep():
    while len(kept) < PIECES:
        with profiler.profile_section("sleeper"):
            await asyncio.sleep(0.05)


async def main():
    await asyncio.gather(grow(), sleep())


print("ready", os.getpid(), flush=True)
sys.stdin.readline()
asyncio.run(main())
print(json.dumps({"pid": os.getpid(), "kept_bytes": PIECE * PIECES}), flush=True)
sys.stdin.readline()
