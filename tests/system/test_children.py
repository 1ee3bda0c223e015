# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""--children: processes that the target forks are followed, and their sections counted, from the first one on."""
import json
import os
import re
import subprocess
import tempfile
import time
import unittest

from launch import Profiler, Target, run
from needs import EMULATED, needs_bpf, why_no_torch
from paths import BUILD, PROFILER, PYTHON, target_program, target_source
from reports import ReportCase, marked, sections
from waiting import wait_until

SHORT_ONES = 200 if EMULATED else 1000
NO_TORCH = why_no_torch()


class ChildrenCase(ReportCase):
    def follow(self, *command, args=(), timeout=120):
        """Attaches to a target before it forks. Returns (report, truth)."""
        with Target(*command) as target:
            # Python's markers are loaded by now; a probe on them shows that the profiler is attached.
            with Profiler("-c", "-p", target.pid, *args, wait_for=target.pid) as profiler:
                target.go()
                truth = target.result(timeout)
                self.assertIsNotNone(truth, "the target printed no truth")
                target.end()
                return profiler.report(timeout), truth

    def check_counts(self, report, truth):
        found = sections(report)
        for name, section in truth["sections"].items():
            if section["count"]:
                self.assertEqual(found[name]["count"], section["count"], name)
        self.check_lost(report, samples=None, stacks=None)

    def check_lost(self, report, **expected):
        """Samples are not compared: the profiler cannot read names from a child that is gone."""
        report = dict(report, lost={k: v for k, v in report["lost"].items() if k not in ("samples", "stacks")})
        super().check_lost(report, **{k: v for k, v in expected.items() if v is not None})

    def check_targets(self, report, truth):
        """Each process is listed once, with its parent, its lifetime and its part; the parts add up to the sections."""
        targets, found = report["targets"], marked(report)
        self.assertEqual(len(targets), truth["processes"])
        pids = [t["pid"] for t in targets]
        self.assertEqual(len(set(pids)), len(pids))
        self.assertEqual(targets[0]["pid"], truth["pid"])
        self.assertIsNone(targets[0]["parent"])
        for t in targets[1:]:
            self.assertIn(t["parent"], pids)
            self.assertIsNotNone(t["ended_at"], t)
            self.assertLessEqual(t["started_at"], t["ended_at"] + 1e-3)
            self.assertGreaterEqual(t["started_at"], report["window"]["started_at"] - 1e-3)
            self.assertLessEqual(t["ended_at"], report["window"]["started_at"] + report["window"]["duration_s"] + 0.1)
        self.assertEqual(sum(t["sections"] for t in targets), sum(s["count"] for s in found.values()))
        self.assertAlmostEqual(sum(t["sections_s"] for t in targets), sum(s["self_s"] for s in found.values()), places=5)

    def check_skew(self, found, truths):
        """Compares the order with the processes' own means of a call, measured inside of the section and around it."""
        self.assertEqual(found["count"], len(truths))
        by_pid = {t["pid"]: t for t in truths}
        slowest, fastest = by_pid[found["slowest"]["pid"]], by_pid[found["fastest"]["pid"]]
        for which, truth in ("slowest", slowest), ("fastest", fastest):
            self.between(found[which]["mean_s"], truth["inside_s"] * 1e9, truth["around_s"] * 1e9, which)
        self.assertGreaterEqual(slowest["around_s"], max(t["inside_s"] for t in truths))
        self.assertLessEqual(fastest["inside_s"], min(t["around_s"] for t in truths))
        self.assertAlmostEqual(found["skew"], found["slowest"]["mean_s"] / found["fastest"]["mean_s"], places=6)
        self.assertGreater(found["skew"], 1)

    def check_memory(self, report):
        memory = report["memory"]
        if memory["sections_bytes"] is None:
            return
        self.assertEqual(memory["rss_end_bytes"] - memory["rss_start_bytes"], memory["sections_bytes"] + memory["outside_bytes"] +
                         memory["others_bytes"] + memory["unexplained_bytes"])
        came = sum(s["self_memory"]["grown_bytes"] for s in report["sections"])
        self.assertLessEqual(abs(memory["unexplained_bytes"]), max(0.02 * came, 1 << 20))


