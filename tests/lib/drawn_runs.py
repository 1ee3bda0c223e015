# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Draws a target, its arguments, and options of the profiler by a seed, runs them, and returns the report."""
import os
import random
import subprocess
import tempfile

from launch import Profiler, Target
from paths import PROFILER, target_program, target_source

LIMIT_S = 40        # of a run


def ints(name, low, high):
    return lambda draw: [name, str(draw.randint(low, high))]


def seconds(name, low, high):
    return lambda draw: [name, "%.2f" % draw.uniform(low, high)]


def flag(name):
    return lambda draw: [name] * draw.randint(0, 1)


def words(*choices):
    return lambda draw: [draw.choice(choices)]


def word(name, *choices):
    return lambda draw: [name, draw.choice(choices)]


CAUSES = "disk", "fsync", "socket", "pipe", "sleep", "majorfault", "growth", "leak", "churn", "idlepool"
# The name of a target, and what its arguments are drawn by. "-s": a function that --section can time.
TARGETS = [
    ("sections", [ints("--iterations", 1, 60), flag("--open-before"), flag("--leave-open")], None),
    ("nested", [ints("--rounds", 5, 100)], None),
    ("coroutines", [ints("--rounds", 1, 30)], None),
    ("exceptions", [ints("--rounds", 10, 3000)], "evaluation::moved"),
    ("names", [ints("--each", 1, 20)], None),
    ("model_cache", [ints("--questions", 1, 100)], None),
    ("thread_ends", [ints("--threads", 1, 300), ints("--each", 1, 50)], None),
    ("busy", [words("sections", "spaced", "faults", "switches"), words("1", "2")], None),
    ("busy", [words("calls", "calls-500", "calls-50000"), words("1", "2")], "busy_call"),
    ("busy", [words("long"), words("1", "2")], "busy_long_call"),
    ("crowd", [ints("--threads", 1, 400), ints("--alive", 1, 60), ints("--sections", 1, 9)], None),
    ("spin", [ints("--seconds", 1, 1), ints("--threads", 1, 6), ints("--ns-body", 50, 100000)], None),
    ("stress", [ints("--threads", 1, 8), ints("--seconds", 1, 1), ints("--forks", 0, 20)], None),
    ("memory", [], None),
    ("storm", [words("3")], "storm_touch"),
    ("hot", [ints("--rounds", 1, 10)], None),
    ("layers", [], None),
    ("plain", [ints("--calls", 10, 3000)], "work_a"),
    ("plain", [ints("--calls", 10, 300)], "fib"),
    ("deep", [words("0.5", "1")], "token"),
    ("leaver", [word("--by", "exit", "_exit", "exec", "exec-thread", "kill", "abort", "thread-exit"), ints("--sections", 1, 3000),
                ints("--threads", 0, 5)], None),
    ("forker", [ints("--children", 1, 30), ints("--alive", 1, 8), ints("--sections", 1, 500), ints("--ms", 0, 40), flag("--family"),
                flag("--images"), flag("--inside")], None),
    ("spawner", [ints("--rounds", 1, 30), ints("--sections", 1, 500)], None),
    ("awaited", [ints("--calls", 1, 3)], None),
    ("causes", [words(*CAUSES), ints("--ms", 100, 800)], None),
    ("blocked", [words("fork", "exit", "exec"), ints("--ms", 50, 500)], None),
    ("pool", [ints("--rounds", 1, 30), ints("--workers", 1, 4)], None),
    ("spinning", [words("0.5", "1"), words("yield", "")], "compute"),
    ("flows.py", [ints("--in-flight", 1, 60), ints("--rounds", 1, 5), ints("--loops", 1, 3)], None),
    ("loops.py", [words("held", "blocked", "steps", "low", "limited", "server", "one"), seconds("--seconds", 0.5, 1)], None),
    ("gil.py", [ints("--threads", 1, 5), seconds("--seconds", 0.3, 1)], None),
    ("waits.py", [ints("--rounds", 1, 8)], None),
    ("roles.py", [words("sections", "")], None),
    ("workers.py", [words("fork", "spawn", "forkserver"), ints("", 1, 4), ints("", 1, 500), words("0.1")], None),
    ("verdicts.py", [words("competing", "leak", "fill", "items", "ranks", "pool"), words("1")], None),
    ("shapes.py", [seconds("--seconds", 0.01, 0.02)], None),
]


class Run:
    """A run that is drawn by a seed and a number. str() shows it."""

    def __init__(self, seed, number):
        draw = random.Random("%s/%d" % (seed, number))
        self.target, arguments, function = draw.choice(TARGETS)
        self.arguments = [a for part in arguments for a in part(draw) if a]
        self.hold, self.command = draw.random() < 0.3, draw.random() < 0.25
        self.options = ["-F", draw.choice("0 49 99 99 499 999".split()), "--max-overhead", draw.choice("0.1 0.5 1 1 5 100".split())]
        self.options += ["-c"] * draw.randint(0, 1)
        if draw.random() < 0.4:
            self.options += ["-d", "%.2f" % draw.uniform(0.05, 1)]
        if function and draw.random() < 0.8:
            self.options += ["-s", "asked=%s:%s" % (target_program(self.target), function)]

    def __str__(self):
        shown = [os.path.basename(o) if "/" in o else o for o in self.options]
        return "%s %s%s%s" % (" ".join([self.target] + self.arguments), " ".join(shown), " --" if self.command else "",
                              " held" if self.hold else "")

    def program(self):
        if self.target.endswith(".py"):
            return [os.environ["DCBS_PYTHON"], target_source(self.target)]
        return [target_program(self.target)]

    def started(self):
        """The profiler starts the target, which gets its line at once."""
        env = {**os.environ, "PYTHONPATH": os.path.join(os.environ["DCBS_BUILD"], "python")}
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "report.json")
            subprocess.run([PROFILER, "-q", "-o", path, *self.options, "--", *self.program(), *self.arguments], input="\n\n", text=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env, timeout=LIMIT_S, check=False)
            with open(path) as report:
                return report.read()

    def attached(self):
        """The target is held at its end, or runs to it."""
        with Target(self.target, *self.arguments, hold=self.hold) as target:
            with Profiler("-p", target.pid, *self.options, wait_for=target.pid) as profiler:
                target.go()
                target.result(LIMIT_S)
                if not self.hold:
                    target.end()
                elif "-d" not in self.options:      # a signal ends a report that is being written
                    profiler.stop()
                out, _ = profiler.process.communicate(timeout=LIMIT_S)
                return out

    def document(self):
        """The text of the report."""
        return self.started() if self.command else self.attached()
