# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Caches, and the module without its extension."""
import asyncio
import copy
import logging
import pickle
import random
import statistics
import sys
import unittest

from marker_record import Inside


class APPROXIMATELY(float):
    """A number that equals every number within 1.1 % of it, the accuracy of percentiles."""

    def __eq__(self, other):
        return abs(other - float(self)) <= 0.011 * self

    __hash__ = None


class Caches(Inside):
    def test_percentiles(self):
        cache, chance = self.module.CacheProfiler("percentiles"), random.Random(1)
        times = [chance.lognormvariate(-12, 2) for _ in range(1000)]
        for seconds in times:
            (cache.record_hit if chance.random() < 0.5 else cache.record_miss)(seconds)
        timing = cache.get_stats()["timing"]
        self.assertAlmostEqual(timing["mean_access_time"], statistics.mean(times))
        for share in (50, 90, 95, 99):
            self.assertEqual(APPROXIMATELY(sorted(times)[share * 10 - 1]), timing[f"p{share}_access_time"])

    def test_figures_are_those_of_the_object(self):
        cache = self.module.CacheProfiler()
        self.assertEqual(cache.name, "cache")
        self.assertEqual(cache.get_stats(), {"hit_rate": 0.0, "total_accesses": 0, "hits": 0, "misses": 0})
        cache.record_hit(0.25)
        cache.record_hit(access_time=0.5)
        cache.record_hit(0)
        cache.record_miss(computation_time=1.25)
        cache.record_size(size_bytes=3 << 20)
        cache.record_size(1 << 20)
        self.assertEqual(cache.get_hit_rate(), 0.75)
        self.assertEqual(cache.get_stats(), {
            "hit_rate": 0.75, "total_accesses": 4, "hits": 3, "misses": 1,
            "timing": {"mean_access_time": 0.5, "min_access_time": 0.0, "max_access_time": 1.25,
                       "p50_access_time": APPROXIMATELY(0.25), "p90_access_time": 1.25, "p95_access_time": 1.25,
                       "p99_access_time": 1.25},
            "size": {"current_size_mb": 1.0, "max_size_mb": 3.0, "mean_size_mb": 2.0}})
        cache.clear()
        self.assertEqual((cache.get_hit_rate(), cache.cache_hits, cache.cache_misses), (0.0, 0, 0))
        self.assertEqual(cache.get_stats()["total_accesses"], 0)

    def test_what_is_no_time_and_no_size(self):
        cache = self.module.CacheProfiler(object())
        for value in (None, "x", -1, float("nan"), object(), -2 ** 70):
            cache.record_hit(value)
            cache.record_miss(value)
            cache.record_size(value)
        stats = cache.get_stats()
        self.assertEqual((stats["hits"], stats["misses"]), (6, 6))
        self.assertEqual((stats["timing"]["max_access_time"], stats["size"]["max_size_mb"]), (0.0, 0.0))
        cache.record_hit(float("inf"))
        cache.record_size(2 ** 70)

    def test_names(self):
        self.assertEqual(self.module.CacheProfiler(name="embeddings").name, "embeddings")
        for name in ("", "\udc80", "a\0b", 17, None, "x" * 10000):
            self.module.CacheProfiler(name).record_hit(1e-6)

    def test_copies_and_subclasses(self):
        cache = self.module.CacheProfiler("copied")
        cache.record_hit(1)
        for other in (copy.deepcopy(cache), pickle.loads(pickle.dumps(cache))):
            self.assertEqual((other.name, other.cache_hits), ("copied", 0))

        class Careless(self.module.CacheProfiler):
            def __init__(self):
                pass

        careless = Careless()
        careless.record_miss(1)
        self.assertEqual(careless.cache_misses, 1)


