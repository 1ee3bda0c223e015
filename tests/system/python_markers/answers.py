# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The return values of get_*(): their shapes, orders and texts, and the object that each belongs to."""
import cProfile
import contextlib
import copy
import inspect
import io
import logging
import os
import pickle
import pstats
import re
import subprocess
import sys

from marker_bracket import Recorded, spin

HEADER = re.compile(r"^ *ncalls .*$", re.MULTILINE)


def time_rows(report):
    """The row of each section in the table of times: {name: [total s, share, ...]}."""
    rows = [line.split() for line in report.splitlines() if re.match(r"\S+ +[0-9.]+ +[0-9.]+% +[0-9.]+ ", line)]
    return {row[0]: row[1:] for row in rows}


class Answers(Recorded):
    def mark(self, *names):
        with contextlib.ExitStack() as stack:
            for name in names:
                stack.enter_context(self.profiler.profile_section(name))

    def last(self, **seconds):
        for name, value in seconds.items():
            with self.profiler.profile_section(name):
                spin(value)

    def test_names_arguments_and_defaults(self):
        module = self.module
        expected = {
            module.PerformanceProfiler.get_bottlenecks: "(self, threshold_seconds: float = 1.0) -> List[Tuple[str, float]]",
            module.PerformanceProfiler.get_profile_stats: "(self, section_name: str, sort_by: str = 'cumulative') -> str",
            module.PerformanceProfiler.get_timing_summary: "(self) -> Dict[str, float]",
            module.PerformanceProfiler.get_memory_summary: "(self) -> Dict[str, float]",
            module.PerformanceProfiler.generate_report: "(self) -> str",
            module.PerformanceProfiler.clear_data: "(self) -> None",
            module.ModelProfiler.get_stats: "(self) -> Dict[str, Any]",
            module.ModelProfiler.clear: "(self) -> None",
            module.CacheProfiler.get_hit_rate: "(self) -> float",
            module.CacheProfiler.get_stats: "(self) -> Dict[str, Any]",
            module.get_global_profiler: "() -> dcbs_profiler._profilers.PerformanceProfiler",
        }
        for function, signature in expected.items():
            self.assertEqual(str(inspect.signature(function)).replace("typing.", ""), signature, function)
        self.assertEqual([(p.name, p.default) for p in inspect.signature(module.profile_function).parameters.values()],
                         [("profiler", None), ("section_name", None)])
        self.assertIs(module.get_global_profiler(), module.get_global_profiler())
        package = os.path.dirname(module.__file__)
        self.assertTrue(os.path.exists(os.path.join(package, "py.typed")))

    def test_bottlenecks(self):
        self.last(short=1e-4, long=3e-3, middle=1e-3)
        seconds = self.profiler.get_timing_summary()
        self.assertEqual(list(seconds), ["short", "long", "middle"])
        self.assertEqual(self.profiler.get_bottlenecks(), [])
        by_size = sorted(seconds.items(), key=lambda item: -item[1])
        self.assertEqual(self.profiler.get_bottlenecks(threshold_seconds=0), by_size)
        self.assertEqual(self.profiler.get_bottlenecks(by_size[1][1]), by_size[:2])

    # ---- get_profile_stats() ----

    def rows(self, text):
        """(ncalls, tottime, cumtime, name) of each row."""
        lines = text[HEADER.search(text).end():].strip().split("\n\n")[0].splitlines()
        fields = [line.split(None, 5) for line in lines]
        return [(f[0], float(f[1]), float(f[3]), f[5]) for f in fields]

    def test_it_is_headed_like_cprofile(self):
        profile, text = cProfile.Profile(), io.StringIO()
        profile.runcall(spin, 1e-4)
        pstats.Stats(profile, stream=text).sort_stats("cumulative").print_stats(20)
        self.mark("x")
        header = HEADER.search(text.getvalue()).group()
        self.assertEqual(header.split(), "ncalls tottime percall cumtime percall filename:lineno(function)".split())
        self.assertEqual(HEADER.search(self.profiler.get_profile_stats("x")).group(), header)
        self.assertIn("attached profiler", self.profiler.get_profile_stats("x"))

    def test_rows_are_what_ran_inside(self):
        model = self.module.ModelProfiler()
        for _ in range(2):
            with self.profiler.profile_section("question"):
                self.last(tokenize=1e-3)
                with self.profiler.profile_section("decode"), model.profile_forward_pass():
                    self.last(tokenize=2e-3)
        self.last(tokenize=5e-3, other=1e-3)
        rows = {name: (calls, own, whole) for calls, own, whole, name in self.rows(self.profiler.get_profile_stats("question"))}
        self.assertEqual(sorted(rows), ["{section decode}", "{section forward_pass}", "{section question}", "{section tokenize}"])
        self.assertEqual({name: calls for name, (calls, _, _) in rows.items()},
                         {"{section question}": "2", "{section decode}": "2", "{section forward_pass}": "2", "{section tokenize}": "4"})
        question = rows["{section question}"]
        self.assertAlmostEqual(question[2], self.profiler.get_timing_summary()["question"], delta=0.0006)
        self.assertAlmostEqual(question[2], sum(own for _, own, _ in rows.values()), delta=0.003)
        self.assertGreaterEqual(rows["{section tokenize}"][2], 0.006)
        self.assertLess(rows["{section tokenize}"][2], question[2] + 0.001)
        self.assertEqual([row[3] for row in self.rows(self.profiler.get_profile_stats("tokenize"))], ["{section tokenize}"])

    def test_orders(self):
        with self.profiler.profile_section("whole"):
            for _ in range(3):
                self.mark("b")
            self.last(c=2e-3, a=4e-3)
        stats = self.profiler.get_section_stats()
        orders = {
            ("cumulative", "cumtime", "cumul"): sorted(stats, key=lambda name: -stats[name]["total_s"]),
            ("tottime", "time", "self"): sorted(stats, key=lambda name: -stats[name]["self_s"]),
            ("calls", "ncalls"): ["b"],
            ("name", "nfl", "stdname"): ["a", "b", "c", "whole"],
        }
        for keys, expected in orders.items():
            for key in keys:
                names = [row[3][len("{section "):-1] for row in self.rows(self.profiler.get_profile_stats("whole", sort_by=key))]
                self.assertEqual(names[:len(expected)], expected, key)
        for key in pstats.SortKey:
            self.assertEqual(self.profiler.get_profile_stats("whole", key), self.profiler.get_profile_stats("whole", key.value))
        for key in ("no such order", None, object(), 99):
            text = self.profiler.get_profile_stats("whole", key)
            self.assertEqual(self.rows(text), self.rows(self.profiler.get_profile_stats("whole")))
            self.assertIn("There is no order", text)

    def test_the_first_20(self):
        with self.profiler.profile_section("all"):
            for number in range(30):
                self.mark("inner %d" % number)
        text = self.profiler.get_profile_stats("all")
        self.assertEqual((len(self.rows(text)), self.rows(text)[0][3]), (20, "{section all}"))
        self.assertIn("from 31 to 20", text)

    def test_an_unknown_section(self):
        profiles = [self.profiler.get_profile_stats(name) for name in ("unknown", None, 17, "x\x1b[31m\n")]
        self.assertEqual(profiles[0], "No profile data for section 'unknown'.")
        self.assertEqual({len(text.splitlines()) for text in profiles}, {1})

    def test_many_names_inside_one(self):
        with self.profiler.profile_section("all"):
            for number in range(1500):
                self.mark("inner %d" % number)
        rows = self.rows(self.profiler.get_profile_stats("all", "calls"))
        self.assertEqual(rows[0][0::3], ("476", "{section (other)}"))

    # ---- generate_report() ----

    def test_the_report(self):
        self.assertIn("No section has ended", self.profiler.generate_report())
        with self.profiler.profile_section("outer"):
            self.last(inner=6e-3)
            spin(2e-3)
        self.last(beside=2e-3)
        text = self.profiler.generate_report()
        rows, seconds = time_rows(text), self.profiler.get_timing_summary()
        for name, value in seconds.items():
            self.assertEqual(rows[name][0], f"{value:.3f}")
        for part in ("Timing Summary", "Memory Usage Summary", "Performance Bottlenecks", "Optimization Suggestions"):
            self.assertIn(part, text)

    def test_shares_are_of_the_wall_time(self):
        """Sections of a model count as well, and so does the time between sections."""
        script = """
import time
from dcbs_profiler import CacheProfiler, ModelProfiler, PerformanceProfiler
profiler, other, model = PerformanceProfiler(), PerformanceProfiler(), ModelProfiler()
start = time.perf_counter()
for _ in range(10):
    with profiler.profile_section("tokenize"):
        time.sleep(0.001)
    with model.profile_generation(tokens=4):
        time.sleep(0.01)
    with other.profile_section("elsewhere"):
        time.sleep(0.004)
    time.sleep(0.005)
wall = time.perf_counter() - start
text = profiler.generate_report()
print(wall, (time.perf_counter() - start))
print(text)
profiler.clear_data()
start = time.perf_counter()
time.sleep(0.02)
with profiler.profile_section("tokenize"):
    time.sleep(0.02)
wall = time.perf_counter() - start
text = profiler.generate_report()
print("cleared", wall, (time.perf_counter() - start))
print(text)
"""
        output = subprocess.run([sys.executable, "-c", script], env=dict(os.environ, PYTHONPATH=os.path.dirname(os.path.dirname(
            self.module.__file__))), check=True, stdout=subprocess.PIPE, universal_newlines=True).stdout
        before, after = output.split("cleared")
        for text, names in (before, ("tokenize", "generation", "elsewhere")), (after, ("tokenize",)):
            least, most = map(float, text.split("\n")[0].split())
            rows = time_rows(text)
            for name in names:
                seconds = float(rows[name][0])
                self.assertAlmostEqual(float(rows[name][1].rstrip("%")), 100 * seconds / least, delta=100 * (most - least) / least + 0.6)
        self.assertLess(float(time_rows(before)["tokenize"][1].rstrip("%")), 20)

    def test_names_cannot_break_the_report(self):
        for name in ("\x1b[2J\n", "\udc80", "x" * 1000, "", "日本", "%s{}"):
            self.mark(name)
        self.mark(None)
        lines = self.profiler.generate_report().encode("utf-8").decode().splitlines()
        self.assertTrue(all(line.isprintable() and len(line) < 150 for line in lines), lines)
        self.assertEqual(list(self.profiler.get_timing_summary()), ["\x1b[2J\n", "\udc80", "x" * 1000, "", "日本", "%s{}", "None"])

    # ---- which object, and until when ----

    def test_each_object_answers_for_itself(self):
        other = self.module.PerformanceProfiler()
        with other.profile_section("other's"):
            self.mark("shared")
            with other.profile_section("shared"):
                pass
        self.assertEqual(list(self.profiler.get_timing_summary()), ["shared"])
        self.assertEqual(other.get_section_stats()["shared"]["count"], 1)
        self.assertIn(" 2 ", other.get_profile_stats("other's"))  # all that ran inside, whichever object marked it
        other.clear_data()
        self.assertEqual((other.get_timing_summary(), self.section_stats("shared")["count"]), ({}, 1))
        self.assertEqual([self.open(), self.module.get_global_profiler().get_timing_summary()], [[], {}])

    def test_clear(self):
        held = self.profiler.profile_section("held")
        with held, self.profiler.profile_section("open"):
            self.mark("ended")
            spin(1e-3)
            self.profiler.clear_data()
            self.assertEqual(self.profiler.get_timing_summary(), {})
        self.assertEqual(list(self.profiler.get_timing_summary()), ["held", "open"])
        self.assertGreaterEqual(self.section_stats("open")["total_s"], 1e-3)
        self.assertEqual(self.rows(self.profiler.get_profile_stats("held"))[1][3], "{section open}")
        self.profiler.clear_data()
        with held:
            self.mark("new")
        self.assertEqual((list(self.profiler.get_timing_summary()), self.section_stats("held")["count"]), (["held", "new"], 1))
        for _ in range(3):
            self.mark(*("name %d" % number for number in range(60)))
            self.profiler.clear_data()
        self.assertEqual(len(self.profiler._sections()), 1)  # that of "held"

    def test_copies_start_from_0(self):
        self.mark("x")
        self.profiler.note = "mine"
        model = self.module.ModelProfiler()
        with model.profile_forward_pass():
            pass
        for twin in (copy.copy(self.profiler), copy.deepcopy(self.profiler), pickle.loads(pickle.dumps(self.profiler))):
            self.assertEqual((twin.note, twin.get_timing_summary()), ("mine", {}))
            with twin.profile_section("y"):
                pass
            self.assertEqual(list(twin.get_timing_summary()), ["y"])
        self.assertEqual([copy.copy(model).get_stats(), pickle.loads(pickle.dumps(model)).get_stats()], [{}, {}])

    def test_subclasses_without_init(self):
        class Careless(self.module.PerformanceProfiler):
            def __init__(self):
                pass

        class CarelessModel(self.module.ModelProfiler):
            def __init__(self):
                pass

        profiler, model = Careless(), CarelessModel()
        self.assertEqual((profiler.get_timing_summary(), model.get_stats()), ({}, {}))
        profiler.clear_data()
        model.clear()
        with profiler.profile_section("x"), model.profile_forward_pass():
            pass
        self.assertEqual((list(profiler.get_timing_summary()), model.get_stats()["forward_pass"]["count"]), (["x"], 1))

    def test_a_failure_is_no_exception(self):
        class Broken(self.module.PerformanceProfiler):
            def _sections(self):
                raise RuntimeError("broken")

        broken = Broken()
        with self.assertLogs("dcbs_profiler", logging.WARNING) as logged:
            self.assertEqual((broken.get_timing_summary(), broken.get_bottlenecks(0), broken.get_section_stats()), ({}, [], {}))
            self.assertIn("No profile data", broken.get_profile_stats("x"))
            self.assertIn("No performance report", broken.generate_report())
        self.assertEqual(len(logged.records), 5)
