# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The cost of a section that is cProfile plus a read of the resident size at both ends.

Usage: original_section.py SECTIONS. Prints one line of JSON: {"section_ns": ...}.
"""
import contextlib
import cProfile
import json
import os
import sys
import time

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def rss_bytes():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * PAGE_BYTES


@contextlib.contextmanager
def profile_section(name, sections):
    profiler = cProfile.Profile()
    before, start = rss_bytes(), time.time()
    profiler.enable()
    try:
        yield
    finally:
        profiler.disable()
        sections.setdefault(name, []).append((time.time() - start, rss_bytes() - before))


def main():
    count, sections = int(sys.argv[1]), {}
    for timed in (count // 10, count):
        start = time.thread_time_ns()
        for _ in range(timed):
            with profile_section("x", sections):
                pass
        took = time.thread_time_ns() - start
    print(json.dumps({"section_ns": took / count}))


main()