class Fallback(unittest.TestCase):
    """Without the extension: one warning, then markers that do nothing."""

    @classmethod
    def setUpClass(cls):
        cls.messages = []
        handler = logging.Handler()
        handler.emit = lambda record: cls.messages.append(record)
        logging.getLogger("dcbs_profiler").addHandler(handler)
        sys.modules["dcbs_profiler._markers"] = None  # the import of the extension fails
        import dcbs_profiler

        cls.module = dcbs_profiler

    def test_one_warning(self):
        self.assertEqual([record.levelno for record in self.messages], [logging.WARNING])
        self.assertIn("markers are off", self.messages[0].getMessage())

    def test_the_evaluation_runs_on(self):
        module = self.module
        section = module.get_global_profiler().profile_section(section_name="x")
        with section as s, section, module.ModelProfiler().profile_forward_pass():
            s.items("x")
        section.__exit__(None, None, None)
        with module.ModelProfiler().profile_generation() as generation:
            generation.tokens += 5
        self.assertRaises(LookupError, module.profile_function()(lambda: {}[0]))
        self.assertEqual(module.profile_evaluation_run(lambda: 3)(), 3)
        self.assertEqual(section(len)([1]), 1)

        async def main():
            async with section as entered:
                return entered

        self.assertIs(asyncio.run(main()), section)
        self.assertEqual(module.attached(), 0)

    def test_it_says_that_it_knows_nothing(self):
        profiler, model = self.module.PerformanceProfiler(), self.module.ModelProfiler()
        with profiler.profile_section("x"), model.profile_forward_pass(), model.profile_generation("many"):
            pass
        for nothing in (profiler.get_timing_summary(), profiler.get_memory_summary(), profiler.get_section_stats(), model.get_stats()):
            self.assertEqual(nothing, {})
        self.assertEqual(profiler.get_bottlenecks(0), [])
        self.assertIn("'x'", profiler.get_profile_stats("x"))
        self.assertIn("No section", profiler.generate_report())
        profiler.clear_data()
        model.clear()
        for thing in (profiler, model):
            self.assertIs(type(pickle.loads(pickle.dumps(thing))), type(thing))

    def test_buckets_are_those_of_the_extension(self):
        from dcbs_profiler import _noop

        del sys.modules["dcbs_profiler._markers"]
        from dcbs_profiler import _markers

        ours, theirs, chance = _noop.Cache("c"), _markers.Cache("c"), random.Random(1)
        for seconds in [0, 1e-9, 2e-9, 3e-9, 1.024e-6] + [chance.lognormvariate(-10, 5) for _ in range(1000)]:
            ours.record_hit(seconds)
            theirs.record_hit(seconds)
        self.assertEqual(ours._histogram(), theirs._histogram())
        self.assertEqual(ours._totals(), theirs._totals())

    def test_a_cache_counts_the_same(self):
        from dcbs_profiler import _noop

        cache = self.module.CacheProfiler("c")
        for value in (0.5, None, "x", -1, float("nan")):
            cache.record_hit(value)
        cache.record_miss(1.5)
        cache.record_size(1 << 20)
        self.assertEqual(cache.get_stats(), {
            "hit_rate": 5 / 6, "total_accesses": 6, "hits": 5, "misses": 1,
            "timing": {"mean_access_time": 2 / 6, "min_access_time": 0.0, "max_access_time": 1.5, "p50_access_time": 0.0,
                       "p90_access_time": 1.5, "p95_access_time": 1.5, "p99_access_time": 1.5},
            "size": {"current_size_mb": 1.0, "max_size_mb": 1.0, "mean_size_mb": 1.0}})
        del sys.modules["dcbs_profiler._markers"]
        from dcbs_profiler import _markers

        for name in ("Section", "Generation", "Profiler", "Model", "Cache"):
            public = {member for member in dir(getattr(_markers, name)) if not member.startswith("_")}
            self.assertEqual({m for m in dir(getattr(_noop, name)) if not m.startswith("_")}, public)
            if name in ("Profiler", "Model"):
                self.assertLessEqual({"_sections", "_clear"}, set(dir(getattr(_markers, name))) & set(dir(getattr(_noop, name))))
