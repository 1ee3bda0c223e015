# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A real evaluation (tests/targets/evaluation/evaluation.py) that answers one question at a time, on request.

Usage: question_turns.py CPU. It pins itself, prints "ready", and answers requests as in burst.h:

    question N  answers question N; the CPU time of that, in seconds
    wall        the time of that by the clock
    attached    how many profilers are attached

Two of these take turns, question by question, one of them with a profiler, and then the other one. Whole runs of some
seconds, one after the other, differ by a tenth on a busy machine, as the load of its neighbours changes that slowly. Turns
of some hundredths of a second meet the same neighbours. Differences between the two processes (the place of their memory,
which of their pages are huge) are on either side once. CPU time has the profiler's probes, BPF programs and page faults in
it, but no neighbour's time slice.
"""
import os
import sys
import tempfile
import time

import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "targets", "evaluation"))
import dcbs_profiler  # noqa: E402
import evaluation as target  # noqa: E402
from dcbs_eval import model  # noqa: E402
from dcbs_eval.account import Account  # noqa: E402

QUESTIONS = 200
WARM = 20


def load():
    with tempfile.TemporaryDirectory(prefix="dcbs-bench-") as folder:
        weights = os.path.join(folder, "weights.pt")
        model.save_random(weights, 1)
        return target.Evaluation(weights, 1, QUESTIONS, Account())


def answer(evaluation, number):
    """(CPU time, wall time)"""
    wall, cpu = time.perf_counter(), time.process_time()
    evaluation.answer(number % QUESTIONS)
    return time.process_time() - cpu, time.perf_counter() - wall


@torch.inference_mode()
def main():
    os.sched_setaffinity(0, {int(sys.argv[1])})
    torch.set_num_threads(1)
    evaluation, wall = load(), 0.0
    for number in range(WARM):
        answer(evaluation, number)
    print("ready", flush=True)
    for line in sys.stdin:
        name, *argument = line.split()
        figure = {"wall": wall, "attached": dcbs_profiler.attached()}.get(name, -1)
        if name == "question":
            figure, wall = answer(evaluation, int(argument[0]))
        print(figure, flush=True)


main()
