#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""An evaluation that asks a server, with many questions in flight on one event loop and a bounded number of connections.

    PYTHONPATH=build/python python3 tests/targets/api/api_evaluation.py [--in-flight N] [--connections N] [--delay S] [--rate R]

The server is a process of its own on this machine, see api_eval/server.py. The sections of a question: `question` around `prompt`,
which computes, `request`, which waits for a connection and tries again after a 429, and `grade`. Inside `request` is an `attempt` for
each exchange on a connection.

It prints "ready PID", reads a line, runs, and prints its own account, see print_account(). With --ready it creates that file, runs until
SIGTERM, and prints a summary.
"""
import argparse
import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
import threading

from api_eval.api_account import Account, clock
from api_eval.client import Client
from api_eval.api_questions import Dataset, grade

SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "api_eval", "server.py")


class Evaluation:
    def __init__(self, dataset, client, account):
        self.dataset, self.client, self.account = dataset, client, account
        self.questions = itertools.cycle(dataset.questions)
        self.asked = self.right = 0
        self.stopped = False

    async def answer(self, question):
        section = self.account.section
        with section("question"):
            with section("prompt"):
                request = self.dataset.request(question)
            with section("request"):
                text = await self.client.complete(request)
            with section("grade"):
                self.right += grade(question, text)
        self.asked += 1

    async def answer_until(self, end):
        while not self.stopped and clock() < end:
            await self.answer(next(self.questions))

    async def run(self, in_flight, seconds):
        end = clock() + seconds
        await asyncio.gather(*(self.answer_until(end) for _ in range(in_flight)))


def start_server(args):
    """Returns (process, port). The server ends when its standard input is closed, which happens at this process's end."""
    command = [sys.executable, SERVER, "--delay", str(args.delay), "--rate", str(args.rate)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    return server, int(server.stdout.readline())


def print_account(account, seconds):
    """{"pid", "tid", "seconds", "refused", "waits": {kind: s}, "sections": {name: {"count", "inside_s", "around_s", "most_open"}}}"""
    print(json.dumps({"pid": os.getpid(), "tid": threading.get_native_id(), "seconds": seconds, "refused": account.refused,
                      "waits": account.waits, "sections": account.times}), flush=True)


def print_summary(evaluation, seconds):
    account, times = evaluation.account, evaluation.account.times
    print("asked %d questions in %.1f s, %.1f %% right; %d attempts were refused with 429" %
          (evaluation.asked, seconds, 100.0 * evaluation.right / max(1, evaluation.asked), account.refused))
    print("waited %.1f s for a connection, %.1f s to try again, %.1f s for answers" %
          (account.waits["pool"], account.waits["back-off"], times["attempt"]["inside_s"]))
    for name, t in times.items():
        print("  %-10s %6d calls %9.3f s, at most %d at once" % (name, t["count"], t["inside_s"], t["most_open"]))


async def wait_for_line():
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)


async def evaluate(args, port):
    account = Account()
    client = Client(port, args.connections, account)
    evaluation = Evaluation(Dataset(200), client, account)
    await evaluation.run(1, 0.001)      # the thread has sections before the profiler attaches
    account.clear()
    begin = clock()
    if args.ready:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, setattr, evaluation, "stopped", True)
        open(args.ready, "w").close()
        await evaluation.run(args.in_flight, args.seconds)
        print_summary(evaluation, clock() - begin)
    else:
        print("ready", os.getpid(), flush=True)
        await wait_for_line()
        begin = clock()
        await evaluation.run(args.in_flight, args.seconds)
        print_account(account, clock() - begin)
        await wait_for_line()
    client.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--in-flight", type=int, default=64, help="questions in flight (64)")
    parser.add_argument("--connections", type=int, default=64, help="most connections to the server (64)")
    parser.add_argument("--delay", type=float, default=0.2, help="seconds that the server takes for an answer (0.2)")
    parser.add_argument("--rate", type=float, default=0, help="requests a second that the server takes (any)")
    parser.add_argument("--seconds", type=float, default=2.0, help="begin questions for so long (2)")
    parser.add_argument("--ready", metavar="FILE", help="create this file when it runs, and run until SIGTERM")
    args = parser.parse_args()
    server, port = start_server(args)
    try:
        asyncio.run(evaluate(args, port))
    finally:
        server.stdin.close()
        server.wait()


if __name__ == "__main__":
    main()