@needs_bpf
class Forks(ChildrenCase):
    """A C program that forks and keeps an account."""

    def test_every_way_to_leave(self):
        report, truth = self.follow("forker", "--children", 40, "--alive", 8, "--sections", 3000, "--ms", 5, "--family")
        self.check_counts(report, truth)
        self.check_targets(report, truth)
        self.check_memory(report)
        child = sections(report)["child"]
        self.assertEqual(child["processes"]["count"], 40)
        for which in "slowest", "fastest":
            self.assertEqual(child["processes"][which]["count"], 3000)
        by_pid = {t["pid"]: t for t in report["targets"]}
        for which in "slowest", "fastest":
            self.assertIn(child["processes"][which]["pid"], by_pid)
        self.assertGreaterEqual(child["processes"]["slowest"]["mean_s"], child["mean_s"])
        self.assertLessEqual(child["processes"]["fastest"]["mean_s"], child["mean_s"])
        self.assertAlmostEqual(child["processes"]["skew"],
                               child["processes"]["slowest"]["mean_s"] / child["processes"]["fastest"]["mean_s"], places=6)
        self.assertNotIn("processes", sections(report)["parent"])
        self.assertEqual({t["sections"] for t in report["targets"][1:]}, {3000})
        self.check_histogram(child)

    def test_images(self):
        """A child executes another program with the same markers: they are probed as it loads them."""
        report, truth = self.follow("forker", "--children", 12, "--sections", 3000, "--images")
        self.check_counts(report, truth)
        self.check_targets(report, truth)

    def test_64_at_a_time(self):
        report, truth = self.follow("forker", "--children", 64, "--alive", 64, "--sections", 100000, "--ms", 100)
        self.check_counts(report, truth)
        self.check_targets(report, truth)
        self.check_memory(report)

    def test_short_ones(self):
        for args in (), ("-F", 0):
            with self.subTest(args):
                report, truth = self.follow("forker", "--children", SHORT_ONES, "--alive", 64, "--sections", 1000, args=args)
                self.check_counts(report, truth)
                self.check_targets(report, truth)
                self.check_memory(report)

    def test_open_sections_are_not_taken_along(self):
        """A section that is open at a fork goes on in the child, from the fork on; its call is the parent's."""
        report, truth = self.follow("forker", "--children", 8, "--alive", 4, "--ms", 20, "--inside")
        self.check_counts(report, truth)
        around = sections(report)["around"]
        self.assertEqual(around["count"], 1)
        self.assertEqual(around["open"], 8)
        self.assertLessEqual(around["total_s"], truth["lives_ns"] * 1e-9 + 1e-3)
        self.assertGreaterEqual(around["total_s"], 8 * 0.020 + around["max_s"])

    def test_not_without_the_option(self):
        with Target("forker", "--children", 4) as target:
            with Profiler("-p", target.pid, wait_for=target.pid) as profiler:
                target.go()
                target.result()
                target.end()
                report = profiler.report()
        self.assertNotIn("child", sections(report))
        self.assertEqual(sections(report)["parent"]["count"], 4)
        self.assertEqual(report["target"]["pid"], target.pid)

    def test_a_stranger_is_not_counted(self):
        """Another process has mapped the same file of markers, and so has the probe."""
        with Target("forker", "--children", 3, "--sections", 50000) as stranger, Target("forker", "--children", 3) as target:
            with Profiler("-c", "-p", target.pid, wait_for=target.pid) as profiler:
                stranger.go()
                stranger.result()
                target.go()
                truth = target.result()
                target.end()
                report = profiler.report()
        self.check_counts(report, truth)
        self.check_targets(report, truth)

    def test_children_that_are_there_already(self):
        """A profiler that attaches in the middle of a run finds the workers that were started before."""
        with Target("forker", "--children", 3, "--alive", 3, "--ms", 10000 if EMULATED else 2500) as target:
            target.go()
            children = "/proc/%d/task/%d/children" % (target.pid, target.pid)
            wait_until(lambda: len(open(children).read().split()) == 3, what="children")
            pids = [int(pid) for pid in open(children).read().split()]
            with Profiler("-c", "-p", target.pid) as profiler:
                target.result()
                target.end()
                report = profiler.report()
        self.assertEqual(sorted(t["pid"] for t in report["targets"]), sorted([target.pid] + pids))
        self.assertTrue(all(t["parent"] == target.pid for t in report["targets"] if t["pid"] != target.pid))


