#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""An evaluation without markers that uses packages of known names: preset_run.py [--questions N] [--library PATH].

The packages are those of site-packages beside this file: they have the modules and the functions of transformers, lm-eval and
llama-cpp-python that --sections names, and sleep or compute in place of a model. --library is a libllama.so. It has the protocol of the
other targets and prints {"wall_s", "decode_s", "sections": {name: {"calls", "total_s"}}}, by its own clock.
"""
import argparse
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "site-packages"))

from llama_cpp.llama import Llama                   # noqa: E402
from lm_eval.models.huggingface import HFLM         # noqa: E402
from preset_account import account                  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--library")
    opts = parser.parse_args()
    model, llama = HFLM(), Llama(opts.library) if opts.library else None
    print("ready", os.getpid(), flush=True)
    sys.stdin.readline()
    begin = time.monotonic()
    for _ in range(opts.questions):
        model.generate_until()
        if llama:
            llama.generate()
    print(json.dumps({"wall_s": time.monotonic() - begin, "decode_s": llama.decode_s if llama else 0, "sections": account}), flush=True)
    if os.environ.get("DCBS_TARGET_HOLD"):
        sys.stdin.readline()


main()
