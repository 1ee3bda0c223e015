#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Two of PyTorch's operators in one section, until standard input ends, timed by the target's own clock.

    PYTHONPATH=build/python python3 tests/targets/python/operators.py

It has the protocol of the C targets. "operators" is the CPU time of each, by PyTorch's name for it, without the operators
that it calls.
"""
import json
import os
import select
import sys
import time

import torch
from dcbs_profiler import get_global_profiler

ROUND_S = 0.01


def repeat(operator, seconds):
    """Calls an operator repeatedly for that long; returns the CPU time of the calls."""
    begun, end = time.thread_time(), time.monotonic() + seconds
    while time.monotonic() < end:
        operator()
    return time.thread_time() - begun


@torch.inference_mode()
def main():
    torch.set_num_threads(1)
    values = torch.rand(256, 1024)
    operators = {"sort": lambda: torch.sort(values), "cumsum": lambda: torch.cumsum(values, 1)}
    spent = dict.fromkeys(operators, 0.0)
    profiler = get_global_profiler()
    for operator in operators.values():
        operator()
    print("ready", os.getpid(), flush=True)
    sys.stdin.readline()
    while not select.select([sys.stdin], [], [], 0)[0]:
        with profiler.profile_section("operators"):
            for n, (name, operator) in enumerate(operators.items()):
                spent[name] += repeat(operator, ROUND_S * (1 + n))
    print(json.dumps({"pid": os.getpid(), "operators": spent}), flush=True)


if __name__ == "__main__":
    main()
