#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Python functions that compute and wait, each for a time that it measures.

    PYTHONPATH=build/python python3 tests/targets/python/waits.py [--rounds N]

Everything happens in the section `work`, the call of deeper() also in `inner`, which is inside of it. Some functions wait
long, some often and shortly, and some in turns with one that waits in another way. Their times are printed at the end:

    {"pid", "functions": {NAME: seconds}, "rounds", "total_s"}
"""
import argparse
import functools
import json
import os
import socket
import sys
import threading
import time

from dcbs_profiler import PerformanceProfiler

LONG_S = 0.03
SHORT_S = 0.0002
SHORTS = 40
TURNS = 5
clock = time.monotonic
spent = {}


def timed(function):
    @functools.wraps(function)
    def wrapper(*args):
        begin = clock()
        function(*args)
        spent[function.__name__] = spent.get(function.__name__, 0) + clock() - begin
    return wrapper


def spin(seconds):
    end = clock() + seconds
    while clock() < end:
        pass


@timed
def compute():
    end = clock() + LONG_S
    while clock() < end:
        pass


@timed
def deeper():
    spin(LONG_S)


@timed
def sleep_long():
    time.sleep(LONG_S)


@timed
def sleep_often():
    for _ in range(SHORTS):
        time.sleep(SHORT_S)


@timed
def sleep_little():
    time.sleep(0.001)


@timed
def sleep_more():
    time.sleep(0.009)


def in_turns():
    """Alternates two waits, so that those of one always begin equally long after those of the other."""
    for _ in range(TURNS):
        sleep_little()
        sleep_more()


class Others:
    """A thread that on request holds a lock for some time, or writes into a socket after some time."""

    def __init__(self):
        self.lock, self.asked, self.held = threading.Lock(), threading.Semaphore(0), threading.Semaphore(0)
        self.here, self.there = socket.socketpair()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            self.asked.acquire()
            with self.lock:
                self.held.release()
                time.sleep(LONG_S)
            self.asked.acquire()
            time.sleep(LONG_S)
            self.there.send(b"x")

    def hold(self):
        self.asked.release()
        self.held.acquire()

    @staticmethod
    @timed
    def wait_lock(lock):
        with lock:
            pass

    @staticmethod
    @timed
    def read(here):
        here.recv(1)

    def wait(self):
        self.hold()
        self.wait_lock(self.lock)
        self.asked.release()
        self.read(self.here)


def one_round(profiler, others):
    compute()
    with profiler.profile_section("inner"):
        deeper()
    sleep_long()
    sleep_often()
    in_turns()
    others.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=30, metavar="N")
    opts = parser.parse_args()
    profiler, others = PerformanceProfiler(), Others()
    print("ready", os.getpid(), flush=True)
    sys.stdin.readline()
    begin = clock()
    with profiler.profile_section("work"):
        for _ in range(opts.rounds):
            one_round(profiler, others)
    total_s = clock() - begin
    print(json.dumps({"pid": os.getpid(), "functions": spent, "rounds": opts.rounds, "total_s": total_s}), flush=True)
    if os.environ.get("DCBS_TARGET_HOLD") == "1":
        sys.stdin.readline()


if __name__ == "__main__":
    main()
