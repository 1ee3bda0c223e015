#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""An evaluation to profile: a small transformer answers multiple-choice questions by category-based sampling.

    PYTHONPATH=build/python python3 tests/targets/evaluation/evaluation.py --seconds 12

Its sections: model_loading; then for each question `question` (items: the tokens of its prompt and answer)
around tokenization, generation (forward_pass and sampling for each token, clustering where the cluster
cache has no answer) and scoring. The answers depend on the seed alone, profiler or not.
"""
import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time

try:
    import dcbs_profiler  # noqa: F401, used by dcbs_eval.account
except ImportError as error:
    sys.exit(f"evaluation.py: {error}; run it with PYTHONPATH=build/python (after make), or make install-python first")
try:
    import torch
except ImportError as error:
    sys.exit(f"evaluation.py: {error}; install python3-torch and run it with /usr/bin/python3")

from dcbs_eval import model as language_model
from dcbs_eval.account import Account
from dcbs_eval.questions import LETTERS, Tokenizer, make_questions
from dcbs_eval.sampler import Sampler

FREE_TOKENS = 4  # that the model writes before its answer


class Evaluation:
    """A loaded model and its answers so far."""

    def __init__(self, weights, seed, count, account):
        self.account = account
        with account.section("model_loading"):
            self._model = language_model.load(weights)
        self._tokenizer = Tokenizer(language_model.VOCABULARY)
        self._letters = self._tokenizer.letter_ids()
        self._sampler = Sampler(self._model.tokens.weight, account)
        self._questions = make_questions(count, seed)
        self._chance = random.Random(seed)
        self.answers = [None] * count
        self.answered = self.right = self.changed = 0
        self.confidence = 0.0

    def _forward(self, ids, past):
        with self.account.forward_pass():
            return self._model(ids, past)

    def _generate(self, ids):
        """Generates some tokens, then one of the letters; returns its id and the logits from which it was chosen."""
        with self.account.generation(FREE_TOKENS + 1):
            logits, past = self._forward(ids, None)
            for _ in range(FREE_TOKENS):
                logits, past = self._forward([self._sampler.choose(logits)], past)
            return self._sampler.choose(logits, self._letters), logits

    def _score(self, question, token, logits):
        """Counts the answer and its confidence: the letter's share of the letters' probability."""
        with self.account.section("scoring"):
            chosen = self._letters.index(token)
            self.right += LETTERS[chosen] == question.right
            self.confidence += logits[self._letters].softmax(dim=0)[chosen].item()
            return LETTERS[chosen]

    def answer(self, number):
        question = self._questions[number]
        with self.account.section("question") as mark:
            with self.account.section("tokenization"):
                ids = self._tokenizer.encode(question.prompt)
            letter = self._score(question, *self._generate(ids))
            mark.items(len(ids) + FREE_TOKENS + 1)
        self.answered += 1
        self.changed += self.answers[number] not in (None, letter)
        self.answers[number] = letter

    def order(self):
        """Yields all questions in order once, and from then on in another order each round."""
        order = list(range(len(self._questions)))
        while True:
            yield from order
            self._chance.shuffle(order)

    def result(self):
        n = self.answered
        return {**self.account.summary(), "answers": self.answers, "answered": n, "changed": self.changed,
                "accuracy": self.right / n if n else None, "confidence": self.confidence / n if n else None}


def stop_on_signals():
    """SIGTERM and SIGINT end the evaluation after the current question: the list is then no longer empty."""
    stopped = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.append(True))
    return stopped


def run(evaluation, count, seconds, stopped):
    """Answers every question once, then goes on until the time is over."""
    end = time.perf_counter() + seconds
    for number in evaluation.order():
        if stopped or (evaluation.answered >= count and time.perf_counter() >= end):
            break
        evaluation.answer(number)


def print_summary(result, elapsed):
    accuracy = "-" if result["accuracy"] is None else f"{100 * result['accuracy']:.1f} %"
    print(f"answered {result['answered']} questions in {elapsed:.1f} s, {accuracy} right, {result['changed']} changed")
    for name, times in sorted(result["sections"].items(), key=lambda item: -item[1]["total_s"]):
        print(f"  {name:<14} {times['count']:>7} calls {times['total_s']:>9.3f} s")
    for name, cache in result["caches"].items():
        print(f"  {name:<14} {cache['hits']:>7} hits  {cache['misses']:>9} misses {cache['size_bytes'] >> 10:>7} KiB")


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--questions", type=int, default=100, metavar="N", help="number of questions (100)")
    parser.add_argument("--seconds", type=float, default=0, metavar="S", help="go on answering for so long (once each)")
    parser.add_argument("--seed", type=int, default=1, help="of the weights and the questions (1)")
    parser.add_argument("--threads", type=int, default=1, metavar="T", help="PyTorch's intra-op threads (1)")
    parser.add_argument("--account", metavar="FILE", help="write its own account there, as JSON")
    parser.add_argument("--ready", metavar="FILE", help="create this file when the model is loaded")
    parser.add_argument("--wait-ready", type=float, default=0, metavar="S", help="sleep before the first section (0)")
    parser.add_argument("--gate", action="store_true", help="print 'ready PID' and read a line before the first section")
    return parser.parse_args()


def wait(opts):
    """Waits, so that a profiler can attach before the first section."""
    if opts.gate:
        print("ready", os.getpid(), flush=True)
        sys.stdin.readline()
    time.sleep(opts.wait_ready)


@torch.inference_mode()
def main():
    opts = options()
    stopped = stop_on_signals()
    torch.set_num_threads(opts.threads)
    with tempfile.TemporaryDirectory(prefix="dcbs-evaluation-") as directory:
        weights = os.path.join(directory, "weights.pt")
        language_model.save_random(weights, opts.seed)
        wait(opts)
        start = time.perf_counter()
        evaluation = Evaluation(weights, opts.seed, opts.questions, Account())
    if opts.ready:
        open(opts.ready, "w").close()
    run(evaluation, opts.questions, opts.seconds, stopped)
    result, elapsed = evaluation.result(), time.perf_counter() - start
    if opts.account:
        with open(opts.account, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
    print_summary(result, elapsed)


if __name__ == "__main__":
    main()
