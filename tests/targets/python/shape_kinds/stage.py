# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The stage on which shapes of a Python stack appear: how a shape is noted, and the loop it leads to, see shapes.py."""
import contextlib
import resource
import sys
import threading
import time

try:
    from dcbs_profiler import PerformanceProfiler
except ImportError:
    PerformanceProfiler = None

LOOP = "end = begin()\nwhile clock() < end:\n    pass\nfinish()\n"
LOOP_LINES = 4

SHAPES = {}
here = threading.local()        # name of the shape; quick: without a loop
clock = time.monotonic


class NotHere(Exception):
    """This interpreter cannot have the shape."""


def shape(function):
    SHAPES[function.__name__.rstrip("_")] = function
    return function


def frames(frame, exact):
    """The stack of a frame, innermost first. exact: the frame sleeps, so its place is known; else it is anywhere in its loop."""
    stack = []
    while frame:
        code = frame.f_code
        entry = {"function": getattr(code, "co_qualname", code.co_name), "file": code.co_filename, "lines": [frame.f_lineno]}
        if exact:
            entry.update(name=code.co_name, offset=frame.f_lasti, firstlineno=code.co_firstlineno)
        elif not stack:
            entry["lines"] = [frame.f_lineno + i for i in range(LOOP_LINES)]
        stack.append(entry)
        frame = frame.f_back
    return stack


def codes(frame):
    """The code objects of a stack. They are kept until the end, as the profiler names a sample a moment after it took it."""
    found = []
    while frame:
        found.append(frame.f_code)
        frame = frame.f_back
    return found


def usage():
    """CPU time of the current thread, and how often it was switched out so far."""
    used = resource.getrusage(resource.RUSAGE_THREAD)
    return time.thread_time(), used.ru_nvcsw + used.ru_nivcsw


class Busy:
    """Runs one shape after the other, each with a loop of some seconds."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.profiler = PerformanceProfiler() if PerformanceProfiler else None
        self.noted, self.sections, self.kept = {}, {}, []
        self.callers = {}       # of a shape that runs on another thread: the thread that waits for it

    def begin(self, frame):
        self.kept.append(codes(frame))
        self.noted[here.name] = {"tid": threading.get_native_id(), "stack": frames(frame, False)}
        section = self.sections[here.name] = self.profiler.profile_section(here.name) if self.profiler else contextlib.nullcontext()
        end = time.monotonic() + self.seconds
        section.__enter__()
        return end

    def finish(self):
        self.sections.pop(here.name).__exit__(None, None, None)

    def call_begins(self, frame):
        self.callers[here.name] = {"stack": frames(frame, True), "begun": usage()}

    def call_ends(self):
        caller = self.callers.get(here.name)
        if caller:
            caller["cpu_s"], caller["switches"] = (now - begun for now, begun in zip(usage(), caller.pop("begun")))

    def shapes(self):
        return self.noted


class Asleep:
    """Runs all shapes at once, each in its thread."""

    def __init__(self):
        self.gate = threading.Lock()
        self.gate.acquire()
        self.threads, self.callers = {}, {}

    def begin(self, _frame):
        self.threads[here.name] = threading.get_ident(), threading.get_native_id()
        return 0

    def finish(self):
        pass

    def call_begins(self, _frame):
        pass

    def call_ends(self):
        pass

    def shapes(self):
        found = sys._current_frames()
        return {name: {"tid": tid, "stack": frames(found[ident], True)} for name, (ident, tid) in self.threads.items()}


mode = None


def begin():
    """Returns the time at which the loop ends."""
    return 0 if here.quick else mode.begin(sys._getframe(1))


def finish():
    if not here.quick:
        mode.finish()


def leaf(*_args, **_kwargs):
    end = begin()
    while clock() < end:
        pass
    finish()
    return 0


def carried(function):
    """The function, to be called by another thread that belongs to this shape."""
    name, quick = here.name, here.quick
    if not quick:
        mode.call_begins(sys._getframe(1))

    def carry():
        here.name, here.quick = name, quick
        return function()
    return carry


def outer(function):
    return function()


def middle(function):
    return outer(function)
