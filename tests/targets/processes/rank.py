#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A rank of a distributed run, as a launcher starts it: "step" STEPS times, which is longer in higher ranks.

Prints its account: the mean time of a step, measured inside of the section and around it.

    rank.py STEPS
"""
import json
import os
import sys
import time

from dcbs_profiler import PerformanceProfiler

profiler = PerformanceProfiler()
rank = int(os.environ["RANK"])
steps, inside, around = int(sys.argv[1]), 0, 0
for _ in range(steps):
    before = time.monotonic()
    with profiler.profile_section("step"):
        begun = time.monotonic()
        time.sleep(0.002 * (1 + rank))
        inside += time.monotonic() - begun
    around += time.monotonic() - before
sys.stdout.write(json.dumps({"rank": rank, "pid": os.getpid(), "inside_s": inside / steps, "around_s": around / steps}) + "\n")
