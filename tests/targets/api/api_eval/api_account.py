# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Marks sections with dcbs_profiler, and measures each of them a second time: just inside the mark, and just around it."""
import time

import dcbs_profiler

clock = time.perf_counter


class Region:
    """One call of a section."""

    def __init__(self, account, name):
        self.times = account.times.setdefault(name, {"count": 0, "inside_s": 0.0, "around_s": 0.0, "open": 0, "most_open": 0})
        self.mark = account.profiler.profile_section(name)

    def __enter__(self):
        self.times["open"] += 1
        self.times["most_open"] = max(self.times["most_open"], self.times["open"])
        self.before = clock()
        self.mark.__enter__()
        self.begun = clock()

    def __exit__(self, *exception):
        ending = clock()
        self.mark.__exit__(*exception)
        self.times["count"] += 1
        self.times["inside_s"] += ending - self.begun
        self.times["around_s"] += clock() - self.before
        self.times["open"] -= 1


class Account:
    """All sections, and for what else coroutines waited: `waits` has seconds by what it was."""

    def __init__(self):
        self.profiler = dcbs_profiler.get_global_profiler()
        self.clear()

    def clear(self):
        self.times, self.waits, self.refused = {}, {"pool": 0.0, "back-off": 0.0}, 0

    def section(self, name):
        return Region(self, name)

    def wait(self, kind, since):
        self.waits[kind] += clock() - since
