# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The cost of `with profiler.profile_section("x"): pass` beside `with contextlib.nullcontext(): pass`.

Usage: python_section.py [ROUNDS]. Prints one line of JSON: {"nullcontext_ns": ..., "section_ns": ..., "ratio": ...},
medians of rounds that alternate; the ratio is the median of the rounds' own. Run it under a profiler for the attached cost.
"""
import contextlib
import json
import statistics
import sys
import time

from dcbs_profiler import PerformanceProfiler

SECTIONS = 200000
CALL_SECTIONS = 1000  # in one call, so that the loop runs as specialised code on every version


def empty(count):
    for _ in range(count):
        pass


def nullcontext(count, context=contextlib.nullcontext):
    for _ in range(count):
        with context():
            pass


def section(count, profiler=PerformanceProfiler()):
    for _ in range(count):
        with profiler.profile_section("x"):
            pass


def cost_ns(loop):
    start = time.thread_time_ns()
    for _ in range(SECTIONS // CALL_SECTIONS):
        loop(CALL_SECTIONS)
    return (time.thread_time_ns() - start) / SECTIONS


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    plain, marked = [], []
    for number in range(rounds + 1):
        loop_ns = cost_ns(empty)
        nullcontext_ns, section_ns = cost_ns(nullcontext) - loop_ns, cost_ns(section) - loop_ns
        if number:  # the first warms up
            plain.append(nullcontext_ns)
            marked.append(section_ns)
    print(json.dumps({
        "nullcontext_ns": round(statistics.median(plain), 1),
        "section_ns": round(statistics.median(marked), 1),
        "ratio": round(statistics.median(s / n for s, n in zip(marked, plain)), 3),
    }))


main()
