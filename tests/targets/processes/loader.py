#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""An evaluation whose questions come from a DataLoader: its workers are processes, started as METHOD says.

    loader.py METHOD WORKERS BATCHES

Each batch is a section "read" in a worker and a section "forward" here. Prints "ready PID", waits for a line, works,
and prints one line of JSON with the truth.
"""
import json
import os
import sys

import torch
from dcbs_profiler import PerformanceProfiler

BATCH = 4
profiler = PerformanceProfiler()


class Questions(torch.utils.data.Dataset):
    def __init__(self, batches):
        self.n = batches * BATCH

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        with profiler.profile_section("read"):
            return torch.full((16,), float(i)), os.getpid()


def main():
    method, workers, batches = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    torch.set_num_threads(1)
    loader = torch.utils.data.DataLoader(Questions(batches), batch_size=BATCH, num_workers=workers, multiprocessing_context=method)
    print("ready", os.getpid(), flush=True)
    sys.stdin.readline()
    reads, batches = {}, 0
    for questions, pids in loader:
        with profiler.profile_section("forward"):
            questions @ questions.T
        batches += 1
        for pid in pids.tolist():
            reads[pid] = reads.get(pid, 0) + 1
    print(json.dumps({"forward": batches, "reads": reads}), flush=True)


if __name__ == "__main__":
    main()
