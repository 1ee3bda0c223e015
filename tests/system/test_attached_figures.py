# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A Python evaluation that asks for its own stats while the profiler is attached, and what it gets."""
import json
import os
import re
import shutil
import signal
import subprocess
import time

from asking import CALL_S, DOCUMENT_S, HANGS_S, NOBODY, Asking, AskingCase
from launch import Profiler
from needs import needs_bpf, why_no_unshare
from paths import BUILD, PROFILER, PYTHON
from reports import sections
from waiting import child_of, wait_detached, wait_until


@needs_bpf
class Answers(AskingCase):
    """The stats agree with the target's own account and with the profiler's report."""

    @classmethod
    def setUpClass(cls):
        with Asking() as target, Profiler("-p", target.pid, "-t", "0.1", "-F", "199", wait_for=target.pid) as profiler:
            cls.truth = target.ask("work", 10, 4)
            target.ask("strange")
            time.sleep(2 * DOCUMENT_S)
            wait_until(lambda: "window" in target.ask("stats")["outer"], what="answer with the profiler's figures")
            cls.stats, cls.text = target.ask("stats"), target.ask("report")
            cls.tables = {key: target.ask("profile", "computes", key) for key in ("cumulative", "self", "name", "nonsense")}
            cls.unknown = target.ask("profile", "no such section")
            cls.timing = target.ask("timing")
            profiler.stop()
            cls.report = profiler.report()
        cls.outside = sections(cls.report)

    def test_every_section(self):
        """Every section has the profiler's stats, whatever characters its name has."""
        self.assertEqual([name for name, own in self.stats.items() if "window" not in own], [])
        self.assertEqual(len(self.stats), 3 + 11)

    def test_the_same_counts_and_times(self):
        for name, own in self.stats.items():
            window = own["window"]
            for key in ("count", "errors", "cancelled", "items", "open"):
                self.assertEqual(own[key], window[key], (name, key))
            for key in ("total_s", "self_s"):
                self.assertAlmostEqual(own[key], window[key], delta=0.001 + CALL_S * own["count"], msg=(name, key))
            # A single call's percentiles are its total. Its name is new, and so is the code that it runs: both may take a while.
            for key in ("p50_s", "p95_s", "p99_s")[:3 * (own["count"] > 1)]:
                self.assertAlmostEqual(own[key], window[key], delta=CALL_S + 0.03 * window[key], msg=(name, key))

    def test_as_in_the_report(self):
        """The stats of sections that did not run again are those of the final report."""
        for name in ("outer", "computes", "rests"):
            for key in ("count", "total_s", "self_s", "p50_s", "wall", "memory"):
                self.assertEqual(self.stats[name]["window"][key], self.outside[name][key], (name, key))

    def test_causes(self):
        for name in ("outer", "computes", "rests"):
            window = self.stats[name]["window"]
            wall = {key: value for key, value in window["wall"].items() if key != "worker_cpu_s"}
            self.assertAlmostEqual(sum(wall.values()), window["total_s"], delta=0.001 + 0.001 * window["total_s"], msg=name)
        rests, computes = (self.stats[name]["window"]["wall"] for name in ("rests", "computes"))
        # A thread that is preempted before it leaves its CPU for the sleep sleeps for less, and waits in the run queue before.
        self.assertGreaterEqual(rests["sleep_s"] + rests["runqueue_s"], 10 * 0.05)
        self.assertLessEqual(rests["sleep_s"], self.truth["rest_s"])
        cpu_s = computes["cpu_s"] + computes["fault_s"]
        self.assertAlmostEqual(cpu_s, self.truth["compute_cpu_s"], delta=0.02 + 0.02 * self.truth["compute_cpu_s"])

    def test_memory(self):
        memory = self.stats["rests"]["window"]["memory"]
        self.assertGreaterEqual(memory["rss_delta_bytes"], self.truth["bytes"])
        self.assertEqual(sum(memory[kind + "_delta_bytes"] for kind in ("anon", "file", "shmem")), memory["rss_delta_bytes"])

    def test_shapes_are_what_they_were(self):
        self.assertEqual(self.timing, {name: own["total_s"] for name, own in self.stats.items()})
        own = set(self.stats["outer"]) - {"window"}
        self.assertLessEqual(own | {"histogram"}, set(self.outside["outer"]))
        self.assertLessEqual(set(self.stats["outer"]["window"]) - set(self.outside["outer"]), set(self.report["window"]))

    @staticmethod
    def without_neighbours(line):
        """The processes that had the CPUs are others by the time of the report."""
        return re.sub("; the CPU had: [^;]*", "", line)

    def test_report(self):
        self.assertTrue(self.text.startswith("Performance Report\n"))
        part = self.text.split("Seen by dcbs-bpfprof")[1].split("\n")
        at = next(i for i, line in enumerate(part) if line.startswith("computes "))
        self.assertRegex(part[at + 1], r"^    time: (run queue [\d.]+%, )?computing \d+")
        lines = {line.split()[0]: part[i + 1] for i, line in enumerate(part) if line.startswith(("rests ", "outer "))}
        self.assertRegex(lines["rests"], r"^    time: sleep ")
        verdicts = {b["section"]: b for b in self.report["bottlenecks"]}
        bottleneck = "    bottleneck: %s; %s" % (verdicts["computes"]["cause"], verdicts["computes"]["evidence"])
        self.assertIn(self.without_neighbours(bottleneck), [self.without_neighbours(line) for line in part])
        self.assertIn("    What to do: %s" % verdicts["computes"]["suggestion"], part)

    def rows(self, key):
        """The table of functions: (samples, own, cumulative, place)."""
        rows = self.tables[key].split("filename:lineno(function)\n")[2].split("\n")
        return [(int(r[0]), float(r[1]), float(r[2]), r[3]) for r in (row.split(None, 3) for row in rows if row.strip())]

    def test_functions(self):
        rows = self.rows("cumulative")
        self.assertRegex(rows[0][3], r"asks\.py:\d+\(compute\)$")
        self.assertGreater(rows[0][2], 0.9 * self.stats["computes"]["window"]["total_s"])
        self.assertEqual([row[2] for row in rows], sorted((row[2] for row in rows), reverse=True))
        own = self.rows("self")
        self.assertEqual([row[1] for row in own], sorted((row[1] for row in own), reverse=True))
        self.assertEqual(sorted(rows), sorted(self.rows("name")))
        self.assertEqual(rows, self.rows("nonsense"))
        self.assertNotIn("(main)", self.tables["self"])     # main() is around the section, not inside
        self.assertNotIn("Functions inside", self.unknown)


