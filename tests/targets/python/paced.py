#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Calls that take longer and longer, beside one long call.

    paced.py [--seconds S] [--first S] [--last S]

"step" sleeps for --first seconds at the beginning and --last seconds at the end. On a second thread, "nap" sleeps once, in the
middle half of the time. The truth has four moments of each call, in Unix time: before and after its begin, before and after its end.
"""
import argparse
import json
import os
import sys
import threading
import time

from dcbs_profiler import get_global_profiler


def timed(name, calls, seconds):
    before = time.time()
    with get_global_profiler().profile_section(name):
        begin = time.time()
        time.sleep(seconds)
        end = time.time()
    calls.append([before, begin, end, time.time()])


def nap(calls, seconds):
    time.sleep(seconds / 4)
    timed("nap", calls, seconds / 2)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--first", type=float, default=0.005)
    parser.add_argument("--last", type=float, default=0.015)
    args = parser.parse_args()
    truth = {"step": [], "nap": []}
    with get_global_profiler().profile_section("start"):
        pass
    print("ready", os.getpid(), flush=True)
    sys.stdin.readline()
    napping = threading.Thread(target=nap, args=(truth["nap"], args.seconds))
    napping.start()
    begin = time.time()
    while (done := (time.time() - begin) / args.seconds) < 1:
        timed("step", truth["step"], args.first + (args.last - args.first) * done)
    napping.join()
    print(json.dumps(truth), flush=True)
    if os.environ.get("DCBS_TARGET_HOLD"):
        sys.stdin.readline()


if __name__ == "__main__":
    main()