@needs_bpf
class Commands(ChildrenCase):
    def command(self, *command, args=(), timeout=120, **popen):
        env = dict(os.environ, PYTHONPATH=os.path.join(BUILD, "python"))
        with tempfile.TemporaryFile("w+") as said:
            with Profiler("-c", *args, command=command, stderr=said, env=env, stdin=subprocess.PIPE, **popen) as profiler:
                out, _ = profiler.process.communicate("\n" * 8, timeout=timeout)
                said.seek(0)
                self.assertEqual(profiler.process.returncode, 0, said.read())
                said.seek(0)
                return json.loads(out), said.read()

    @staticmethod
    def truths(said):
        return [json.loads(line) for line in said.splitlines() if line.startswith("{")]

    def test_shell(self):
        """No process has the markers at first: each program that a shell starts waits for its probe before its first section."""
        forker = target_program("forker")
        report, said = self.command("sh", "-c", "for i in 1 2 3; do echo | %s --children 3; done; (true; true)" % forker)
        truths = self.truths(said)
        self.assertEqual(len(truths), 3, said)
        self.assertEqual(sections(report)["child"]["count"], sum(t["sections"]["child"]["count"] for t in truths))
        self.assertEqual(sections(report)["parent"]["count"], 9)
        self.check_lost(report)
        self.assertLessEqual({t["pid"] for t in truths}, {t["pid"] for t in report["targets"]})
        names = {t["pid"]: t["comm"] for t in report["targets"]}
        self.assertTrue(all(names[t["pid"]] == "forker" for t in truths), names)

    def test_ranks(self):
        """The launcher of a distributed run: that of torch, or one that does the same."""
        launcher = "import os, subprocess, sys; [p.wait() for p in [subprocess.Popen([sys.executable] + sys.argv[1:], " \
                   "env=dict(os.environ, RANK=str(i))) for i in range(3)]]"
        report, said = self.command(PYTHON, "-c", launcher, target_source("rank.py"), 40)
        self.check_ranks(report, said, 3)

    @unittest.skipIf(NO_TORCH, NO_TORCH)
    def test_torch_distributed_run(self):
        with tempfile.TemporaryDirectory() as logs:
            # Debian's torch on Python 3.11 needs each redirection by name.
            report, said = self.command(PYTHON, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", 2, "-r", "0:1", "-t",
                                        "0:1", "--log_dir", logs, target_source("rank.py"), 40)
        said = re.sub(r"^\[default\d+\]:", "", said, flags=re.M)
        if not self.truths(said):
            self.skipTest("torch.distributed.run does not run here: %s" % said.strip().rsplit("\n", 1)[-1])
        self.check_ranks(report, said, 2)

    def check_ranks(self, report, said, n):
        ranks = sorted(self.truths(said), key=lambda t: t["rank"])
        self.assertEqual([t["rank"] for t in ranks], list(range(n)), said)
        step = sections(report)["step"]
        self.assertEqual(step["count"], 40 * n)
        self.check_lost(report)
        self.assertEqual(step["processes"]["slowest"]["count"], 40)
        self.check_skew(step["processes"], ranks)

    def test_nobody_waits_for_a_profiler_that_is_gone(self):
        """The command goes on after -d, and processes that it starts then are not held back."""
        with tempfile.NamedTemporaryFile("r+") as note:
            script = "sleep 1; for i in 1 2 3; do echo | %s --children 1 >>%s; done; echo over >>%s" % (
                target_program("forker"), note.name, note.name)
            self.command("sh", "-c", script, args=("-d", 0.3))
            start = time.monotonic()
            wait_until(lambda: "over" in open(note.name).read(), 30, "end of the command")
            self.assertLess(time.monotonic() - start, 1 + 3 * 1.5)


