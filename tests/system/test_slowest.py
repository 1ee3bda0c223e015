# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The slowest calls of each section, one by one, and as a trace."""
import json
import os
import tempfile

from launch import Profiler, Target, run
from needs import needs_bpf
from reports import ReportCase, sections
from steps import Steps

CLOCKS_S = 0.001     # the target's clock is Unix time, and the window's begin is converted to it
TICK_S = 1e-6
HOSTILE = 'a"b\\</script>\x1b[31m\n{}'
TASKS = r"""
import asyncio
async def task():
    with profile('awaited'): await asyncio.sleep(0.05)
async def both(): await asyncio.gather(task(), task())
asyncio.run(both())
"""


def profile_paced(*options):
    """Returns (report, truth, text of the trace)."""
    with tempfile.TemporaryDirectory() as folder, Target("paced.py", "--seconds", 2, hold=True) as target:
        trace = os.path.join(folder, "run.trace.json")
        with Profiler("-p", target.pid, "-o", trace, *options, wait_for=target.pid) as profiler:
            target.go()
            truth = target.result()
            target.line()
            target.end()
            report = profiler.report()
        with open(trace, encoding="utf-8") as file:
            return report, truth, file.read()


@needs_bpf
class Slowest(ReportCase):
    @classmethod
    def setUpClass(cls):
        cls.report, cls.truth, cls.trace = profile_paced()
        cls.sections = sections(cls.report)

    def after_start(self, unix_s):
        return unix_s - self.report["window"]["started_at"]

    def test_they_are_the_slowest(self):
        """The duration of rank k lies between the durations of rank k by the target's clock reads inside and around the calls."""
        slowest = self.sections["step"]["slowest"]
        self.assertEqual(len(slowest), 5)
        inside = sorted((end - begin for _, begin, end, _ in self.truth["step"]), reverse=True)
        around = sorted((after - before for before, _, _, after in self.truth["step"]), reverse=True)
        for k, call in enumerate(slowest):
            self.assertGreaterEqual(call["duration_s"] + TICK_S, inside[k])
            self.assertLessEqual(call["duration_s"] - TICK_S, around[k])
        self.assertAlmostEqual(slowest[0]["duration_s"], self.sections["step"]["max_s"], delta=1e-9)

    def test_they_are_when_the_target_made_them(self):
        for name in ("step", "nap"):
            for call in self.sections[name]["slowest"]:
                found = [1 for before, begin, end, after in self.truth[name]
                         if self.after_start(before) - CLOCKS_S <= call["at_s"] <= self.after_start(begin) + CLOCKS_S and
                         self.after_start(end) - CLOCKS_S <= call["at_s"] + call["duration_s"] <= self.after_start(after) + CLOCKS_S]
                self.assertEqual(len(found), 1, (name, call))

    def test_which_thread_and_why(self):
        pid = self.report["target"]["pid"]
        for name in ("step", "nap"):
            for call in self.sections[name]["slowest"]:
                self.assertEqual((call["pid"], call["tid"] == pid, call["flow"]), (pid, name == "step", False))
                self.assertAlmostEqual(sum(call["wall"].values()), call["duration_s"], delta=TICK_S)
                slept = call["wall"]["sleep_s"] + call["wall"]["runqueue_s"]
                self.assertGreater(slept, 0.5 * call["duration_s"])

    def test_a_sample_within_the_call_has_its_stack(self):
        self.assertIn("nap", self.sections["nap"]["slowest"][0]["frames"])
        for call in self.sections["step"]["slowest"]:
            self.assertNotIn("nap", call["frames"] or [])

    def test_the_trace_holds_them(self):
        events = json.loads(self.trace)["traceEvents"]
        calls = [e for e in events if e["ph"] == "X"]
        for event in events:
            self.assertLessEqual({"name", "ph", "pid", "tid"}, set(event))
        self.assertEqual({e["ph"] for e in events}, {"X", "M"})
        expected = sorted((s["name"], c["tid"], round(c["at_s"] * 1e6), round(c["duration_s"] * 1e6))
                          for s in self.report["sections"] for c in s["slowest"])
        self.assertEqual(sorted((e["name"], e["tid"], round(e["ts"]), round(e["dur"])) for e in calls), expected)
        self.assertEqual([e["args"]["name"] for e in events if e["name"] == "process_name"], [self.report["target"]["comm"]])

    def test_a_saved_session_has_them(self):
        with tempfile.TemporaryDirectory() as folder:
            saved, trace = (os.path.join(folder, name) for name in ("run.json", "again.trace.json"))
            with open(saved, "w", encoding="utf-8") as file:
                json.dump(self.report, file)
            again = json.loads(run("report", saved, "-f", "json", "-o", trace).stdout)
            self.assertEqual([s["slowest"] for s in again["sections"]], [s["slowest"] for s in self.report["sections"]])
            with open(trace, encoding="utf-8") as file:
                self.assertEqual(json.loads(file.read()), json.loads(self.trace))
            text = run("report", saved, "-v").stdout.decode()
            self.assertIn("SLOWEST CALLS", text)
            self.assertNotIn("SLOWEST CALLS", run("report", saved).stdout.decode())


@needs_bpf
class Number(ReportCase):
    def calls_by_option(self, *options):
        with Steps() as target:
            target.step("use('warm', 1)")
            with Profiler("-p", target.pid, *options, wait_for=target.pid) as profiler:
                target.step("use('quick', 100)")
                profiler.stop()
                return sections(profiler.report())["quick"]

    def test_none(self):
        section = self.calls_by_option("--slowest", 0)
        self.assertEqual((section["slowest"], section["count"]), ([], 100))
        self.assertGreater(section["max_s"], section["min_s"])

    def test_many(self):
        section = self.calls_by_option("--slowest", 50)
        durations = [call["duration_s"] for call in section["slowest"]]
        self.assertEqual((len(durations), durations), (50, sorted(durations, reverse=True)))
        self.assertEqual(durations[0], section["max_s"])
        self.assertEqual(len({call["at_s"] for call in section["slowest"]}), 50)


@needs_bpf
class Others(ReportCase):
    """Coroutines, whose calls overlap, and names that would break a document."""

    def test_coroutines_and_hostile_names(self):
        with tempfile.TemporaryDirectory() as folder, Steps() as target:
            path = os.path.join(folder, "run.trace.json")
            target.step("from dcbs_profiler import get_global_profiler; profile = get_global_profiler().profile_section")
            target.step("use('warm', 1)")
            with Profiler("-p", target.pid, "-o", path, wait_for=target.pid) as profiler:
                target.step("exec(%r)" % TASKS)
                target.step("use(%r, 3)" % HOSTILE)
                profiler.stop()
                report = profiler.report()
            with open(path, encoding="utf-8") as file:
                text = file.read()
        calls = sections(report)["awaited"]["slowest"]
        self.assertEqual([(call["flow"], call["wall"], call["frames"]) for call in calls], [(True, None, None)] * 2)
        self.assertNotIn("\x1b", text)
        events = json.loads(text)["traceEvents"]
        pairs = [(e["name"], e["id"]) for e in events if e["ph"] == "b"]
        self.assertEqual((len(set(pairs)), pairs), (2, [(e["name"], e["id"]) for e in events if e["ph"] == "e"]))
        self.assertEqual(len([e for e in events if e["ph"] == "X" and e["name"].startswith('a"b')]), 3)
