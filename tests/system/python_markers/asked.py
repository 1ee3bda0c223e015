# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The answers of the module dcbs_profiler from threads, forked children, finalisers, at the end, and in sub-interpreters."""
import gc
import os
import subprocess
import sys
import threading
import time

from marker_bracket import Recorded, resident, spin


class Asked(Recorded):
    def test_by_many_threads_at_once(self):
        stop, failures, interval = threading.Event(), [], sys.getswitchinterval()
        model = self.module.ModelProfiler()

        def ask():
            while not stop.is_set():
                try:
                    self.profiler.get_profile_stats("outer")
                    self.profiler.generate_report()
                    self.profiler.get_section_stats()
                    model.get_stats()
                    self.profiler.clear_data()
                    model.clear()
                except Exception as error:
                    failures.append(error)

        def mark(number):
            for i in range(500):
                with self.profiler.profile_section("outer"), self.profiler.profile_section("inner %d" % (i % 50)):
                    with model.profile_forward_pass(), self.profiler.profile_section("thread %d" % number):
                        pass

        sys.setswitchinterval(1e-5)
        askers = [threading.Thread(target=ask) for _ in range(2)]
        markers = [threading.Thread(target=mark, args=(number,)) for number in range(4)]
        for thread in askers + markers:
            thread.start()
        for thread in markers:
            thread.join()
        stop.set()
        for thread in askers:
            thread.join()
        sys.setswitchinterval(interval)
        self.assertEqual(failures, [])
        self.profiler.clear_data()
        with self.profiler.profile_section("after"):
            pass
        self.assertEqual(list(self.profiler.get_timing_summary()), ["after"])

    def test_by_a_finaliser_in_the_middle_of_an_answer(self):
        class Finaliser:
            def __init__(self, profiler):
                self.profiler, self.itself = profiler, self

            def __del__(self):
                with self.profiler.profile_section("from %x" % id(self)):
                    self.profiler.clear_data()

        thresholds = gc.get_threshold()
        gc.set_threshold(1)
        try:
            for number in range(60):
                profiler = self.module.PerformanceProfiler()
                Finaliser(profiler)
                with profiler.profile_section("outer"), profiler.profile_section("x %d" % number):
                    Finaliser(profiler)
                    profiler.get_timing_summary()
                Finaliser(profiler)
                profiler.get_section_stats()
                Finaliser(profiler)
                profiler.clear_data()
        finally:
            gc.set_threshold(*thresholds)

    def test_in_a_forked_child(self):
        with self.profiler.profile_section("before"):
            pass
        reader, writer = os.pipe()
        with self.profiler.profile_section("open"):
            pid = os.fork()
            if pid:
                time.sleep(2e-3)
        if not pid:
            with self.profiler.profile_section("child"):
                kept = resident(32 << 20)
                spin(2e-3)
            growth = round(self.profiler.get_memory_summary()["child"])
            counts = {name: stats["count"] for name, stats in self.profiler.get_section_stats().items()}
            os.write(writer, repr((counts, growth in range(30, 36), len(kept) >> 20)).encode())
            os._exit(0)
        os.close(writer)
        with open(reader) as pipe:
            self.assertEqual(pipe.read(), repr(({"before": 1, "open": 1, "child": 1}, True, 32)))
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        self.assertEqual(list(self.profiler.get_timing_summary()), ["before", "open"])
        self.assertEqual(self.section_stats("open")["count"], 1)

    def run_python(self, program):
        done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_at_the_end_of_the_interpreter(self):
        output = self.run_python("""if True:
            import atexit, builtins, logging, sys, threading, time
            import dcbs_profiler
            logging.disable()
            p, m = dcbs_profiler.PerformanceProfiler(), dcbs_profiler.ModelProfiler()

            class Late:
                def __init__(self, write):
                    self.p, self.m, self.write, self.open = p, m, write, p.profile_section("never left")
                    self.open.__enter__()

                def __del__(self):
                    with self.p.profile_section("late"), self.m.profile_forward_pass():
                        pass
                    self.write(b"late %d %d\\n" % (len(self.p.generate_report()) > 100, len(self.m.get_stats()) > 0))
                    assert isinstance(self.p.get_profile_stats("late"), str)

            def forever():
                while True:
                    with p.profile_section("daemon"):
                        time.sleep(1e-4)

            import os
            builtins.late = Late(lambda text, write=os.write: write(1, text))
            for _ in range(3):
                threading.Thread(target=forever, daemon=True).start()
            time.sleep(0.01)
            atexit.register(lambda: print("atexit", "daemon" in p.generate_report(), flush=True))
            """)
        self.assertIn("atexit True", output)
        self.assertLessEqual(set(output.splitlines()) - {"atexit True"}, {"late 1 1"})

    def test_in_a_sub_interpreter(self):
        output = self.run_python("""if True:
            try:
                import _interpreters as interpreters
            except ImportError:
                import _xxsubinterpreters as interpreters
            import logging
            import dcbs_profiler
            inside = '''if True:
                import logging
                logging.disable()
                import dcbs_profiler
                p = dcbs_profiler.PerformanceProfiler()
                for _ in range(100):
                    with p.profile_section("x"), p.profile_section("y"):
                        pass
                print(len(p.generate_report()) > 20, p.get_timing_summary().keys() <= set("xy"), flush=True)
                '''
            for arguments, named in (((), {}), ((), {"isolated": True}), ((), {"isolated": False}), (("legacy",), {})):
                try:
                    one = interpreters.create(*arguments, **named)
                except (TypeError, ValueError):
                    continue  # another version's way to say it
                interpreters.run_string(one, inside)
                interpreters.destroy(one)
                p = dcbs_profiler.PerformanceProfiler()
                with p.profile_section("z"):
                    pass
                assert list(p.get_timing_summary()) == ["z"]
            print("end")
            """)
        self.assertEqual(set(output.splitlines()), {"True True", "end"})