@needs_bpf
class Launchers(ChildrenCase):
    def test_what_is_started_before_the_probe_is_named(self):
        """A running launcher without markers: sections that its children ran before the attach are counted as lost."""
        launcher = "import os, subprocess, sys; print('ready', os.getpid(), flush=True); sys.stdin.readline(); " \
                   "[subprocess.run([%r, '--image', '400000']) for _ in range(4)]; print('{}', flush=True)" \
                   % target_program("forker")
        with Target("-c", launcher, python=True) as target:
            with Profiler("-c", "-p", target.pid, "-F", 0) as profiler:
                wait_until(lambda: "poll" in open("/proc/%d/wchan" % profiler.pid).read(), what="attach")
                target.go()
                target.result()
                target.end()
                report = profiler.report()
        found = marked(report).get("image", {"count": 0, "open_at_start": 0})
        unseen_processes = 4 - sum(t["markers"] for t in report["targets"])
        counted = found["count"] + found["open_at_start"] + report["lost"]["sections"]
        # The profiler cannot read a child that has exited, and says so; a child that it does read goes on meanwhile.
        self.assertLessEqual(counted, 1600000 + 4)
        if not any("ended while the profiler attached" in note for note in report["notes"]):
            self.assertGreaterEqual(counted, 400000 * (4 - unseen_processes) - 4)


@needs_bpf
class Python(ChildrenCase):
    def check_workers(self, method):
        report, truth = self.follow("workers.py", method, 3, 2000, 0.25)
        found = sections(report)
        self.assertEqual(found["job"]["count"], 6000)
        self.assertEqual(found["busy"]["count"], 3)
        self.check_lost(report)
        self.check_memory(report)
        by_pid = {t["pid"]: t for t in report["targets"]}
        for worker in truth["workers"]:
            self.assertEqual(by_pid[worker["pid"]]["sections"], worker["jobs"] + 1)
        self.check_skew(found["busy"]["processes"], truth["workers"])
        functions = {f["function"] for f in report["functions"] if f["section"] == "busy"}
        self.assertTrue(any("compute_for_a_while" in f for f in functions), functions)
        return report

    def test_fork(self):
        self.check_workers("fork")

    def test_spawn(self):
        self.check_workers("spawn")

    def test_forkserver(self):
        self.check_workers("forkserver")

    def check_loader(self, method):
        report, truth = self.follow("loader.py", method, 2, 60)
        found = sections(report)
        self.assertEqual(found["forward"]["count"], truth["forward"])
        self.assertEqual(found["read"]["count"], sum(truth["reads"].values()))
        self.check_lost(report)
        by_pid = {t["pid"]: t for t in report["targets"]}
        for pid, reads in truth["reads"].items():
            self.assertEqual(by_pid[int(pid)]["sections"], reads)
        self.assertEqual(found["read"]["processes"]["count"], 2)

    @unittest.skipIf(NO_TORCH, NO_TORCH)
    def test_data_loader(self):
        self.check_loader("fork")

    @unittest.skipIf(NO_TORCH, NO_TORCH)
    def test_data_loader_spawned(self):
        self.check_loader("spawn")


@needs_bpf
class Shown(ChildrenCase):
    def test_report_for_people(self):
        """The report names the processes and the slowest one; a saved session gives the same report."""
        with tempfile.TemporaryDirectory() as d, Target("workers.py", "fork", 3, 1000, 0.1) as target:
            saved = os.path.join(d, "run.json")
            profiler = subprocess.Popen([PROFILER, "-c", "-q", "-p", str(target.pid), "-o", saved], stdout=subprocess.PIPE, text=True)
            time.sleep(1)
            target.go()
            truth = target.result()
            target.end()
            text, _ = profiler.communicate(timeout=60)
            again = run("report", saved)
        self.assertEqual(again.stdout.decode(), text)
        self.assertIn("\nPROCESSES\n", text)
        for worker in truth["workers"]:
            self.assertRegex(text, r"(?m)^ +%d \S" % worker["pid"])
        order = [w["pid"] for w in sorted(truth["workers"], key=lambda w: w["inside_s"])]
        self.assertRegex(" ".join(text.split()), r"3 processes: %d slowest, mean .*; %d fastest" % (order[-1], order[0]))
        self.assertIn("and 3 processes below", text)
