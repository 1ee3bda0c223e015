#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A process whose main thread, pool thread and child each spend time outside of sections, and clock it.

    roles.py [sections]

With "sections", another thread has sections, too. Prints "ready PID", waits for a line, works, and prints one line of JSON: for each
role the seconds for which its thread lived and those that it spent in sections, and the PIDs.
"""
import json
import os
import sys
import threading
import time

from dcbs_profiler import PerformanceProfiler

profiler = PerformanceProfiler()


def compute(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(100))


def in_section(name, seconds):
    """Returns the time that the section lasted."""
    begun = time.monotonic()
    with profiler.profile_section(name):
        time.sleep(seconds / 2)
        compute(seconds / 2)
    return time.monotonic() - begun


def pool():
    compute(0.1)
    time.sleep(0.3)
    return 0


def with_sections():
    time.sleep(0.1)
    compute(0.1)
    return in_section("thread", 0.2)


def helper():
    compute(0.15)
    time.sleep(0.1)
    return 0


def clocked(role, work, truth):
    begun = time.monotonic()
    inside_s = work()
    truth[role] = {"lived_s": time.monotonic() - begun, "sections_s": inside_s}


def fork_helper():
    """Returns the PID of the child, and the end of a pipe that it writes its times to."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        truth = {}
        clocked("helper", helper, truth)
        os.write(writer, json.dumps(truth).encode())
        os._exit(0)
    os.close(writer)
    return pid, reader


def main():
    print("ready", os.getpid(), flush=True)
    sys.stdin.readline()
    truth = {"pid": os.getpid()}
    truth["helper_pid"], reader = fork_helper()
    works = {"pool": pool, **({"sections": with_sections} if "sections" in sys.argv else {})}
    threads = [threading.Thread(target=clocked, args=(role, work, truth)) for role, work in works.items()]
    for thread in threads:
        thread.start()
    inside_s = in_section("main", 0.2)
    compute(0.1)
    for thread in threads:
        thread.join()
    truth.update(json.loads(os.read(reader, 4096)))
    os.waitpid(truth["helper_pid"], 0)
    truth["main"] = {"sections_s": inside_s}
    print(json.dumps(truth), flush=True)
    if os.environ.get("DCBS_TARGET_HOLD"):
        sys.stdin.readline()


if __name__ == "__main__":
    main()
