#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The questions of flows.py in tasks of anyio, which runs on asyncio or on trio.

    PYTHONPATH=build/python python3 tests/targets/python/nurseries.py BACKEND [--in-flight N] [--rounds N] [--burn SECONDS]

Prints the same as flows.py.
"""
import argparse
import os
import sys

import anyio
import anyio.to_thread

import flows


async def evaluate(args):
    with flows.Timed("before"):     # the thread has a section before the profiler attaches
        await anyio.sleep(0.001)
    print("ready", os.getpid(), flush=True)
    await anyio.to_thread.run_sync(sys.stdin.readline)
    flows.calls.clear()
    async with anyio.create_task_group() as group:
        for number in range(args.in_flight):
            group.start_soon(flows.worker, number, args, anyio.sleep)
    flows.print_truth(0)
    await anyio.to_thread.run_sync(sys.stdin.readline)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("backend", choices=("asyncio", "trio"))
    parser.add_argument("--in-flight", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--burn", type=float, default=0.0015)
    args = parser.parse_args()
    anyio.run(evaluate, args, backend=args.backend)


main()
