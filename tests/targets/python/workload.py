#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Thirty-two functions of pure Python on one thread, whose shares of the work are always the same.

    PYTHONPATH=build/python python3 tests/targets/python/workload.py [--seconds S] [--cprofile]

The work is the section `workload`. With --cprofile it runs under cProfile instead, by the thread's CPU time, and the times
from cProfile are printed:

    {"pid", "functions": {NAME: {"self_s", "cumulative_s"}}}

A call is so long that the cost of cProfile does not matter. The amount of work for S seconds is measured first. It is done
in rounds of 100 units, of which each function has some.
"""
import argparse
import cProfile
import json
import os
import pstats
import sys
import time

from dcbs_profiler import PerformanceProfiler

ROUNDS = 60
UNIT = 0        # turns of a loop, for main() to say


def step(units):
    """The turns of a loop for that many of the 100 units of a round."""
    return range(int(units * UNIT))


def split_words():
    x = 1
    for _ in step(7.0):
        x = x * 3 % 65521


def lookup():
    x = 1
    for _ in step(5.9):
        x = x * 3 % 65521


def pad():
    x = 1
    for _ in step(0.4):
        x = x * 3 % 65521


def tokenise():
    x = 1
    for _ in step(2.9):
        x = x * 3 % 65521
    split_words()
    lookup()
    pad()


def softmax():
    x = 1
    for _ in step(9.6):
        x = x * 3 % 65521


def mask():
    x = 1
    for _ in step(0.6):
        x = x * 3 % 65521


def attention():
    x = 1
    for _ in step(14.6):
        x = x * 3 % 65521
    softmax()
    mask()


def gelu():
    x = 1
    for _ in step(8.2):
        x = x * 3 % 65521


def bias():
    x = 1
    for _ in step(0.5):
        x = x * 3 % 65521


def mlp():
    x = 1
    for _ in step(12.6):
        x = x * 3 % 65521
    gelu()
    bias()


class Norm:
    def variance(self):
        x = 1
        for _ in step(0.9):
            x = x * 3 % 65521

    def __call__(self):
        x = 1
        for _ in step(1.8):
            x = x * 3 % 65521
        self.variance()


def forward(norm):
    x = 1
    for _ in step(1.0):
        x = x * 3 % 65521
    attention()
    mlp()
    norm()


def heap_push():
    x = 1
    for _ in step(4.9):
        x = x * 3 % 65521


def heap_pop():
    x = 1
    for _ in step(0.8):
        x = x * 3 % 65521


def topk():
    x = 1
    for _ in step(11.0):
        x = x * 3 % 65521
    heap_push()
    heap_pop()


def penalty():
    x = 1
    for _ in step(1.7):
        x = x * 3 % 65521


def choose():
    x = 1
    for _ in step(0.7):
        x = x * 3 % 65521
    topk()
    penalty()


def compare():
    x = 1
    for _ in step(3.9):
        x = x * 3 % 65521


def score():
    def distance():
        x = 1
        for _ in step(0.3):
            x = x * 3 % 65521
    x = 1
    for _ in step(0.8):
        x = x * 3 % 65521
    distance()


def recursive(depth=4):
    x = 1
    for _ in step(0.2):
        x = x * 3 % 65521
    if depth:
        recursive(depth - 1)


def stream():
    for _ in range(2):
        x = 1
        for _ in step(0.5):
            x = x * 3 % 65521
        yield x


def evict():
    x = 1
    for _ in step(0.5):
        x = x * 3 % 65521


class Cache:
    @staticmethod
    def store():
        x = 1
        for _ in step(0.4):
            x = x * 3 % 65521

    def fill(self):
        x = 1
        for _ in step(0.6):
            x = x * 3 % 65521
        self.store()
        evict()


def checksum():
    x = 1
    for _ in step(0.6):
        x = x * 3 % 65521


def encode():
    x = 1
    for _ in step(0.7):
        x = x * 3 % 65521
    checksum()


def report():
    x = 1
    for _ in step(0.3):
        x = x * 3 % 65521
    encode()


def one_round(norm, cache):
    x = 1
    for _ in step(0.3):
        x = x * 3 % 65521
    tokenise()
    forward(norm)
    choose()
    score()
    compare()
    recursive()
    for _ in stream():
        pass
    cache.fill()
    report()


def workload():
    norm, cache = Norm(), Cache()
    for _ in range(ROUNDS):
        one_round(norm, cache)


def unit_of(seconds):
    """Returns the turns of the loop in a unit, by measuring how many run in a second."""
    begin, x, turns = time.thread_time(), 1, 2000000
    for _ in range(turns):
        x = x * 3 % 65521
    return turns / (time.thread_time() - begin) * seconds / ROUNDS / 100


def under_cprofile():
    profile = cProfile.Profile(time.thread_time)
    profile.runcall(workload)
    stats = pstats.Stats(profile).stats
    return {name: {"self_s": own, "cumulative_s": cumulative}
            for (file, _, name), (_, _, own, cumulative, _) in stats.items() if file == __file__}


def main():
    global UNIT
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=16, metavar="S")
    parser.add_argument("--cprofile", action="store_true")
    opts = parser.parse_args()
    UNIT = unit_of(opts.seconds)
    functions = None
    print("ready", os.getpid(), flush=True)
    sys.stdin.readline()
    if opts.cprofile:
        functions = under_cprofile()
    else:
        with PerformanceProfiler().profile_section("workload"):
            workload()
    print(json.dumps({"pid": os.getpid(), "functions": functions}), flush=True)
    if os.environ.get("DCBS_TARGET_HOLD") == "1":
        sys.stdin.readline()


if __name__ == "__main__":
    main()
