#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Profiles targets that are drawn at random, and looks for figures that contradict each other.

    tests/random_runs.py BUILD PYTHON [--seed S] [--first N] [--runs N] [--seconds S]

Prints a line for each run: its number, the time that it took, the target and the options; below it what is wrong. The same seed and
number draw the same run again. --seconds: no run begins after that time. The status is 1 if anything was wrong.
"""
import argparse
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))


def wrong_with(run):
    """Returns what is wrong with a run, one sentence each. A profiler that gives no report is."""
    from sums import Sums

    try:
        return Sums(json.loads(run.document())).broken
    except (subprocess.TimeoutExpired, OSError, ValueError, AssertionError) as e:
        return ["no report: %r" % e]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("python")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=1e9)
    opts = parser.parse_args()
    os.environ.update(DCBS_BUILD=os.path.abspath(opts.build), DCBS_PYTHON=opts.python)
    from drawn_runs import Run

    begun, runs, bad = time.monotonic(), 0, 0
    for number in range(opts.first, opts.first + opts.runs):
        before = time.monotonic()
        if before - begun > opts.seconds:
            break
        run, runs = Run(opts.seed, number), runs + 1
        broken = wrong_with(run)
        bad += bool(broken)
        print("%d: %.1f s: %s" % (number, time.monotonic() - before, run), *("    " + line for line in broken[:8]), sep="\n", flush=True)
    print("%d runs from %d on, %d of them wrong" % (runs, opts.first, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