@needs_bpf
class Cost(AskingCase):
    def test_counted_and_bounded(self):
        """A target that asks all the time: what it waited is in the cost of profiling, and keeps to its part of --max-overhead."""
        target = self.target()
        profiler = self.profiler(target, "--max-overhead", "1")
        target.ask("many", 300)
        took, end = [], time.monotonic() + 4
        while time.monotonic() < end:
            took += [target.ask("raw", "dcbs 1 %s\n" % what)["took"] for what in ("report", "summary")]
        profiler.stop()
        report = profiler.report()
        overhead, window_s = report["overhead"], report["window"]["duration_s"]
        self.assertGreater(len(took), overhead["answers"])
        self.assertGreater(overhead["answers"], 1)
        self.assertLessEqual(overhead["answers_s"], sum(took))      # the target's own clock was read around it
        self.assertLessEqual(overhead["answers_s"], 0.3 + 0.003 * window_s + 2 * max(took))
        if overhead["target_cpu_share"] is not None:
            self.assertGreaterEqual(overhead["target_cpu_share"], overhead["answers_s"] / window_s)


@needs_bpf
class Window(AskingCase):
    def test_attached_later(self):
        """The process remembers all calls, the profiler those since its attach.

        Once it has exited, its stats are no longer shown.
        """
        target = self.target()
        target.ask("work", 3)
        self.assertNotIn("window", target.ask("stats")["outer"])
        self.assertNotIn("Seen by", target.ask("report"))
        profiler = self.profiler(target)
        target.ask("work", 2)
        time.sleep(2 * DOCUMENT_S)
        outer = self.seen(target)
        self.assertEqual((outer["count"], outer["window"]["count"]), (5, 2))
        profiler.stop()
        profiler.report()
        self.assertEqual(wait_detached(target.pid), 0)
        self.assertNotIn("window", target.ask("stats")["outer"])
        self.assertIn("need an attached profiler", target.ask("profile", "outer"))

    def test_no_samples(self):
        """Without samples there are no functions, and the answer says so."""
        target = self.target()
        profiler = self.profiler(target, "-F", "0")
        target.ask("work")
        self.seen(target)
        self.assertIn("its --frequency is 0", target.ask("profile", "outer"))
        self.check_intact(profiler, target)

    def test_command(self):
        """A command that the profiler has started asks for its stats."""
        program = ("import dcbs_profiler, sys, time\n"
                   "p = dcbs_profiler.PerformanceProfiler()\n"
                   "for i in range(50):\n"
                   "    with p.profile_section('outer'): time.sleep(0.02)\n"
                   "    if i > 10 and 'Seen by' in p.generate_report(): sys.exit(7)\n")
        env = dict(os.environ, PYTHONPATH=os.path.join(BUILD, "python"))
        with Profiler(command=[PYTHON, "-c", program], env=env) as profiler:
            report = profiler.report(status=7)
            self.assertLess(sections(report)["outer"]["count"], 50, profiler.stderr())

    def test_several_targets(self):
        """The profiler adds up the stats of its targets, so no target gets them; each gets the reason."""
        one, other = self.target(), self.target()
        profiler = self.profiler(one, "-p", other.pid)
        for target in (one, other):
            target.ask("work")
            self.assertIn("to several processes", target.ask("report"))
            self.assertNotIn("window", target.ask("stats")["outer"])
            self.assertIn("need an attached profiler", target.ask("profile", "outer"))
        profiler.stop()
        self.assertEqual(sections(profiler.report())["outer"]["count"], 2)

    def test_two_profilers(self):
        """The first profiler answers. The second says that it does not, and measures all the same."""
        target = self.target()
        first = self.profiler(target)
        second = self.profiler(target, "-v")
        target.ask("work", 2)
        self.assertEqual(self.seen(target)["window"]["count"], 2)
        for profiler in (first, second):
            profiler.stop()
            self.assertEqual(sections(profiler.report())["outer"]["count"], 2)
        self.assertIn("another profiler answers it already", second.stderr())
        self.assertNotIn("another profiler", first.stderr())


