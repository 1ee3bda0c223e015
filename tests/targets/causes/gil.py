#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Several threads of pure Python, of which only one runs at a time: sections inside them wait for the interpreter's lock.

    PYTHONPATH=build/python python3 tests/targets/causes/gil.py [--threads N] [--seconds S]

It has the protocol of the C targets and prints the same of a section (tests/targets/lib/measured_call.h): its time by the clock and
its thread's CPU time, just inside and just around it, for all threads together.
"""
import argparse
import json
import os
import sys
import threading
import time

from dcbs_profiler import get_global_profiler

STEPS = 40000           # of pure Python in a call: some switch intervals long if no other thread wants to run


class Account:
    def __init__(self):
        self.lock = threading.Lock()
        self.times = dict.fromkeys(("count", "inside_ns", "around_ns", "cpu_inside_ns", "cpu_around_ns"), 0)

    def add(self, **values):
        with self.lock:
            for key, value in values.items():
                self.times[key] += value

    def truth(self):
        t = self.times
        section = {"count": t["count"], "errors": 0, "items": 0, "total_ns": t["inside_ns"],
                   "around": {"total_ns": t["around_ns"]}}
        cost = {"cpu_ns": t["cpu_inside_ns"], "around": {"cpu_ns": t["cpu_around_ns"]}}
        return {"pid": os.getpid(), "sections": {"gil": section}, "accounts": {"gil": cost}}


def compute():
    total = 0
    for i in range(STEPS):
        total += i * i % 7
    return total


def call(account, profiler):
    cpu_before, before = time.thread_time_ns(), time.monotonic_ns()
    with profiler.profile_section("gil"):
        begun, cpu_begun = time.monotonic_ns(), time.thread_time_ns()
        compute()
        cpu_ending, ending = time.thread_time_ns(), time.monotonic_ns()
    after, cpu_after = time.monotonic_ns(), time.thread_time_ns()
    account.add(count=1, inside_ns=ending - begun, around_ns=after - before, cpu_inside_ns=cpu_ending - cpu_begun,
                cpu_around_ns=cpu_after - cpu_before)


def work(account, profiler, end):
    while time.monotonic() < end:
        call(account, profiler)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--threads", type=int, default=3, metavar="N")
    parser.add_argument("--seconds", type=float, default=1.5, metavar="S")
    opts = parser.parse_args()
    account, profiler = Account(), get_global_profiler()
    print("ready", os.getpid(), flush=True)
    sys.stdin.readline()
    end = time.monotonic() + opts.seconds
    threads = [threading.Thread(target=work, args=(account, profiler, end)) for _ in range(opts.threads)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    print(json.dumps(account.truth()), flush=True)
    if os.environ.get("DCBS_TARGET_HOLD") == "1":
        sys.stdin.readline()


if __name__ == "__main__":
    main()
