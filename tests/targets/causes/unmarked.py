#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A program without markers that runs before the attach: unmarked.py cpu|disk [--seconds S].

Its main thread computes, or reads a file past the page cache; another thread waits the whole time. It has the protocol of
the C targets and prints the time of the work and the CPU time of its thread: {"wall_ns", "cpu_ns"}. It ends with status 77
if the directory DCBS_TARGET_DIR has no direct reads.
"""
import argparse
import fcntl
import json
import mmap
import os
import random
import sys
import threading
import time

BLOCK = 1 << 20
BLOCKS = 128


class Disk:
    """Reads blocks of a file without a name in random order."""

    def __init__(self):
        self.file = os.open(os.environ.get("DCBS_TARGET_DIR", "."), os.O_TMPFILE | os.O_RDWR, 0o600)
        self.block = mmap.mmap(-1, BLOCK)
        self.block.write(b"1" * BLOCK)
        for _ in range(BLOCKS):
            os.write(self.file, self.block)
        os.fdatasync(self.file)
        fcntl.fcntl(self.file, fcntl.F_SETFL, os.O_DIRECT)
        self.read()

    def read(self):
        os.preadv(self.file, [self.block], random.randrange(BLOCKS) * BLOCK)


def compute():
    return sum(i * i for i in range(10000))


def make_work(what):
    if what == "cpu":
        return compute
    try:
        return Disk().read
    except OSError as error:
        print("no direct reads: %s" % error, file=sys.stderr)
        sys.exit(77)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("work", choices=("cpu", "disk"))
    parser.add_argument("--seconds", type=float, default=1.5, metavar="S")
    opts = parser.parse_args()
    work = make_work(opts.work)
    threading.Thread(target=threading.Event().wait, daemon=True, name="waiter").start()
    print("ready", os.getpid(), flush=True)
    sys.stdin.readline()
    begun, cpu_ns = time.monotonic(), time.thread_time_ns()
    while time.monotonic() < begun + opts.seconds:
        work()
    print(json.dumps({"pid": os.getpid(), "wall_ns": int((time.monotonic() - begun) * 1e9),
                      "cpu_ns": time.thread_time_ns() - cpu_ns}), flush=True)
    if os.environ.get("DCBS_TARGET_HOLD") == "1":
        sys.stdin.readline()


if __name__ == "__main__":
    main()
