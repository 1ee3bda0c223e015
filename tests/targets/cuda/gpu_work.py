#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The same evaluations as gpu_work.c, in Python by ctypes.

    LD_LIBRARY_PATH=FOLDER_OF_THE_STUB PYTHONPATH=build/python python3 tests/targets/cuda/gpu_work.py SECONDS NAME...
"""
import ctypes
import json
import os
import sys
import time

from dcbs_profiler import get_global_profiler

COPY_BYTES = 64 << 20
KEYS = ("sync_ns", "copy_ns", "launch_ns", "full_ns", "syncs", "copies", "launches", "idle", "h2d_bytes", "d2h_bytes")

driver = ctypes.CDLL("libcuda.so.1")
driver.cuLaunchKernel.argtypes = [ctypes.c_void_p] + [ctypes.c_uint] * 7 + [ctypes.c_void_p] * 3
driver.cuMemcpyHtoD_v2.argtypes = [ctypes.c_uint64, ctypes.c_void_p, ctypes.c_size_t]
driver.cuMemcpyDtoH_v2.argtypes = [ctypes.c_void_p, ctypes.c_uint64, ctypes.c_size_t]
driver.stub_account.restype = ctypes.POINTER(ctypes.c_uint64)
logit = ctypes.c_float()


def compute(ns):
    end = time.perf_counter_ns() + ns
    while time.perf_counter_ns() < end:
        pass


around = 0              # the time of calls that wait or copy, by this program's clock


def timed(call, *arguments):
    global around
    start = time.monotonic_ns()
    call(*arguments)
    around += time.monotonic_ns() - start


def launch_kernels(number, kernel_ns, host_ns=0):
    for _ in range(number):
        driver.cuLaunchKernel(kernel_ns, 1, 1, 1, 1, 1, 1, 0, None, None, None)
        compute(host_ns)


def gpu():
    launch_kernels(20, 400000)
    timed(driver.cuStreamSynchronize, None)


def launch():
    launch_kernels(200, 2000, 8000)
    timed(driver.cuStreamSynchronize, None)


def copy():
    timed(driver.cuMemcpyHtoD_v2, 1, ctypes.addressof(logit), COPY_BYTES)


def item():
    launch_kernels(30, 20000)
    timed(driver.cuMemcpyDtoH_v2, ctypes.addressof(logit), 1, 4)


def full():
    launch_kernels(100, 50000)


def cpu():
    compute(5000000)


def work_for(function, seconds):
    profiler, account = get_global_profiler(), driver.stub_account()
    before, before_around, start = account[:len(KEYS)], around, time.monotonic_ns()
    while time.monotonic_ns() < start + seconds * 1e9:
        with profiler.profile_section(function.__name__):
            function()
    total = time.monotonic_ns() - start
    spent = {key: after - old for key, old, after in zip(KEYS, before, account[:len(KEYS)])}
    spent["around_ns"] = around - before_around
    driver.cuStreamSynchronize(None)
    return {"total_ns": total, **spent}


def main():
    works = {function.__name__: function for function in (gpu, launch, copy, item, full, cpu)}
    assert driver.cuInit(0) == 0
    print("ready", os.getpid(), flush=True)
    sys.stdin.readline()
    truth = {name: work_for(works[name], float(sys.argv[1])) for name in sys.argv[2:]}
    print(json.dumps({"pid": os.getpid(), "gpu": truth}), flush=True)
    if os.environ.get("DCBS_TARGET_HOLD") == "1":
        sys.stdin.readline()


if __name__ == "__main__":
    main()
