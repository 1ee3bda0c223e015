# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Sections measured with the standard library, beside what the module dcbs_profiler records of them itself."""
import contextlib
import mmap
import resource
import time

from marker_record import Inside

MIB = 1 << 20
clock = time.perf_counter_ns


def resident_bytes():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * resource.getpagesize()


def spin(seconds):
    end = clock() + seconds * 1e9
    while clock() < end:
        pass


def resident(size):
    """Memory of that size, every page touched, which returns to the system when it is freed."""
    memory = mmap.mmap(-1, size)
    for page in range(0, size, mmap.PAGESIZE):
        memory[page] = 1
    return memory


class Bracket:
    """A section between two measurements: it lasts at least `inside_s` and at most `around_s`."""

    def __init__(self, section):
        self.section, self.inside_s, self.around_s = section, [], []

    @contextlib.contextmanager
    def __call__(self):
        before = clock()
        with self.section() as mark:
            begun = clock()
            try:
                yield mark
            finally:
                ending = clock()
        self.inside_s.append((ending - begun) / 1e9)
        self.around_s.append((clock() - before) / 1e9)


class Recorded(Inside):
    """Base of the tests of the module's own records."""

    def setUp(self):
        super().setUp()
        self.profiler = self.module.PerformanceProfiler()

    def bracket(self, name):
        return Bracket(lambda: self.profiler.profile_section(name))

    def assert_between(self, value, low, high):
        self.assertTrue(low * (1 - 1e-9) <= value <= high * (1 + 1e-9), f"{low} <= {value} <= {high}")

    def section_stats(self, name):
        return self.profiler.get_section_stats()[name]
