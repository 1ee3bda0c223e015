# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A target that runs the lines of Python that the test sends (tests/targets/python/do_steps.py)."""
from launch import Target


class Steps(Target):
    def __init__(self, **options):
        super().__init__("do_steps.py", **options)

    def step(self, python):
        self.process.stdin.write(python + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line == "done\n", "the target printed %r" % line
