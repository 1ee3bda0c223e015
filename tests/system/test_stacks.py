# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Stacks as the profiler samples them, under every CPython on this machine.

They are compared with those that a target prints of itself (tests/targets/python/shapes.py).
"""
import os
import shutil
import subprocess
import tempfile
import time
import unittest

from interpreters import interpreters, sys_prefix
from launch import Profiler, Target
from needs import needs_bpf
from paths import BUILD, target_source
from reports import sections

SHAPES = target_source("shapes.py")
STAGE = target_source("stage.py")
REUSE = target_source("reuse.py")
HZ = 999
MOST_RATE = 1.6         # the period of the ticks is changed at random, and the shortest one is the mean one by this
INNERMOST, OUTERMOST = 96, 32   # the frames of a stack that is cut
MORE = "(more frames)"
# Functions in a section beside its loop: by them the target enters and leaves it.
AROUND = {"begin", "finish", "Busy.begin", "Busy.finish"}
LOOP_ENDS = 0, -1       # the lines of the loop that call those


def sampled(report, section):
    """[(samples, Python frames, native frames)] of a section, each outermost first."""
    found = []
    for stack in report["stacks"]:
        if stack[0] == section and stack[3]:
            frames = [report["frames"][i] for i in stack[4]]
            nr = max((i + 1 for i, f in enumerate(frames) if f["python"]), default=0)
            found.append((stack[3], frames[:nr], frames[nr:]))
    return found


class Truth:
    """A shape's stack as the target printed it, outermost first.

    Before CPython 3.11 a code object does not know its qualified name. The target prints the name alone then, the profiler finds
    the rest in the source.
    """

    def __init__(self, printed, qualified):
        self.frames = printed["stack"][::-1]
        self.qualified = qualified
        self.around = {self.name(name) for name in AROUND}

    def name(self, function):
        return function if self.qualified else function.split(".")[-1]

    def same(self, frame, printed, lines):
        return (self.name(frame["function"]), frame["file"]) == (printed["function"], printed["file"]) and frame["line"] in lines

    def differs(self, frames):
        """Returns why the frames are not this stack; None if they are."""
        printed, frames = self.frames, list(frames)
        cut = [i for i, f in enumerate(frames) if f["function"] == MORE]
        if cut:
            inner = frames[cut[0] + 1:]
            outer = cut[0]          # from CPython 3.12 on the interpreter's own entry takes one place
            if outer not in (OUTERMOST - 1, OUTERMOST) or len(inner) != INNERMOST:
                return "cut at %s of %d frames" % (cut, len(frames))
            extra = [f for f in inner[-2:] if self.name(f["function"]) in self.around]
            printed = printed[:outer] + printed[len(printed) + len(extra) - INNERMOST:]
            frames = frames[:outer] + inner
        if len(frames) < len(printed):
            return "%d frames for %d" % (len(frames), len(printed))
        extra = frames[len(printed):]
        for i, (frame, expected) in enumerate(zip(frames, printed)):
            innermost = i == len(printed) - 1
            lines = [expected["lines"][end] for end in LOOP_ENDS] if innermost and extra else expected["lines"]
            if not self.same(frame, expected, lines):
                return "frame %d is %s for %s" % (i, frame, expected)
        if [f for f in extra if self.name(f["function"]) not in self.around or f["file"] != STAGE]:
            return "in the loop: %s" % extra
        return None


def attached(target, work, *options):
    """Profiles a target while work() runs; returns (report, truth).

    The target is held at its end, so that names can still be read.
    """
    with Profiler("-p", target.pid, "-F", HZ, "--max-overhead", 100, *options, wait_for=target.pid) as profiler:
        time.sleep(0.2)         # the interpreter is found
        target.go()
        truth = work()
        profiler.stop()
        return profiler.report(), truth


class Caller:
    """The thread that starts a shape on another thread, and waits for it.

    It is woken by that thread, as when that has started. From then on its running time is charged to the sections of the thread that
    woke it, until it waits again. So its ticks may be among those of the section: on its stack, and no more than it can have had.
    """

    def __init__(self, printed, shape):
        self.shape, self.ticks = shape, 0
        self.stack = [(shape.name(f["function"]), f["file"]) for f in printed["stack"][::-1]]
        # A tick comes at most MOST_RATE * HZ times in a second of running time, and once more each time that the thread gets a CPU.
        self.most = MOST_RATE * HZ * printed["cpu_s"] + printed["switches"] + 1

    def has(self, frames):
        """Whether the stack is that of the call: below the shape's function there is no other code of the target."""
        names = [(self.shape.name(f["function"]), f["file"]) for f in frames]
        own = {file for _, file in self.stack} | {STAGE}
        return names[:len(self.stack)] == self.stack and not [f for _, f in names[len(self.stack):] if f in own]


