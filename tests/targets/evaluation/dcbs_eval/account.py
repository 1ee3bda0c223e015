# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Marks the evaluation's sections with dcbs_profiler, and measures each of them a second time by itself.

The account is taken with CLOCK_MONOTONIC just inside the mark (total_s, min_s, max_s) and just around
it (around_s), so a profiler's times must lie between the two.
"""
import time

import dcbs_profiler

clock = time.perf_counter


class Times:
    """Count, total, shortest and longest time."""

    def __init__(self):
        self.count, self.total_s, self.min_s, self.max_s, self.around_s = 0, 0.0, None, 0.0, 0.0

    def add(self, seconds, around_s=0.0):
        self.count += 1
        self.total_s += seconds
        self.around_s += around_s
        self.min_s = seconds if self.min_s is None else min(self.min_s, seconds)
        self.max_s = max(self.max_s, seconds)

    def summary(self):
        return dict(vars(self))


class Region:
    """One call of a section: the profiler's mark, with clock reads of our own on both sides of its begin and end."""

    def __init__(self, times, mark):
        self._times, self._mark = times, mark

    def __enter__(self):
        self._before = clock()
        mark = self._mark.__enter__()
        self._begun = clock()
        return mark

    def __exit__(self, *exception):
        ending = clock()
        self._mark.__exit__(*exception)
        self._times.add(ending - self._begun, clock() - self._before)


class CacheAccount:
    """The events of a cache, passed to the profiler and kept."""

    def __init__(self, name):
        self._marks = dcbs_profiler.CacheProfiler(name)
        self._hits, self._misses, self._size, self._max = Times(), Times(), 0, 0

    def hit(self, seconds):
        self._marks.record_hit(seconds)
        self._hits.add(seconds)

    def miss(self, seconds):
        self._marks.record_miss(seconds)
        self._misses.add(seconds)

    def size(self, size_bytes):
        self._marks.record_size(size_bytes)
        self._size, self._max = size_bytes, max(self._max, size_bytes)

    def summary(self):
        return {"hits": self._hits.count, "hit_time_s": self._hits.total_s, "misses": self._misses.count,
                "miss_time_s": self._misses.total_s, "size_bytes": self._size, "max_size_bytes": self._max}


class Account:
    """All sections of the evaluation."""

    def __init__(self):
        self._profiler, self._model = dcbs_profiler.get_global_profiler(), dcbs_profiler.ModelProfiler()
        self._sections, self._caches, self.tokens = {}, {}, 0

    def _region(self, name, mark):
        return Region(self._sections.setdefault(name, Times()), mark)

    def section(self, name):
        return self._region(name, self._profiler.profile_section(name))

    def forward_pass(self):
        return self._region("forward_pass", self._model.profile_forward_pass())

    def generation(self, tokens):
        self.tokens += tokens
        return self._region("generation", self._model.profile_generation(tokens=tokens))

    def cache(self, name):
        return self._caches.setdefault(name, CacheAccount(name))

    def summary(self):
        sections = {name: times.summary() for name, times in self._sections.items()}
        model = {name: sections[name] for name in ("forward_pass", "generation") if name in sections}
        if "generation" in model:
            model["generation"] = {**model["generation"], "tokens": self.tokens}
        caches = {name: cache.summary() for name, cache in self._caches.items()}
        return {"sections": sections, "model": model, "caches": caches}
