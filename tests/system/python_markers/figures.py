# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The module's own records, compared with measurements of the same sections by the standard library."""
import asyncio
import contextlib
import math
import random
import resource
import statistics
import threading
import time

from marker_bracket import MIB, Bracket, Recorded, resident, resident_bytes, spin

clock = time.perf_counter_ns


class Figures(Recorded):
    def test_times(self):
        outer, inner, chance = self.bracket("outer"), self.bracket("inner"), random.Random(1)
        for _ in range(3):
            with outer():
                for _ in range(50):
                    with inner():
                        spin(chance.choice((0, 2e-5, 1e-4, 1e-3)))
        for name, bracket in (("outer", outer), ("inner", inner)):
            stats = self.section_stats(name)
            self.assertEqual((stats["count"], stats["open"], stats["errors"]), (len(bracket.inside_s), 0, 0))
            for key, of in (("total_s", sum), ("mean_s", statistics.mean), ("min_s", min), ("max_s", max)):
                self.assert_between(stats[key], of(bracket.inside_s), of(bracket.around_s))
            for key, share in (("p50_s", 0.5), ("p90_s", 0.9), ("p95_s", 0.95), ("p99_s", 0.99), ("p999_s", 0.999)):
                rank = math.ceil(share * stats["count"]) - 1
                self.assert_between(stats[key], sorted(bracket.inside_s)[rank] * 0.989, sorted(bracket.around_s)[rank] * 1.011)
        self.assertEqual(self.profiler.get_timing_summary(),
                         {name: self.section_stats(name)["total_s"] for name in ("outer", "inner")})
        self.assertAlmostEqual(self.section_stats("outer")["self_s"] + self.section_stats("inner")["total_s"],
                               self.section_stats("outer")["total_s"])

    def test_histogram(self):
        bracket = self.bracket("x")
        for number in range(200):
            with bracket():
                spin(number * 1e-6)
        histogram = self.section_stats("x")["histogram"]
        indices = [index for index, _ in histogram["buckets"]]
        self.assertEqual((histogram["scale"], histogram["zero_count"]), (5, 0))
        self.assertEqual((indices, sum(count for _, count in histogram["buckets"])), (sorted(set(indices)), 200))
        for of, index in ((min, indices[0]), (max, indices[-1])):
            self.assertLess(2 ** (index / 32), of(bracket.around_s) * 1e9)
            self.assertGreaterEqual(2 ** ((index + 1) / 32), of(bracket.inside_s) * 1e9)

    def test_recursion_counts_once(self):
        @self.module.profile_function(self.profiler, "recursive")
        def recursive(depth):
            spin(1e-4)
            if depth:
                with self.profiler.profile_section("between"):
                    recursive(depth - 1)

        start = clock()
        recursive(20)
        elapsed_s = (clock() - start) / 1e9
        stats = self.section_stats("recursive")
        self.assertEqual(stats["count"], 21)
        self.assert_between(stats["total_s"], 21e-4, elapsed_s)
        self.assertEqual(stats["max_s"], stats["total_s"])
        self.assertGreater(stats["mean_s"] * 21, stats["total_s"] * 5)
        self.assertAlmostEqual(stats["self_s"] + self.section_stats("between")["self_s"], stats["total_s"])
        self.assertIn("21/1 ", self.profiler.get_profile_stats("recursive"))

    def test_errors_items_and_what_is_open(self):
        section = self.profiler.profile_section("x")
        with section as mark:
            mark.items(5)
            mark.items(2 ** 70)
            self.assertEqual((self.section_stats("x")["open"], self.section_stats("x")["mean_s"]), (1, None))
            self.assertEqual(self.profiler.get_timing_summary(), {})
        with contextlib.suppress(LookupError), self.profiler.profile_section("y"):
            raise LookupError
        section.__exit__(None, None, None)
        self.assertEqual((self.section_stats("x")["items"], self.section_stats("x")["count"]), (2 ** 64 - 1, 1))
        y = self.section_stats("y")
        self.assertEqual((y["errors"], y["items"], y["items_per_s"]), (1, None, None))

    def test_tasks_that_interleave(self):
        brackets = [self.bracket("task %d" % number) for number in range(5)]

        async def task(number):
            await asyncio.sleep(0.002 * number)
            with brackets[number]():
                async with self.profiler.profile_section("all"):
                    await asyncio.sleep(0.002 * (10 - 3 * number if number % 2 else 5))

        async def main():
            await asyncio.gather(*(task(number) for number in range(5)))

        asyncio.run(main())
        for number, bracket in enumerate(brackets):
            total_s = self.section_stats("task %d" % number)["total_s"]
            self.assert_between(total_s, bracket.inside_s[0], bracket.around_s[0])
        together = self.section_stats("all")
        self.assertEqual((together["count"], together["open"]), (5, 0))
        self.assert_between(together["mean_s"] * 5, sum(b.inside_s[0] for b in brackets) * 0.9, sum(b.around_s[0] for b in brackets))
        self.assertAlmostEqual(together["total_s"], together["mean_s"] * 5, delta=1e-8)
        whole = sum(stats["self_s"] for stats in self.profiler.get_section_stats().values())
        self.assert_between(whole, sum(b.inside_s[0] for b in brackets), sum(b.around_s[0] for b in brackets))

    def test_the_eldest_left_takes_over(self):
        a, b, c = (self.profiler.profile_section("same") for _ in range(3))
        start = clock()
        a.__enter__()
        for action in (b.__enter__, a.__exit__, c.__enter__, b.__exit__, c.__exit__):
            spin(1e-3)
            action()
        elapsed_s = (clock() - start) / 1e9
        stats = self.section_stats("same")
        self.assert_between(stats["total_s"], 5e-3, elapsed_s)
        self.assert_between(stats["self_s"], stats["total_s"], stats["total_s"])
        self.assert_between(stats["mean_s"] * 3, 7e-3, 2 * elapsed_s)

    def test_threads_add_up(self):
        brackets = [self.bracket("thread") for _ in range(4)]

        def work(bracket):
            for _ in range(20):
                with bracket():
                    time.sleep(1e-3)

        threads = [threading.Thread(target=work, args=(bracket,)) for bracket in brackets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        stats = self.section_stats("thread")
        self.assertEqual(stats["count"], 80)
        self.assert_between(stats["total_s"], sum(sum(b.inside_s) for b in brackets), sum(sum(b.around_s) for b in brackets))

    def test_an_end_on_another_thread(self):
        section = self.profiler.profile_section("wanders")
        with self.profiler.profile_section("stays"):
            start = clock()
            section.__enter__()
            spin(1e-3)
            thread = threading.Thread(target=section.__exit__)
            thread.start()
            thread.join()
            elapsed_s = (clock() - start) / 1e9
            spin(1e-3)
        self.assert_between(self.section_stats("wanders")["total_s"], 1e-3, elapsed_s)
        self.assert_between(self.section_stats("stays")["self_s"], 1e-3, self.section_stats("stays")["total_s"] - 1e-3)

    def test_one_object_open_several_times(self):
        section = self.profiler.profile_section("again")
        with section, section, section:
            spin(1e-3)
        stats = self.section_stats("again")
        self.assertEqual((stats["count"], stats["open"]), (3, 0))
        self.assert_between(stats["total_s"], 1e-3, stats["mean_s"] * 3 / 2)

    def test_deep_recursion_stays_cheap(self):
        with contextlib.ExitStack() as stack:
            start = clock()
            for number in range(2000):
                stack.enter_context(self.profiler.profile_section("deep %d" % (number % 7)))
        self.assertLess(clock() - start, 500e6)
        self.assertEqual(sum(stats["count"] for stats in self.profiler.get_section_stats().values()), 2000)

    def test_thousands_of_tasks_stay_cheap(self):
        requests = [self.profiler.profile_section("request %d" % (number % 10)) for number in range(3000)]
        for section in requests:
            section.__enter__()
        start = clock()
        for _ in range(3000):
            with self.profiler.profile_section("inner"), self.profiler.profile_section("innermost"):
                pass
        for section in requests:
            section.__exit__(None, None, None)
        self.assertLess(clock() - start, 300e6)
        self.assertEqual(sum(stats["count"] for stats in self.profiler.get_section_stats().values()), 9000)

    def test_more_names_than_are_kept(self):
        for number in range(5000):
            with self.profiler.profile_section("outer %d" % (number // 1000)):
                with self.profiler.profile_section("name %d" % number):
                    pass
        stats = self.profiler.get_section_stats()
        self.assertEqual((len(stats), stats["(other)"]["count"]), (4097, 5005 - 4096))


class MemoryAndModels(Recorded):
    def test_growth(self):
        kept = []
        with self.profiler.profile_section("around"):
            for name, size in (("grows", 16 * MIB), ("grows", 8 * MIB), ("stays", 0), ("shrinks", None)):
                time.sleep(2.5e-3)  # an event before the section does not count for it
                before = resident_bytes()
                with self.profiler.profile_section(name):
                    if size is None:
                        kept.clear()
                    else:
                        kept.append(resident(size) if size else None)
                    spin(2e-3)
                grown, expected = resident_bytes() - before, -24 * MIB if size is None else size
                self.assertAlmostEqual(grown, expected, delta=2 * MIB)
        growth = self.profiler.get_memory_summary()
        for name, expected_mib in (("grows", 24), ("stays", 0), ("shrinks", -24), ("around", 0)):
            self.assertAlmostEqual(growth[name], expected_mib, delta=2, msg=name)
            self.assertAlmostEqual(self.section_stats(name)["memory"]["rss_delta_bytes"], growth[name] * MIB)
        self.assertIn("grows ", self.profiler.generate_report())

    def test_what_many_short_sections_allocate_together(self):
        kept = []
        before = resident_bytes()
        for _ in range(1000):
            with self.profiler.profile_section("short"):
                kept.append(b"x" * (32 << 10))
        self.assertAlmostEqual(self.profiler.get_memory_summary()["short"], (resident_bytes() - before) / MIB, delta=8)
        self.assertEqual(len(kept), 1000)

    def test_a_models_memory(self):
        model, ballast = self.module.ModelProfiler(), []
        for _ in range(3):
            with model.profile_generation(), model.profile_forward_pass():
                ballast.append(resident(8 * MIB))
                spin(2e-3)
        memory = model.get_stats()["memory"]
        self.assertAlmostEqual(memory["peak_memory_mb"], resident_bytes() / MIB, delta=2)
        self.assertAlmostEqual(memory["peak_memory_mb"] - memory["min_memory_mb"], 16, delta=2)
        self.assertAlmostEqual(memory["mean_memory_mb"], (memory["peak_memory_mb"] + memory["min_memory_mb"]) / 2, delta=1)
        self.assertLessEqual(memory["peak_memory_mb"], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 + 1)

    def test_a_models_times_and_tokens(self):
        model = self.module.ModelProfiler()
        forward, generation = Bracket(model.profile_forward_pass), Bracket(lambda: model.profile_generation(tokens=2))
        self.assertEqual(model.get_stats(), {})
        for _ in range(20):
            with generation() as tokens, forward():
                spin(1e-4)
                tokens.tokens += 1
        stats = model.get_stats()
        self.assertEqual(sorted(stats), ["forward_pass", "generation", "memory"])
        for name, bracket in (("forward_pass", forward), ("generation", generation)):
            self.assertEqual(stats[name]["count"], 20)
            for key, of in (("total_time", sum), ("mean_time", statistics.mean), ("min_time", min), ("max_time", max)):
                self.assert_between(stats[name][key], of(bracket.inside_s), of(bracket.around_s))
        self.assertEqual(stats["generation"]["tokens"], 60)
        self.assert_between(stats["generation"]["tokens_per_s"], 60 / sum(generation.around_s), 60 / sum(generation.inside_s))
        model.clear()
        self.assertEqual(model.get_stats(), {})

    def test_unknown_tokens(self):
        model = self.module.ModelProfiler()
        with model.profile_generation():
            pass
        generation = model.get_stats()["generation"]
        self.assertEqual((generation["tokens"], generation["tokens_per_s"]), (None, None))
        self.assertNotIn("forward_pass", model.get_stats())
