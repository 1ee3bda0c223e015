#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Stacks as the profiler samples them, held against those that a running program knows of itself (tests/targets/shapes.py),
under every CPython on this machine.
"""
import os
import time
import unittest

from harness import SOURCES, Profiler, Target, needs_bpf
from test_pythons import interpreters

SHAPES = os.path.join(SOURCES, "targets", "shapes.py")
HZ = 999
FRAMES = 128            # of a stack, at most
MORE = "(more frames)"
# What a section holds beside its loop: the target's way into it and out of it.
AROUND = {"begin", "finish", "Busy.begin", "Busy.finish"}
LOOP_ENDS = 0, -1       # its lines that call those


def sampled(report, section):
    """[(samples, Python frames, native frames)] of a section, each outermost first."""
    found = []
    for stack in report["stacks"]:
        if stack[0] == section and stack[3]:
            frames = [report["frames"][i] for i in stack[4]]
            python = [f for f in frames if f["python"] or f["function"].startswith("(")]
            found.append((stack[3], python, frames[len(python):]))
    return found


class Truth:
    """A shape's stack, as the target told it, outermost first."""

    def __init__(self, told, qualified):
        self.frames = told["stack"][::-1]
        self.around = AROUND if qualified else {name.split(".")[-1] for name in AROUND}

    @staticmethod
    def same(frame, told, lines):
        return (frame["function"], frame["file"]) == (told["function"], told["file"]) and frame["line"] in lines

    def differs(self, frames):
        """Why the frames are not this stack; None if they are."""
        told, frames = self.frames, list(frames)
        if frames and frames[0]["function"] == MORE:
            frames = frames[1:]
            if len(frames) != FRAMES:
                return "%d frames, and more" % len(frames)
            extra = [f for f in frames[-2:] if f["function"] in self.around]
            told = told[len(told) + len(extra) - FRAMES:]
        if len(frames) < len(told):
            return "%d frames for %d" % (len(frames), len(told))
        extra = frames[len(told):]
        for i, (frame, expected) in enumerate(zip(frames, told)):
            innermost = i == len(told) - 1
            lines = [expected["lines"][end] for end in LOOP_ENDS] if innermost and extra else expected["lines"]
            if not self.same(frame, expected, lines):
                return "frame %d is %s for %s" % (i, frame, expected)
        if [f for f in extra if f["function"] not in self.around or f["file"] != SHAPES]:
            return "in the loop: %s" % extra
        return None


class Shapes:
    """Every sample within a section is the one stack that the section is named after."""

    path = label = None
    seconds = 0.15

    def setUp(self):
        if not self.path:
            self.skipTest("no such interpreter here: %s" % self.label)

    def take(self):
        """Stopped while the target is held, so that its last names can be read."""
        with Target(self.path, SHAPES, "--seconds", self.seconds, hold=True) as target:
            with Profiler("-p", target.pid, "-F", HZ, wait_for=target.pid) as profiler:
                time.sleep(0.2)         # the interpreter is found
                target.go()
                truth = target.result()
                profiler.stop()
                return profiler.report(), truth

    def test_every_sample(self):
        report, truth = self.take()
        seen = 0
        self.assertGreaterEqual(len(truth["shapes"]), 85, truth["skipped"])
        qualified = any("." in f["function"] for told in truth["shapes"].values() for f in told["stack"])
        for name, told in truth["shapes"].items():
            stacks, shape = sampled(report, name), Truth(told, qualified)
            self.assertTrue(stacks, "no sample of %s" % name)
            for samples, python, native in stacks:
                self.assertIsNone(shape.differs(python), name)
                self.assertFalse([f for f in native if f["python"]], name)
                seen += samples
        self.assertEqual({k: v for k, v in report["lost"].items() if v}, {})
        cpu_s = sum(s["wall"]["cpu_s"] for s in report["sections"] if s["name"] in truth["shapes"])
        self.assertAlmostEqual(seen / HZ, cpu_s, delta=0.1 * cpu_s)


for _label, _path in interpreters().items():
    globals()["Shapes_" + _label] = needs_bpf(type("Shapes_" + _label, (Shapes, unittest.TestCase), {"path": _path, "label": _label}))


if __name__ == "__main__":
    unittest.main()
