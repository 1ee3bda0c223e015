#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A program that prints its own stack, in every shape that a Python stack can have.

    PYTHONPATH=build/python python3 tests/targets/python/shapes.py [--seconds S] [--only SHAPE...] [--asleep]

Each shape leads to a busy loop of S seconds in which the stack does not change. Right before the loop the program notes
its stack by its frame objects. The loop is a section named after the shape. The stacks are printed at the end, innermost
frame first:

    {"pid", "shapes": {NAME: {"tid", "stack": [{"function", "file", "lines"}, ...]}}, "skipped": {NAME: why},
     "callers": {NAME: {"stack", "cpu_s", "switches"}}}

A shape that runs on another thread has a caller: the thread that starts it and waits for it. "stack" is where it does that, "cpu_s" and
"switches" are its CPU time and how often it was switched out, from before the start until the end, by its own clock and the kernel's account.

"function" is the qualified name from 3.11 on, before that the name. "lines" is the one line of the frame's call, or the
lines of the loop. Each shape runs some times without a loop before, so that the interpreter has specialised its code.

With --asleep each shape has a thread, all sleep in place of the loop, and the line is printed while they sleep: a frame
then has "name", "offset" (f_lasti) and "firstlineno", too. The program ends with its input.

A loop always has these lines, and the first one notes its place:

    end = begin()
    while clock() < end:
        pass
    finish()

Works on CPython 3.8 to 3.14; without dcbs_profiler there are no sections.
"""
import argparse
import gc
import json
import os
import sys
import threading
import time

from shape_kinds import calls, classes, generators, stage, statements, through_c

WARM = 40               # rounds without a loop; 3.11 and later specialise after some 10
MODULES = stage, calls, generators, classes, through_c, statements      # in each of them, the loop calls its own `clock`


def go_through(name, quick, times=1):
    stage.here.name, stage.here.quick = name, quick
    for _ in range(times):
        stage.SHAPES[name]()
    if not quick:
        stage.mode.call_ends()


def warm_up(names):
    """The names of the shapes that this interpreter can have, and the reason for each of the others."""
    skipped = {}
    for name in names:
        try:
            go_through(name, True, WARM)
        except stage.NotHere as why:
            skipped[name] = str(why)
    return [name for name in names if name not in skipped], skipped


def fall_asleep(names):
    for module in MODULES:
        module.clock = stage.mode.gate.acquire
    for name in names:
        threading.Thread(target=go_through, args=(name, False), daemon=True).start()
    while len(stage.mode.threads) < len(names):
        time.sleep(0.01)
    time.sleep(0.2)         # until they sleep


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=0.2, metavar="S")
    parser.add_argument("--only", nargs="+", choices=list(stage.SHAPES), default=list(stage.SHAPES), metavar="SHAPE")
    parser.add_argument("--asleep", action="store_true")
    opts = parser.parse_args()
    gc.disable()            # an object dies in its shape
    names, skipped = warm_up(opts.only)
    if opts.asleep:
        if "signal_handler" in names:
            names.remove("signal_handler")
            skipped["signal_handler"] = "runs in the main thread only"
        stage.mode = stage.Asleep()
        fall_asleep(names)
    else:
        stage.mode = stage.Busy(opts.seconds)
    print("ready", os.getpid(), flush=True)
    if not opts.asleep:
        sys.stdin.readline()
        for name in names:
            go_through(name, False)
    print(json.dumps({"pid": os.getpid(), "shapes": stage.mode.shapes(), "skipped": skipped,
                      "callers": stage.mode.callers}), flush=True)
    if opts.asleep or os.environ.get("DCBS_TARGET_HOLD") == "1":
        sys.stdin.readline()
    if opts.asleep:
        os._exit(0)


if __name__ == "__main__":
    main()
