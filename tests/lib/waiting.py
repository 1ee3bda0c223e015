# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Polls until something is true: any condition, or probes that come to a target and go."""
import contextlib
import os
import time


def wait_until(condition, timeout=20, what="a condition"):
    """Raises AssertionError if the condition is still false after `timeout` seconds."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("no %s after %g s" % (what, timeout))
        time.sleep(0.005)


def child_of(pid):
    """Waits for the first child of a process; its PID, as we see it."""
    path = "/proc/%d/task/%d/children" % (pid, pid)

    def children():
        with open(path) as f:
            return [int(child) for child in f.read().split()]
    wait_until(children, what="child of %d" % pid)
    return children()[0]


def holds_perf_events(pid):
    """Returns true if the process holds perf events: a profiler that does is past its attach, or nearly."""
    try:
        return any("perf_event" in os.readlink("/proc/%d/fd/%s" % (pid, fd)) for fd in os.listdir("/proc/%d/fd" % pid))
    except OSError:
        return False


def semaphore_addresses(pid):
    """
    The address of the semaphore of each copy of the markers in a target. The note of the copy leads to it, see
    include/bpfprof/marker_abi.h.
    """
    seen, addresses = set(), []
    with open("/proc/%d/maps" % pid) as maps:
        lines = [line.split(None, 5) for line in maps]
    for fields in lines:
        if len(fields) < 6 or fields[4] == "0" or fields[4] in seen:
            continue
        seen.add(fields[4])
        with contextlib.suppress(OSError):
            start, end = (int(address, 16) for address in fields[0].split("-"))     # map_files has no leading zeros
            with open("/proc/%d/map_files/%x-%x" % (pid, start, end), "rb") as f:
                data = f.read(64 << 20)
            at = data.find(b"sbcddcbs\0")
            if at < 0:
                continue
            word = at + 4 + 8 + 8 + 8          # name, abi and pad, flush
            addresses.append(start - int(fields[2], 16) + word + int.from_bytes(data[word:word + 8], "little", signed=True))
    return addresses


def attached(pid):
    """How many probes the kernel counts on the markers of a target; of several copies, on the one with the most. 0: none."""
    counts = [0]
    with contextlib.suppress(OSError), open("/proc/%d/mem" % pid, "rb") as mem:
        for address in semaphore_addresses(pid):
            mem.seek(address)
            counts.append(int.from_bytes(mem.read(2), "little"))
    return max(counts)


def wait_detached(pid, timeout=20):
    """Waits until the kernel has removed all probes from a target's markers, which it does some time after the detach.

    Returns how many are left.
    """
    end = time.monotonic() + timeout
    while attached(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return attached(pid)