class OneOf:
    """The tests on one interpreter, `path`."""

    path = label = None

    def setUp(self):
        if not self.path:
            self.skipTest("no such interpreter here: %s" % self.label)


class Shapes(OneOf):
    """Every sample within a section is the stack of the shape that the section is named after."""

    seconds = 0.15

    def check_shapes(self, report, truth):
        """Checks all samples; returns their number."""
        seen = 0
        qualified = any("." in f["function"] for printed in truth["shapes"].values() for f in printed["stack"])
        for name, printed in truth["shapes"].items():
            stacks, shape = sampled(report, name), Truth(printed, qualified)
            caller = Caller(truth["callers"][name], shape) if name in truth["callers"] else None
            self.assertTrue(stacks, "no sample of %s" % name)
            for samples, python, _ in stacks:
                if caller and caller.has(python):
                    caller.ticks += samples
                    continue
                self.assertIsNone(shape.differs(python), name)
                seen += samples
            if caller:
                self.assertLessEqual(caller.ticks, caller.most, name)
        self.assertEqual({k: v for k, v in report["lost"].items() if v and k != "samples"}, {})
        self.assertLessEqual(report["lost"]["samples"], 2 + seen / 1000)    # between two sections
        return seen

    def test_every_sample(self):
        with Target(self.path, SHAPES, "--seconds", self.seconds, hold=True) as target:
            report, truth = attached(target, target.result)
        self.assertGreaterEqual(len(truth["shapes"]), 85, truth["skipped"])
        seen = self.check_shapes(report, truth)
        cpu_s = sum(s["wall"]["cpu_s"] for s in report["sections"] if s["name"] in truth["shapes"])
        self.assertAlmostEqual(seen / HZ, cpu_s, delta=0.1 * cpu_s)

    def test_stripped(self):
        """A copy of the interpreter without symbols, under another name."""
        with tempfile.TemporaryDirectory() as folder:
            copy = os.path.join(folder, "interpreter")
            if subprocess.run(["strip", "-o", copy, os.path.realpath(self.path)]).returncode:
                self.skipTest("no strip")
            with Target(copy, SHAPES, "--seconds", 0.3, "--only", "plain", "init", "closure", "coroutine_chain", "thread", hold=True,
                        env={"PYTHONHOME": sys_prefix(self.path)}) as target:
                self.check_shapes(*attached(target, target.result))

    def check_reuse(self, *options):
        with Target(self.path, REUSE, *options) as target:
            report, truth = attached(target, target.result)
        named = 0
        for section in (name for name in sections(report) if name != "(outside)"):
            for samples, python, _ in sampled(report, section):
                self.assertLessEqual({f["function"] for f in python}, {"<module>", "main", "(unknown)", section})
                self.assertLessEqual({f["file"] for f in python if f["function"] == section}, {"/tmp/%s.py" % section})
                named += samples * (python[-1]["function"] == section)
        self.assertGreater(named, 20)
        return report, truth

    def test_reuse(self):
        """A function that is freed before the profiler reads its name has none, and is counted; it never gets another one's
        name."""
        report, truth = self.check_reuse()
        self.assertLess(truth["addresses"], 20)
        unknown = sum(s[3] for s in report["stacks"] for i in s[4] if report["frames"][i] == {
            "function": "(unknown)", "file": None, "line": None, "python": True})
        self.assertGreaterEqual(report["lost"]["stacks"], unknown)

    def test_garbage(self):
        self.check_reuse("--garbage")


for _label, _path in interpreters().items():
    globals()["Shapes_" + _label] = needs_bpf(type("Shapes_" + _label, (Shapes, unittest.TestCase), {"path": _path, "label": _label}))


BUSY = """
import os, sys, threading, time
from dcbs_profiler import PerformanceProfiler
profiler = PerformanceProfiler()
def busy(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
"""
READY = """
print("ready", os.getpid(), flush=True)
sys.stdin.readline()
"""
HELD = """
print("{}", flush=True)
sys.stdin.readline()
"""


def names(report, section):
    return {f["function"] for f in report["functions"] if f["section"] == section and f["python"]}