@needs_bpf
class Trouble(AskingCase):
    """A profiler that does not answer costs the target almost nothing."""

    def test_stopped(self):
        target = self.target()
        profiler = self.profiler(target)
        target.ask("work")
        self.seen(target)
        took = []
        for name in ("generate_report", "get_section_stats", "get_profile_stats"):
            target.ask("forget")
            profiler.process.send_signal(signal.SIGSTOP)
            try:
                first = target.ask("timed", name)
                later = target.ask("timed", name, 20)
            finally:
                profiler.process.send_signal(signal.SIGCONT)
            self.assertEqual((first["seen"], later["seen"]), (0, 0))
            took.append(first["took"][0])
            self.assertLess(sorted(later["took"])[10], took[-1] / 2, name)
        self.assertLess(min(took), HANGS_S)
        self.seen(target)       # the target asks again after a while
        self.check_intact(profiler, target)

    def test_killed(self):
        target = self.target()
        profiler = self.profiler(target)
        target.ask("work")
        self.seen(target)
        profiler.process.kill()
        profiler.process.wait()
        times = target.ask("timed", "generate_report", 20)
        self.assertLess(sorted(times["took"])[10], HANGS_S)
        self.assertEqual(wait_detached(target.pid), 0)
        stats = target.ask("stats")["outer"]
        self.assertEqual((stats["count"], "window" in stats), (1, False))
        again = self.profiler(target)       # the name is free again
        target.ask("work")
        self.assertEqual(self.seen(target)["window"]["count"], 1)
        self.assertEqual(sections(self.end(again))["outer"]["count"], 1)

    def test_shutdown(self):
        """The target asks in atexit, and in finalisers at the end of the interpreter."""
        target = self.target(stderr=subprocess.PIPE)
        profiler = self.profiler(target)
        target.ask("work")
        self.seen(target)
        target.ask("late")
        target.process.stdin.close()
        out, errors = target.process.stdout.read(), target.process.stderr.read()
        target.process.stderr.close()
        self.assertEqual((target.process.wait(30), errors), (0, ""))
        self.assertIn(json.loads(out), (True, False))
        self.assertEqual(sections(profiler.report())["outer"]["count"], 1)

    def test_fork(self):
        """The child is another process, and no profiler is attached to it. Its copy of the stats is its own."""
        target = self.target()
        profiler = self.profiler(target)
        target.ask("work", 2)
        self.seen(target)
        child = target.ask("fork")
        self.assertEqual((child["outer"]["count"], "window" in child["outer"]), (2, False))
        self.assertNotIn("Seen by", child["report"])
        self.seen(target)
        self.assertEqual(sections(self.end(profiler))["outer"]["count"], 2)

    def end(self, profiler):
        profiler.stop()
        return profiler.report()

    def test_threads(self):
        target = self.target()
        profiler = self.profiler(target)
        target.ask("work", 2)
        time.sleep(2 * DOCUMENT_S)

        def all_see():
            seen = target.ask("threads", 16)
            self.assertEqual(len(seen), 16)
            self.assertLessEqual({s["count"] for s in seen}, {2})
            self.assertLessEqual({s["window"] for s in seen}, {2, None})
            return all(s["window"] for s in seen)
        wait_until(all_see, what="answer for sixteen threads")
        self.assertEqual(sections(self.end(profiler))["outer"]["count"], 2)


