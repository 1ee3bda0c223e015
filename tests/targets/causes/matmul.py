#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Matrix products on several of PyTorch's threads, in sections of the thread that asks for them.

    PYTHONPATH=build/python python3 tests/targets/causes/matmul.py [--threads N] [--calls N]

It has the protocol of the C targets. "workers_cpu_ns" is the CPU time of all other threads from before the first section
until after the last, by /proc/self/task/TID/schedstat. A section is many products, so little time lies between sections.
oneDNN computes the products on PyTorch's OpenMP threads, whichever BLAS is installed: Debian's has one thread.
"""
import argparse
import json
import os
import sys
import threading
import time

import torch
from dcbs_profiler import get_global_profiler
from torch.utils import mkldnn

SIZE = 512
CALL_S = 0.25


def cpu_of_others_ns():
    own, total = threading.get_native_id(), 0
    for task in os.listdir("/proc/self/task"):
        if int(task) != own:
            with open("/proc/self/task/%s/schedstat" % task) as file:
                total += int(file.read().split()[0])
    return total


def make_product():
    """Returns a function that multiplies two matrices."""
    linear, x = mkldnn.to_mkldnn(torch.nn.Linear(SIZE, SIZE, bias=False).eval()), torch.rand(SIZE, SIZE).to_mkldnn()
    return lambda: linear(x)


def multiply(product, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        product()


def call(profiler, product, times, cost):
    cpu_before, before = time.thread_time_ns(), time.monotonic_ns()
    with profiler.profile_section("matmul"):
        begun, cpu_begun = time.monotonic_ns(), time.thread_time_ns()
        multiply(product, CALL_S)
        cpu_ending, ending = time.thread_time_ns(), time.monotonic_ns()
    after, cpu_after = time.monotonic_ns(), time.thread_time_ns()
    times["count"] += 1
    times["total_ns"] += ending - begun
    times["around"]["total_ns"] += after - before
    cost["cpu_ns"] += cpu_ending - cpu_begun
    cost["around"]["cpu_ns"] += cpu_after - cpu_before


@torch.inference_mode()
def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--threads", type=int, default=2, metavar="N")
    parser.add_argument("--calls", type=int, default=6, metavar="N")
    opts = parser.parse_args()
    torch.set_num_threads(opts.threads)
    product, profiler = make_product(), get_global_profiler()
    times = {"count": 0, "errors": 0, "items": 0, "total_ns": 0, "around": {"total_ns": 0}}
    cost = {"cpu_ns": 0, "around": {"cpu_ns": 0}}
    multiply(product, 0.05)     # the pool exists before the attach
    print("ready", os.getpid(), flush=True)
    sys.stdin.readline()
    others_ns = cpu_of_others_ns()
    for _ in range(opts.calls):
        call(profiler, product, times, cost)
    print(json.dumps({"pid": os.getpid(), "threads": len(os.listdir("/proc/self/task")),
                      "workers_cpu_ns": cpu_of_others_ns() - others_ns,
                      "sections": {"matmul": times}, "accounts": {"matmul": cost}}), flush=True)
    if os.environ.get("DCBS_TARGET_HOLD") == "1":
        sys.stdin.readline()


if __name__ == "__main__":
    main()
