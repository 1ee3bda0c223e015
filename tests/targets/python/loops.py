#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""An evaluation on one event loop, against a server in another process that answers after a planted delay.

    PYTHONPATH=build/python python3 tests/targets/python/loops.py KIND [--seconds S] [--uvloop]

Each "request" is a section of a coroutine. The kinds:

    held       30 requests in flight; a function computes for 0.25 s at once, every half a second ("score")
    blocked    the same, but the function sleeps instead of computing
    steps      30 coroutines compute 2 ms each in turn: the loop is busy, and no step is long
    low        batches of 40 requests, of which one takes ten times as long as the others
    limited    a semaphore lets 4 requests in flight
    server     60 requests in flight, each of which takes 0.7 s
    one        one request after the other
    various    in turn: a timer, a request, a call in another thread, and a pipe from another process
    pauses     60 coroutines that sleep
    executor   30 coroutines whose calls wait for one of 2 threads

With --uvloop there is no selector of its own, and nothing is known of its waits.

Prints what its own selector measured from "go" on. A wait is a call of select() that lasted 50 us or more; `only` and `also` have the
time of those that only that kind of file ended, and of those that it may have ended:

    {"pid", "waited_s", "held_s", "holds", "hold_max_s", "step_max_s", "in_flight", "most", "only": {kind: s}, "also": {kind: s}}
"""
import argparse
import asyncio
import concurrent.futures
import json
import os
import selectors
import socket
import stat
import sys
import threading
import time

from dcbs_profiler import PerformanceProfiler

WAIT_S = 50e-6  # a shorter call of select() may have returned at once
HOLD_S = 0.25

profiler = PerformanceProfiler()


# ---- the server, a process of its own ----

async def answer(reader, writer):
    delay = float(await reader.readline())
    await asyncio.sleep(delay)
    writer.write(b"answer\n")
    writer.close()


async def serve(port_to):
    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1000)
    os.write(port_to, b"%d\n" % server.sockets[0].getsockname()[1])
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


def start_server():
    """Forks the server, which ends with this process."""
    read_end, write_end = os.pipe()
    stdin_from, stdin_to = os.pipe()
    if not os.fork():
        os.close(stdin_to)
        os.dup2(stdin_from, 0)
        asyncio.run(serve(write_end))
        os._exit(0)
    os.close(stdin_from)
    return int(os.read(read_end, 100)), stdin_to


# ---- the target's own measure ----

class TimedSelector(selectors.EpollSelector):
    """Notes when select() was called, when it returned, and which kinds of files were ready."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def select(self, timeout=None):
        before = time.perf_counter()
        ready = super().select(timeout)
        self.calls.append((before, time.perf_counter(), {kind_of(key.fd) for key, _ in ready} or {"timer_s"}))
        return ready


def kind_of(fd):
    """Threads of this process wake the loop by a local socket."""
    mode = os.fstat(fd).st_mode
    if not stat.S_ISSOCK(mode):
        return "pipe_s"
    with socket.socket(fileno=os.dup(fd)) as s:
        return "thread_s" if s.family == socket.AF_UNIX else "network_s"


def measure(calls, begin, end):
    """A hold lasts from the end of a wait to the beginning of the next one."""
    waits = [call for call in calls if call[1] - call[0] >= WAIT_S and call[0] >= begin and call[1] <= end]
    holds = [later[0] - earlier[1] for earlier, later in zip(waits, waits[1:])]
    waited = sum(a - b for b, a, _ in waits)
    kinds = ("network_s", "timer_s", "thread_s", "pipe_s")
    return {"waited_s": waited, "held_s": end - begin - waited, "holds": len(holds), "hold_max_s": max(holds, default=0),
            "only": {kind: sum(a - b for b, a, found in waits if found == {kind}) for kind in kinds},
            "also": {kind: sum(a - b for b, a, found in waits if kind in found) for kind in kinds}}


class InFlight:
    """The mean and the most of the coroutines that were in a section."""

    def __init__(self):
        self.now = self.most = self.sum = 0
        self.since = time.perf_counter()

    def change(self, by):
        now = time.perf_counter()
        self.sum += self.now * (now - self.since)
        self.since = now
        self.now += by
        self.most = max(self.most, self.now)


in_flight = InFlight()
longest_step = [0.0]


# ---- the evaluation ----

async def request(port, delay):
    in_flight.change(1)
    with profiler.profile_section("request"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"%f\n" % delay)
        await reader.readline()
        writer.close()
    in_flight.change(-1)


async def ask_until(port, delay, end):
    while time.perf_counter() < end:
        await request(port, delay)