@needs_bpf
class Containers(AskingCase):
    def inside(self, *options):
        """Runs a target in another PID or network namespace than ours."""
        why = why_no_unshare(*options)
        if why:
            self.skipTest("unshare %s: %s" % (" ".join(options), why))
        target = self.target(shutil.which("unshare"), *options)
        pid = child_of(target.pid) if "--fork" in options else target.pid
        profiler = self.profiler(target, "-v", pid=pid)
        target.ask("work", 2)
        self.assertEqual(self.seen(target)["window"]["count"], 2)
        self.assertEqual(target.ask("address").endswith(".%d" % pid), "--pid" not in options)
        profiler.stop()
        self.assertEqual(sections(profiler.report())["outer"]["count"], 2)
        self.assertNotIn("cannot ask", profiler.stderr())
        self.assertEqual(target.end(), 0)

    def test_network(self):
        self.inside("--net")

    def test_pid(self):
        self.inside("--pid", "--fork")

    def test_pid_and_network(self):
        self.inside("--pid", "--net", "--fork")

    def test_with_its_own_proc(self):
        self.inside("--pid", "--net", "--fork", "--mount-proc")

    def test_user(self):
        self.inside("--user", "--map-root-user", "--pid", "--net", "--fork", "--mount-proc")

    def test_no_way_into_its_network(self):
        """A profiler that may not enter the network namespace says so and measures all the same."""
        why = why_no_unshare("--net") or (None if shutil.which("setpriv") else "no setpriv(1)")
        if why:
            self.skipTest(why)
        target = self.target(shutil.which("unshare"), "--net")
        target.ask("work")
        options = ["-q", "-v", "-f", "json", "-p", str(target.pid), "-d", "0.5"]
        without = ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"]
        done = subprocess.run(without + [PROFILER, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
        if done.returncode and "CAP_SYS_ADMIN" in done.stderr:
            self.skipTest("this kernel wants CAP_SYS_ADMIN for probes")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("process %d cannot ask for its figures" % target.pid, done.stderr)
        self.assertNotIn("window", target.ask("stats")["outer"])

    def test_another_user(self):
        """A process of another user than root gets its own stats from a profiler that runs as root."""
        setpriv = shutil.which("setpriv")
        if not setpriv:
            self.skipTest("no setpriv(1)")
        target = self.target(setpriv, "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups")
        profiler = self.profiler(target)
        target.ask("work", 2)
        self.assertEqual(self.seen(target)["window"]["count"], 2)
        profiler.stop()
        profiler.report()
