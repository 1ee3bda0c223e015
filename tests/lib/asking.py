# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A target that asks for its own stats while the profiler is attached (tests/targets/python/asks.py), and its profiler."""
import json
import unittest

from launch import Profiler, Target
from paths import PYTHON, target_source
from reports import lost, sections
from waiting import wait_until

NOBODY = 65534
CALL_S = 20e-6          # by which the two accounts of one call may differ
HANGS_S = 0.1           # the target waits for 25 ms; the machine may be busy, but not in all of several tries
CLIENT_S = 0.25         # a silent client is dropped after this time
DOCUMENT_S = 0.2        # an answer is reused for this time


class Asking(Target):
    """The target. `prefix` is the command that starts its interpreter, such as unshare."""

    def __init__(self, *prefix, **options):
        super().__init__(*(prefix + (PYTHON, target_source("asks.py")) if prefix else ("asks.py",)), **options)

    def ask(self, *command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("the target ended at %s: status %s" % (command, self.process.wait(10)))
        return json.loads(line)


class AskingCase(unittest.TestCase):
    def target(self, *prefix, **options):
        target = Asking(*prefix, **options)
        self.addCleanup(target.__exit__)
        return target

    def profiler(self, target, *options, pid=None):
        pid = pid or target.pid
        profiler = Profiler("-p", pid, *options, wait_for=pid)
        self.addCleanup(profiler.__exit__)
        self.assertIsNone(profiler.process.poll(), profiler.stderr())
        return profiler

    def seen(self, target):
        """Asks until the section `outer` has the profiler's stats. A single answer may fail, as the profiler may be busy."""
        found = {}

        def has_window():
            found.update(target.ask("stats")["outer"])
            return "window" in found
        wait_until(has_window, what="answer with the profiler's figures")
        return found

    def check_intact(self, profiler, target, name="outer"):
        """The session is unharmed: every section is counted, and there is a report."""
        before = target.ask("stats")[name]["count"]
        target.ask("work")
        profiler.stop()
        report = profiler.report()
        self.assertEqual(sections(report)[name]["count"], before + 1)
        self.assertEqual({what: n for what, n in lost(report).items() if what != "stacks"}, {})
        return report


