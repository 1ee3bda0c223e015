# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Processes that take the CPUs."""
import contextlib
import os
import subprocess
import sys


@contextlib.contextmanager
def hogs(per_cpu):
    """Processes that only compute, in this process's scheduling group: they share the CPUs with a target. Yields their PIDs."""
    number = per_cpu * len(os.sched_getaffinity(0))
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(number)]
    try:
        yield [process.pid for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()