@needs_bpf
class Lives(unittest.TestCase):
    """Programs that execute others, or fork."""

    def profile(self, text, **options):
        with Target("-c", text, python=True, **options) as target:
            return attached(target, target.result)[0]

    def test_exec(self):
        """Both programs have their own functions, and none of the other's."""
        after = BUSY + "time.sleep(0.5)\ndef after():\n  with profiler.profile_section('new'): busy(0.6)\nafter()" + HELD
        report = self.profile(BUSY + READY + "def before():\n  with profiler.profile_section('old'): busy(0.6)\nbefore()\n"
                              "os.execv(sys.executable, [sys.executable, '-c', %r])" % after)
        self.assertEqual(names(report, "old"), {"<module>", "before", "busy"})
        self.assertEqual(names(report, "new"), {"<module>", "after", "busy"})
        self.assertEqual(sections(report)["new"]["count"], 1)

    def test_exec_of_another_interpreter(self):
        other = next((path for label, path in interpreters().items() if path and label not in ("debian", "pyenv_3_11")), None)
        if not other:
            self.skipTest("no other interpreter here")
        after = BUSY + "time.sleep(0.5)\ndef after():\n  with profiler.profile_section('new'): busy(0.6)\nafter()" + HELD
        report = self.profile(BUSY + READY + "def before():\n  with profiler.profile_section('old'): busy(0.6)\nbefore()\n"
                              "os.execv(%r, [%r, '-c', %r])" % (other, other, after))
        self.assertEqual(names(report, "old"), {"<module>", "before", "busy"})
        self.assertEqual(names(report, "new"), {"<module>", "after", "busy"})

    def test_fork_with_threads(self):
        """The child is another process; the parent's threads keep their own stacks."""
        report = self.profile(BUSY + READY + """
def work(name):
    with profiler.profile_section(name):
        first(0.5) if name == "first" else second(0.5)
def first(seconds): busy(seconds)
def second(seconds): busy(seconds)
def child(): busy(0.8); os._exit(0)
threads = [threading.Thread(target=work, args=(name,)) for name in ("first", "second")]
for t in threads: t.start()
pid = os.fork()
if not pid: child()
for t in threads: t.join()
os.waitpid(pid, 0)""" + HELD)
        for name, other in ("first", "second"), ("second", "first"):
            self.assertLessEqual({"work", name, "busy"}, names(report, name))
            self.assertNotIn(other, names(report, name))
        self.assertNotIn("child", {f["function"] for f in report["functions"]})

    def test_subinterpreter(self):
        """Samples in a sub-interpreter show its functions, or at least its caller, and no others."""
        report = self.profile(BUSY + """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
INSIDE = "import time\\ndef inside():\\n  end = time.monotonic() + 0.6\\n  while time.monotonic() < end: pass\\ninside()"
def caller():
    interpreters.run_string(number, INSIDE)
number = interpreters.create()""" + READY + """
with profiler.profile_section("sub"):
    caller()
with profiler.profile_section("main"):
    busy(0.3)""" + HELD)
        self.assertLessEqual(names(report, "sub"), {"<module>", "caller", "inside"})
        self.assertLessEqual({"<module>", "caller"}, names(report, "sub"))
        self.assertEqual(names(report, "main"), {"<module>", "busy"})

    def replaced(self, when):
        """The file of the extension is replaced while the program has it mapped."""
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(os.path.join(BUILD, "python"), folder, dirs_exist_ok=True)
            module = os.path.join(folder, "dcbs_profiler", "_markers.abi3.so")
            with open(module + ".new", "wb") as new, open(module, "rb") as old:
                new.write(old.read() + b"another")
            with Target("-c", BUSY + READY + "with profiler.profile_section('x'): busy(0.5)" + HELD, python=True,
                        env={"PYTHONPATH": folder}) as target:
                if when == "before":
                    os.rename(module + ".new", module)
                with Profiler("-p", target.pid, "-F", HZ, wait_for=target.pid) as profiler:
                    time.sleep(0.2)
                    if when == "after":
                        os.rename(module + ".new", module)
                    target.go()
                    target.result()
                    profiler.stop()
                    report = profiler.report()
        self.assertEqual(sections(report)["x"]["count"], 1)
        self.assertEqual(names(report, "x"), {"<module>", "busy"})

    def test_replaced_before(self):
        self.replaced("before")

    def test_replaced_after(self):
        self.replaced("after")
