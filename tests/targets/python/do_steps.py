#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Runs each line of its standard input as Python and says "done": a test controls the order of events.

It has not loaded the markers; a line may import dcbs_profiler. begin() and end() are there for sections by name.
"""
import os
import sys
import time

opened = {}


def begin(*names):
    from dcbs_profiler import get_global_profiler
    for name in names:
        opened[name] = get_global_profiler().profile_section(name)
        opened[name].__enter__()


def end(*names):
    for name in names:
        opened.pop(name).__exit__(None, None, None)


def use(name, times):
    for _ in range(times):
        begin(name)
        end(name)


def main():
    names = {"begin": begin, "end": end, "use": use, "sleep": time.sleep}
    print("ready", os.getpid(), flush=True)
    for line in sys.stdin:
        exec(line, names)
        print("done", flush=True)


if __name__ == "__main__":
    main()
