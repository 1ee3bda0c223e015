# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Threads, forks, and leaks."""
import contextlib
import gc
import os
import sys
import threading
import tracemalloc

from marker_record import Inside


class Threads(Inside):
    def on_thread(self, function):
        results = []
        thread = threading.Thread(target=lambda: results.append(function()))
        thread.start()
        thread.join()
        return results[0]

    def test_an_end_on_another_thread(self):
        section = self.section("wanders")
        with self.section("stays"):
            section.__enter__()
            self.assertEqual(self.on_thread(self.open), [])
            self.on_thread(lambda: section.__exit__(None, None, None))
            self.assertEqual(self.open(), ["stays"])
        self.on_thread(section.__enter__)  # the thread ends before the section
        section.__exit__(None, None, None)
        self.on_thread(section.__enter__)
        del section

    def test_threads_that_share_an_object(self):
        section, inside = self.section("shared"), []
        barrier = threading.Barrier(8)

        def enter_then_leave():
            barrier.wait()
            with section:
                barrier.wait()
                inside.append(self.open())
                barrier.wait()
            return self.open()

        after = []
        threads = [threading.Thread(target=lambda: after.append(enter_then_leave())) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((inside, after), ([["shared"]] * 8, [[]] * 8))

    def test_many_at_once(self):
        cache = self.module.CacheProfiler("many")
        interval = sys.getswitchinterval()
        results = []

        def work(number):
            for i in range(2000):
                with self.section("work %d" % number):
                    with self.section("work %d" % (i % 50)) as inner:
                        inner.items(1)
                        cache.record_hit(1e-6)
            results.append(self.open())

        sys.setswitchinterval(1e-5)
        threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sys.setswitchinterval(interval)
        self.assertEqual((results, cache.cache_hits), ([[]] * 8, 16000))


class Fork(Inside):
    def child(self, check):
        """Returns the result of check() in a forked child."""
        reader, writer = os.pipe()
        pid = os.fork()
        if not pid:
            try:
                os.write(writer, repr(check()).encode())
            finally:
                os._exit(0)
        os.close(writer)
        with open(reader) as pipe:
            answer = pipe.read()
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        return answer

    def test_the_child_goes_on_with_what_is_open(self):
        section = self.section("parent")

        def in_child():
            before = self.open()
            section.__exit__(None, None, None)
            with self.section("child"):
                return before, self.open()

        with section:
            self.assertEqual(self.child(in_child), repr((["parent"], ["child"])))
            self.assertEqual(self.open(), ["parent"])

    def test_a_child_of_many_threads(self):
        stop = threading.Event()

        def work():
            while not stop.is_set():
                with self.section("busy"), self.section("busy %s" % threading.get_ident()):
                    pass

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(20):
                self.assertEqual(self.child(self.open), "[]")
        finally:
            stop.set()
            for thread in threads:
                thread.join()


class Leaks(Inside):
    def work(self):
        model, cache, section = self.module.ModelProfiler(), self.module.CacheProfiler("c"), self.section("held")
        names = [object(), "name", str(17)]

        async def in_coroutine():
            async with self.section("async"):
                pass

        @self.section("decorator")
        def decorated():
            pass

        for _ in range(200):
            with self.section("loop") as s, model.profile_generation(3) as g, model.profile_forward_pass():
                s.items(10 ** 10)
                g.tokens = 10 ** 10
            with section, section:
                pass
            section.__enter__()
            with contextlib.suppress(LookupError), section:
                raise LookupError
            for name in names:
                with self.section(name):
                    pass
            cache.record_hit(0.123)
            cache.record_miss("x")
            cache.record_size(10 ** 10)
            cache.get_stats()
            decorated()
            self.section().__aenter__()  # nothing awaits it
            with contextlib.suppress(StopIteration):
                in_coroutine().send(None)
            with contextlib.suppress(TypeError):
                self.profiler.profile_section()
        self.answers(self.profiler, model)

    def answers(self, profiler, model):
        for name in profiler.get_timing_summary():
            profiler.get_profile_stats(name)
        profiler.get_section_stats()
        profiler.generate_report()
        model.get_stats()
        model.clear()
        with self.section("open"):
            profiler.clear_data()

    def counts(self):
        gc.collect()
        types = [getattr(self.markers, name) for name in ("Section", "Generation", "Cache", "Model", "Profiler")]
        held = [None, "loop", "name", LookupError, *types]
        return [sys.getrefcount(thing) for thing in held] + [len(gc.get_objects())]

    def test_references(self):
        self.work()
        before = self.counts()
        self.work()
        for was, now in zip(before, self.counts()):
            self.assertLess(abs(now - was), 100)  # of 200 rounds

    def test_memory(self):
        self.work()
        tracemalloc.start()
        self.work()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(5):
            self.work()
        gc.collect()
        grown_bytes = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        self.assertLess(grown_bytes, 16 * 1000)  # of 1000 rounds

    def test_resident_size(self):
        def rss_kib():
            with open("/proc/self/status") as status:
                return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

        section = self.section("held")
        for round_number in range(4):
            if round_number == 1:
                before = rss_kib()
            for _ in range(100000):
                with self.section("loop"), section, section:
                    pass
        self.assertLess(rss_kib() - before, 2048)  # of 300,000 rounds

    def test_made_up_names(self):
        for number in range(30000):
            self.section("made up %d" % number)
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for number in range(30000, 60000):
            self.section("made up %d" % number)
        grown_bytes = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        self.assertLess(grown_bytes, 2 << 20)
