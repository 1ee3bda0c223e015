# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A target that does what the test tells it, step by step (tests/targets/steps.py)."""
import os

from harness import SOURCES, Target


class Steps(Target):
    def __init__(self, **options):
        super().__init__(os.path.join(SOURCES, "targets", "steps.py"), python=True, **options)

    def step(self, python):
        self.process.stdin.write(python + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line == "done\n", "target said %r" % line
