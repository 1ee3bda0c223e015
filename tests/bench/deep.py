# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A Python stack of FRAMES frames, which computes until its input ends.

Usage: deep.py CPU FRAMES. It pins itself and says "ready".
"""
import os
import sys
import threading

over = threading.Event()


def compute():
    while not over.is_set():
        for _ in range(100000):
            pass


def deeper(frames):
    if frames:
        deeper(frames - 1)
    else:
        compute()


def wait():
    sys.stdin.read()
    over.set()


os.sched_setaffinity(0, {int(sys.argv[1])})
threading.Thread(target=wait, daemon=True).start()
print("ready", flush=True)
deeper(int(sys.argv[2]))
