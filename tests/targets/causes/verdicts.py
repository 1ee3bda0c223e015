# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A target for the verdicts: one thread that is starved, threads that compete, a leak until the exit, items of slow workers,
ranks that wait for each other.

usage: verdicts.py KIND [SECONDS]. Prints "ready PID", waits for a line, works, and prints its truth as JSON.
"""
import hashlib
import json
import multiprocessing
import os
import socket
import subprocess
import sys
import threading
import time

import dcbs_profiler

profiler = dcbs_profiler.PerformanceProfiler()
BLOCK = b"x" * (1 << 20)
LEAK_BYTES = 512 << 10


def score(until):
    while time.monotonic() < until:
        with profiler.profile_section("score"):
            hashlib.sha256(BLOCK).digest()      # without the GIL


def starved(seconds):
    score(time.monotonic() + seconds)
    return {}


def competing(seconds):
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=score, args=(until,)) for _ in range(3 * len(os.sched_getaffinity(0)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {}


kept = []


def leak(seconds):
    """Everything is freed by the interpreter on its way to the exit."""
    until, calls = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        with profiler.profile_section("leaky"):
            kept.append(bytearray(LEAK_BYTES))
            calls += 1
        time.sleep(0.008)
    return {"calls": calls, "bytes": calls * LEAK_BYTES}


def fill(seconds):
    """A cache that is full after a quarter of the time: it grows at first, and keeps what it has."""
    start = time.monotonic()
    while time.monotonic() < start + seconds:
        with profiler.profile_section("cached"):
            if time.monotonic() < start + seconds / 4:
                kept.append(bytearray(LEAK_BYTES))
        time.sleep(0.008)
    return {"bytes": len(kept) * LEAK_BYTES}


def private_bytes():
    with open("/proc/self/smaps_rollup") as f:
        return sum(int(line.split()[1]) << 10 for line in f if line.startswith("Private_Dirty"))


def in_children(work, arguments):
    """Runs work(argument) in a forked child for each argument, and returns what each of them printed."""
    found = []
    for argument in arguments:
        out, into = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(out)
            with os.fdopen(into, "w") as f:
                json.dump({"pid": os.getpid(), **work(argument)}, f)
            os._exit(0)
        os.close(into)
        found.append((pid, out))
    truths = []
    for pid, out in found:
        with os.fdopen(out) as f:
            truths.append(json.load(f))
        os.waitpid(pid, 0)
    return truths


def cow(seconds):
    """Children read the parent's objects, and so write their reference counts."""
    rows = [{"question": "number %d" % i} for i in range(200_000)]

    def read(_):
        time.sleep(seconds / 4)     # so that the profiler follows the child
        before = private_bytes()
        with profiler.profile_section("read"):
            total = sum(len(row["question"]) for row in rows)
        return {"private_bytes": private_bytes() - before, "total": total}

    return {"children": in_children(read, [0, 1])}


def item(wait_s):
    time.sleep(wait_s)


def items(seconds):
    """Two children handle items by a function without a marker; one of them is slow."""

    def work(wait_s):
        start = time.monotonic()
        while time.monotonic() < start + seconds:
            item(wait_s)
        return {"wait_s": wait_s, "seconds": time.monotonic() - start}

    return {"children": in_children(work, [0.03, 0.003])}


def all_reduce(peer):
    peer.send(b"x")
    peer.recv(1)


def one_rank(seconds):
    """A rank waits for the other one after each step. Steps of rank 1 take longer."""
    number, steps = int(os.environ["RANK"]), int(seconds / 0.02)
    with socket.socket(fileno=int(os.environ["PEER"])) as peer:
        for _ in range(steps):
            with profiler.profile_section("step"):
                time.sleep(0.002 + 0.012 * number)
            with profiler.profile_section("reduce"):
                all_reduce(peer)
    return {"pid": os.getpid()}


def ranks(seconds):
    """Two ranks as a launcher executes them."""
    ends, children = socket.socketpair(), []
    for number, end in enumerate(ends):
        children.append(subprocess.Popen([sys.executable, __file__, "one_rank", str(seconds)], pass_fds=[end.fileno()], text=True,
                                         env={**os.environ, "RANK": str(number), "PEER": str(end.fileno())},
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        children[-1].stdout.readline()
    time.sleep(seconds / 4)     # so that the profiler follows the children
    for child in children:
        child.stdin.write("\n")
        child.stdin.flush()
    truth = {"children": [json.loads(child.stdout.readline()) for child in children]}
    kept.append(children)
    return truth


def work_in_pool(wait_s):
    time.sleep(wait_s)
    return os.getpid()


def pool(seconds):
    """The main thread waits for two worker processes, of which one has more to do."""
    workers = multiprocessing.get_context("fork").Pool(2)
    kept.append(workers)
    with profiler.profile_section("prepare"):
        pass
    slow, fast = workers.map(work_in_pool, [seconds, seconds / 5], chunksize=1)
    return {"slow": slow, "fast": fast}


KINDS = {"starved": starved, "competing": competing, "leak": leak, "fill": fill, "cow": cow, "items": items, "ranks": ranks,
         "one_rank": one_rank, "pool": pool}


def main():
    print("ready", os.getpid(), flush=True)
    sys.stdin.readline()
    print(json.dumps(KINDS[sys.argv[1]](float(sys.argv[2]))), flush=True)
    if "DCBS_TARGET_HOLD" in os.environ:
        sys.stdin.readline()


if __name__ == "__main__":
    main()