def note_step(begin):
    longest_step[0] = max(longest_step[0], time.perf_counter() - begin)


def burn(seconds):
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        pass
    note_step(begin)


def encode():
    begin = time.perf_counter()
    while time.perf_counter() - begin < HOLD_S:
        pass
    note_step(begin)


def fetch_blocking():
    begin = time.perf_counter()
    time.sleep(HOLD_S)
    note_step(begin)


async def score_until(hold, end):
    """The last one ends while requests are in flight."""
    while time.perf_counter() < end - 3 * HOLD_S:
        await asyncio.sleep(HOLD_S)
        in_flight.change(1)
        with profiler.profile_section("score"):
            hold()
        in_flight.change(-1)


async def held(port, end, hold=encode):
    await asyncio.gather(score_until(hold, end), *(ask_until(port, 0.03, end) for _ in range(30)))


async def blocked(port, end):
    await held(port, end, fetch_blocking)


async def compute_until(end):
    while time.perf_counter() < end:
        in_flight.change(1)
        with profiler.profile_section("request"):
            burn(0.002)
            await asyncio.sleep(0)
        in_flight.change(-1)


async def steps(_, end):
    await asyncio.gather(*(compute_until(end) for _ in range(30)))


async def low(port, end):
    while time.perf_counter() < end:
        await asyncio.gather(*(request(port, 0.03 if number else 0.3) for number in range(40)))


async def ask_within(limit, port, end):
    while time.perf_counter() < end:
        async with limit:
            await request(port, 0.02)


async def limited(port, end):
    limit = asyncio.Semaphore(4)
    await asyncio.gather(*(ask_within(limit, port, end) for _ in range(100)))


async def server(port, end):
    await asyncio.gather(*(ask_until(port, 0.7, end) for _ in range(60)))


async def one(port, end):
    await ask_until(port, 0.02, end)


# ---- waits for something else than the network ----

def start_echo(delay):
    """Forks a process that answers each byte of a pipe after the delay, and ends with this process. Returns (to write to, to read from)."""
    question_from, question_to = os.pipe()
    answer_from, answer_to = os.pipe()
    if not os.fork():
        os.close(question_to)
        while os.read(question_from, 1):
            time.sleep(delay)
            os.write(answer_to, b".")
        os._exit(0)
    os.close(question_from)
    os.close(answer_to)
    return question_to, answer_from


async def open_pipe(fd):
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb"))
    return reader


async def section(awaited):
    in_flight.change(1)
    with profiler.profile_section("request"):
        await awaited
    in_flight.change(-1)


async def read_pipe(question_to, reader):
    os.write(question_to, b".")
    await reader.readexactly(1)


async def various(port, end):
    question_to, answer_from = start_echo(0.02)
    reader, loop = await open_pipe(answer_from), asyncio.get_running_loop()
    while time.perf_counter() < end:
        await section(asyncio.sleep(0.02))
        await section(loop.run_in_executor(None, time.sleep, 0.02))
        await request(port, 0.02)
        await section(read_pipe(question_to, reader))


async def pause_until(number, end):
    while time.perf_counter() < end:
        await section(asyncio.sleep(0.1 + 0.003 * number))


async def pauses(_, end):
    await asyncio.gather(*(pause_until(number, end) for number in range(60)))


async def call_until(pool, end):
    while time.perf_counter() < end:
        await section(asyncio.get_running_loop().run_in_executor(pool, time.sleep, 0.02))


async def executor(_, end):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        await asyncio.gather(*(call_until(pool, end) for _ in range(30)))


KINDS = {kind.__name__: kind for kind in (held, blocked, steps, low, limited, server, one, various, pauses, executor)}


async def evaluate(args, port, selector):
    await request(port, 0.001)      # the thread has a section before the profiler attaches
    print("ready", os.getpid(), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    in_flight.__init__()
    begin = time.perf_counter()
    await KINDS[args.kind](port, begin + args.seconds)
    end = time.perf_counter()
    in_flight.change(0)
    truth = measure(selector.calls, begin, end)
    truth.update(pid=os.getpid(), tid=threading.get_native_id(), step_max_s=longest_step[0],
                 in_flight=in_flight.sum / (end - begin), most=in_flight.most)
    print(json.dumps(truth), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--uvloop", action="store_true")
    args = parser.parse_args()
    port, _ = start_server()
    selector = TimedSelector()
    if args.uvloop:
        import uvloop
        loop = uvloop.new_event_loop()
    else:
        loop = asyncio.SelectorEventLoop(selector)
    loop.run_until_complete(evaluate(args, port, selector))


main()
