#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Obeys commands, one line of JSON at a time, and asks for its own stats: ["work", 3], ["stats"], ["report"], ...

    PYTHONPATH=build/python python3 tests/targets/python/asks.py

The answer is a line of JSON, too. The answer to `work` is the truth by the target's own clocks.
"""
import atexit
import json
import os
import socket
import sys
import threading
import time

import dcbs_profiler
from dcbs_profiler import _attached

profiler = dcbs_profiler.PerformanceProfiler()
section = profiler.profile_section
kept = []
NAMES = ["", "\x1b[31mred", "é" * 100, "x" * 200, "\ud800", "a\0b", "\u202eback", "\ufffe", "\U0001f600", "tag \U000e0041", "a\tb\\"]


def compute(seconds):
    """Computes for that much CPU time."""
    end, total = time.thread_time() + seconds, 0
    while time.thread_time() < end:
        total += sum(range(2000))
    return total


def work(times=1, mib=0):
    truth = {"compute_s": 0.0, "compute_cpu_s": 0.0, "rest_s": 0.0, "bytes": 0}
    for _ in range(times):
        with section("outer"):
            begun, cpu = time.monotonic(), time.thread_time()
            with section("computes"):
                compute(0.1)
            cpu, middle = time.thread_time() - cpu, time.monotonic()
            with section("rests"):
                time.sleep(0.05)
                kept.append(bytearray(b"\1") * (mib << 20))
            truth["rest_s"] += time.monotonic() - middle
            truth["compute_s"] += middle - begun
            truth["compute_cpu_s"] += cpu
            truth["bytes"] += mib << 20
    return truth


def strange():
    for name in NAMES:
        with section(name):
            pass


def many(number):
    """Runs that many sections with long names and wide histograms, for a large document."""
    for i in range(number):
        for turns in range(6):
            with section("many %03d " % i + "m" * 80):
                sum(range(4 ** turns))


def stats():
    found = profiler.get_section_stats()
    for one in found.values():
        one.pop("histogram")
        one.get("window", {}).pop("histogram", None)
    return found


def timed(name, times=1):
    """Returns how long each call takes, and how many of the answers had the profiler's stats."""
    took, seen = [], 0
    for _ in range(times):
        start = time.monotonic()
        text = getattr(profiler, name)(*["outer"] * (name == "get_profile_stats"))
        took.append(time.monotonic() - start)
        seen += "window" in next(iter(text.values())) if isinstance(text, dict) else "Seen by" in text
    return {"took": took, "seen": seen}


def threads(number):
    """Asks from several threads at once; returns each thread's answer on the section `outer`."""
    barrier, seen = threading.Barrier(number), []

    def one():
        barrier.wait()
        seen.append(profiler.get_section_stats()["outer"])

    several = [threading.Thread(target=one) for _ in range(number)]
    for thread in several:
        thread.start()
    for thread in several:
        thread.join()
    return [{"count": s["count"], "window": s.get("window", {}).get("count")} for s in seen]


def fork():
    """Returns a forked child's answers."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        with os.fdopen(write, "w") as f:
            found = stats()
            json.dump({"attached": dcbs_profiler.attached(), "outer": found["outer"], "report": profiler.generate_report()}, f)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as f:
        answer = json.load(f)
    os.waitpid(pid, 0)
    return answer


def connect():
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(10)
    connection.connect(_attached._address())
    return connection


def raw(text, repeat=1, wait_s=0):
    """Sends a request without the module and reads to the end. Returns the first line, the number of bytes, and the time."""
    start, received, error = time.monotonic(), b"", ""
    with connect() as connection:
        try:
            for _ in range(repeat):
                connection.sendall(text.encode())
            time.sleep(wait_s)
        except OSError as e:
            error = type(e).__name__
        try:
            while True:
                part = connection.recv(1 << 20)
                if not part:
                    break
                received += part
        except OSError as e:
            error = error or type(e).__name__
    line, _, rest = received.partition(b"\n")
    return {"line": line.decode(), "bytes": len(rest), "whole": rest.endswith(b"}\n"), "error": error, "took": time.monotonic() - start}


def silent(number):
    """Opens that many silent connections; returns the time until the last of them is closed."""
    start, several = time.monotonic(), [connect() for _ in range(number)]
    for connection in several:
        with connection:
            connection.recv(1)
    return time.monotonic() - start


def address():
    return _attached._address()[1:]


def forget():
    """Forgets all answers, as if the module had never asked."""
    _attached._after_fork()


def late():
    """Asks once more when the interpreter shuts down, from atexit and from finalisers."""
    class Late:
        def __del__(self):
            assert profiler.get_section_stats()["outer"]["count"]

    atexit.register(lambda: print(json.dumps("Seen by" in profiler.generate_report()), flush=True))
    sys.late = Late()
    kept.append(Late())


def main():
    commands = {"report": profiler.generate_report, "profile": profiler.get_profile_stats, "timing": profiler.get_timing_summary}
    print("ready", os.getpid(), flush=True)
    for line in sys.stdin:
        if line.strip():
            name, *arguments = json.loads(line)
            answer = commands.get(name) or globals()[name]
            print(json.dumps(answer(*arguments)), flush=True)


main()
