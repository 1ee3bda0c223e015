#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Questions to a server that are in flight at the same time on one event loop, with sections in each.

    PYTHONPATH=build/python python3 tests/targets/python/flows.py [--in-flight N] [--rounds N] [--burn SECONDS] [--loops N] [--uvloop]

A "question" has three sections inside: "tokenize" computes, "request" only awaits, "parse" computes, yields, and computes. Besides
there are sections "held" that are open from before "ready" on (half of them for ever), "cancelled" ones, one of an async generator
("stream"), "handed" ones that another task ends, and "threaded" ones that another thread ends. With --loops the questions are
divided among N event loops, each in a thread of its own.

Prints what its own clocks say, by section. Each call's duration lies between `inside_s` and `around_s`:

    {"pid", "sections": {name: {"count", "inside_s", "around_s", "p50_s": [inside, around], "cpu_s", "most_open"}}, "held_open", "own": {...}}
"""
import argparse
import asyncio
import json
import os
import random
import sys
import threading
import time

from dcbs_profiler import PerformanceProfiler

HELD = 10       # sections that are open at the start; half of them stay open

profiler = PerformanceProfiler()
lock = threading.Lock()
calls = {}      # name -> [(inside, around)]
cpu_s = {}
open_now, most_open = {}, {}


class Timed:
    """A section, with clock reads just inside and just around it."""

    def __init__(self, name):
        self.name = name
        self.section = profiler.profile_section(name)

    def count_open(self, change):
        with lock:
            open_now[self.name] = open_now.get(self.name, 0) + change
            most_open[self.name] = max(open_now[self.name], most_open.get(self.name, 0))

    def __enter__(self):
        self.count_open(1)
        self.before = time.perf_counter()
        self.section.__enter__()
        self.begun = time.perf_counter()
        return self

    def __exit__(self, *exception):
        ending = time.perf_counter()
        self.section.__exit__(*exception)
        after = time.perf_counter()
        with lock:
            calls.setdefault(self.name, []).append((ending - self.begun, after - self.before))
        self.count_open(-1)


def burn(seconds, *names):
    begin = now = time.thread_time()
    while now - begin < seconds:
        now = time.thread_time()
    with lock:
        for name in names:
            cpu_s[name] = cpu_s.get(name, 0.0) + now - begin


async def question(chance, seconds, sleep=asyncio.sleep):
    with Timed("question"):
        with Timed("tokenize"):
            burn(seconds, "tokenize", "question")
        with Timed("request"):
            await sleep(chance.uniform(0.01, 0.04))
        with Timed("parse"):
            burn(seconds / 3, "parse", "question")
            await sleep(0)
            burn(seconds / 3, "parse", "question")


async def worker(number, args, *sleep):
    chance = random.Random(number)
    for _ in range(args.rounds):
        await question(chance, args.burn, *sleep)


async def all_workers(numbers, args):
    await asyncio.gather(*(worker(number, args) for number in numbers))


async def hold(ended):
    with Timed("held"):
        await ended.wait()


async def wait_for_ever():
    with Timed("cancelled"):
        await asyncio.sleep(3600)


async def cancel_tasks():
    tasks = [asyncio.ensure_future(wait_for_ever()) for _ in range(20)]
    await asyncio.sleep(0.02)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def stream(items):
    with Timed("stream"):
        for item in range(items):
            await asyncio.sleep(0.001)
            yield item


async def read_stream():
    with Timed("reader"):
        async for _ in stream(10):
            await asyncio.sleep(0.001)


async def begin_timed(name):
    return Timed(name).__enter__()


async def end_timed(timed):
    timed.__exit__(None, None, None)


async def pass_on():
    for _ in range(10):
        timed = await asyncio.ensure_future(begin_timed("handed"))
        await asyncio.sleep(0.002)
        await asyncio.ensure_future(end_timed(timed))
        timed = await asyncio.ensure_future(begin_timed("threaded"))
        await asyncio.get_running_loop().run_in_executor(None, timed.__exit__, None, None, None)


async def evaluate(args):
    ended, never = asyncio.Event(), asyncio.Event()
    held = [asyncio.ensure_future(hold(ended if number % 2 else never)) for number in range(HELD)]
    await asyncio.sleep(0.01)
    print("ready", os.getpid(), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    calls.clear()
    loops = [threading.Thread(target=lambda first=first: asyncio.run(all_workers(range(first, args.in_flight, args.loops), args)))
             for first in range(1, args.loops)]
    for loop in loops:
        loop.start()
    await all_workers(range(0, args.in_flight, args.loops), args)
    await asyncio.get_running_loop().run_in_executor(None, lambda: [loop.join() for loop in loops])
    await asyncio.gather(cancel_tasks(), read_stream(), read_stream(), pass_on())
    ended.set()
    await asyncio.sleep(0.01)
    print_truth(sum(not task.done() for task in held))
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


def middle(values):
    return sorted(values)[(len(values) - 1) // 2]


def print_truth(held_open):
    sections = {name: {"count": len(pairs), "inside_s": sum(i for i, _ in pairs), "around_s": sum(a for _, a in pairs),
                       "p50_s": [middle([i for i, _ in pairs]), middle([a for _, a in pairs])], "cpu_s": cpu_s.get(name, 0.0),
                       "most_open": most_open[name]}
                for name, pairs in calls.items()}
    own = {name: {key: stats[key] for key in ("count", "total_s", "self_s", "mean_s", "p50_s", "errors", "cancelled", "open")}
           for name, stats in profiler.get_section_stats().items()}
    print(json.dumps({"pid": os.getpid(), "sections": sections, "held_open": held_open, "own": own}), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--in-flight", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--burn", type=float, default=0.0015)
    parser.add_argument("--loops", type=int, default=1)
    parser.add_argument("--uvloop", action="store_true", help="run uvloop's event loops")
    args = parser.parse_args()
    if args.uvloop:
        import uvloop
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(evaluate(args))


if __name__ == "__main__":
    main()
