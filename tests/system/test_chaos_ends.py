# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The profiler or its target is killed, stopped or frozen at any moment: the counts until then are right, and nothing is left.

test_kill.py and test_leave.py have the plain cases; here the targets have children, samples and function probes, under full
load. DCBS_TEST_SCALE multiplies the number of repetitions.
"""
import contextlib
import itertools
import json
import os
import random
import shutil
import signal
import time
import unittest

from chaos import EVERYTHING, KILLS, TARGET_KILLS, Account, Chaos, number
from kernel_objects import DEFERRED_S
from needs import needs_bpf
from paths import target_program
from reports import marked, sections
from waiting import wait_detached, wait_until


def contents(path):
    with open(path) as f:
        return f.read()


# ---- the profiler is killed ----

@needs_bpf
@unittest.skipUnless(shutil.which("bpftool"), "no bpftool")
class ProfilerKilled(Chaos):
    """The profiler is killed at any moment from its start on, with more to clean up than in test_kill.py, KILLS times each."""

    def kill(self, targets, rng, once_attached, *args):
        saved = os.path.join(self.directory, "run-%d.json" % next(number))
        pids = itertools.chain.from_iterable(("-p", t.pid) for t in targets)
        with self.profiler(*pids, "-o", saved, *args, wait_for=targets[-1].pid if once_attached else None) as profiler:
            time.sleep(0.3 * rng.random())
            profiler.process.kill()
            self.assertEqual(profiler.process.wait(), -signal.SIGKILL, profiler.stderr())
        self.assertFalse(os.path.exists(saved))

    def kill_again_and_again(self, *args):
        rng, account = random.Random(repr(args)), Account(self.directory)
        with self.target("spin") as spin, self.target("doomed", "--account", account.path, "--fork-ms", 3) as doomed:
            spin.go()
            doomed.go()
            for i in range(KILLS):
                self.kill((spin, doomed), rng, i % 2, *args)
                self.assertEqual((spin.process.poll(), doomed.process.poll()), (None, None), "a target has ended")
            for target in spin, doomed:
                self.assertEqual(wait_detached(target.pid, DEFERRED_S), 0)
            before = account.read()
            with self.profiler("-c", "-p", doomed.pid, "-d", 0.3) as profiler:
                report = profiler.report()
            after = account.read()
            for name in "doomed", "child":
                self.assertGreater(sections(report)[name]["count"], 0)
                self.assertLessEqual(sections(report)[name]["count"], after[name][1] - before[name][0], name)
            self.check_lost(report)
            spin.process.stdin.close()
            doomed.process.stdin.close()
            self.assertEqual(spin.result()["checksum_ok"], 1)
            self.assertEqual(doomed.result()["failed"], 0)
            self.assertEqual((spin.process.wait(30), doomed.process.wait(30)), (0, 0))

    def test_children(self):
        self.kill_again_and_again("-c")

    def test_samples(self):
        self.kill_again_and_again("-F", 4999)

    def test_functions(self):
        self.kill_again_and_again("-F", 0, "-s", "poll=libc.so.6:poll", "-s", "fork=libc.so.6:fork")

    def test_everything(self):
        self.kill_again_and_again(*EVERYTHING)

    def test_with_a_command(self):
        """The command and the processes that it starts go on without the profiler; none waits for ever."""
        rng = random.Random(8)
        forker = target_program("forker")
        for _ in range(KILLS):
            said = os.path.join(self.directory, "said-%d" % next(number))
            script = "for i in 1 2 3 4 5 6; do %s --children 4 --sections 200 </dev/null >>%s; done; echo over >>%s" % (forker, said, said)
            with self.profiler("-c", command=["sh", "-c", script]) as profiler:
                wait_until(lambda: os.path.exists(said) or profiler.process.poll() is not None, what="command")
                time.sleep(0.2 * rng.random())
                profiler.process.kill()
                profiler.process.wait()
                wait_until(lambda: "over\n" in contents(said), 30, "end of the command")
            truths = [json.loads(line) for line in contents(said).splitlines() if line.startswith("{")]
            self.assertEqual([t["sections"]["child"]["count"] for t in truths], [800] * 6)


# ---- the target exits, or is stopped ----

@needs_bpf
class TargetKilled(Chaos):
    def kill_in_full_work(self, rng, *args):
        account = Account(self.directory)
        with self.target("doomed", "--account", account.path, "--threads", 3, "--fork-ms", 2) as target:
            with self.profiler("-p", target.pid, *args, wait_for=target.pid) as profiler:
                target.go()
                time.sleep(0.02 + 0.3 * rng.random())
                target.process.kill()
                target.process.wait()
                report = profiler.report()
        self.assertEqual(report["window"]["ended_by"], "target-exit")
        self.check_account(report, account, "doomed")
        if "-c" in args:
            self.check_account(report, account, "child")
        else:
            self.assertNotIn("child", sections(report))
        self.check_lost(report)

    def test_killed(self):
        rng = random.Random(9)
        for args in ((), ("-c",), EVERYTHING):
            for _ in range(TARGET_KILLS):
                with self.subTest(args):
                    self.kill_in_full_work(rng, *args)

    def test_killed_during_attach(self):
        """The result is one line that says so, or a report on the time until then."""
        rng, account = random.Random(10), Account(self.directory)
        for i in range(2 * TARGET_KILLS):
            with self.target("doomed", "--account", account.path, "--threads", 2, "--fork-ms", 2) as target:
                target.go()
                with self.profiler("-p", target.pid, *(EVERYTHING if i % 2 else ())) as profiler:
                    time.sleep(0.25 * rng.random())
                    target.process.kill()
                    target.process.wait()
                    out, _ = profiler.process.communicate(timeout=30)
                    if profiler.process.returncode:
                        self.assertEqual((profiler.process.returncode, out), (1, ""))
                        self.assertRegex(profiler.stderr(), r"\Adcbs-bpfprof: [^\n]*%d[^\n]*\n\Z" % target.pid)
                    else:
                        self.assertEqual(profiler.stderr(), "")
                        self.assertEqual(json.loads(out)["window"]["ended_by"], "target-exit")

    def test_executes_again_and_again(self):
        """The profiler must find the markers of each image anew.

        It may miss the image's first sections, and counts none that did not run.
        """
        for args in ((), ("-c", "-F", 997)):
            account = Account(self.directory)
            with self.subTest(args), self.target("doomed", "--account", account.path, "--threads", 3, "--exec-ms", 60, "--execs",
                                                 8) as target:
                with self.profiler("-p", target.pid, *args, wait_for=target.pid) as profiler:
                    target.go()
                    time.sleep(1)
                    report = self.ended_well(target, profiler)
                self.check_account(report, account, "doomed", exact=False)
                self.assertGreater(sections(report)["doomed"]["count"], 0)


@needs_bpf
class TargetStandsStill(Chaos):
    def measured(self, disturb, *args):
        """Profiles a target that is disturbed and then ends well; its account is exact."""
        account = Account(self.directory)
        with self.target("doomed", "--account", account.path, "--threads", 2, "--fork-ms", 5) as target:
            with self.profiler("-p", target.pid, *args, wait_for=target.pid) as profiler:
                target.go()
                disturb(target.pid)
                report = self.ended_well(target, profiler)
        self.check_account(report, account, "doomed")
        self.check_lost(report)
        return report

    def test_stopped_again_and_again(self):
        def stop(pid):
            for _ in range(60):
                os.kill(pid, signal.SIGSTOP)
                time.sleep(0.003)
                os.kill(pid, signal.SIGCONT)
                time.sleep(0.003)
        for args in ((), EVERYTHING):
            with self.subTest(args):
                report = self.measured(stop, *args)
                self.assertGreater(sum(t["wall_parts"]["stopped_s"] for t in report["threads"]), 60 * 0.003 * 2 / 2)

    @contextlib.contextmanager
    def freezer(self):
        """A group of processes that can be frozen: (add(pid), freeze(bool))."""
        for root, file, words in (("/sys/fs/cgroup/freezer", "freezer.state", ("THAWED", "FROZEN")),
                                  ("/sys/fs/cgroup", "cgroup.freeze", ("0", "1")), ("/sys/fs/cgroup/unified", "cgroup.freeze", ("0", "1"))):
            group = os.path.join(root, "dcbs-chaos-%d" % os.getpid())
            with contextlib.suppress(OSError):
                os.mkdir(group)
            if os.path.exists(os.path.join(group, file)):
                break
            with contextlib.suppress(OSError):
                os.rmdir(group)
        else:
            self.skipTest("no cgroup with a freezer can be made")

        def write(name, what):
            with open(os.path.join(group, name), "w") as f:
                f.write(what)
        try:
            yield lambda pid: write("cgroup.procs", str(pid)), lambda on: write(file, words[on])
        finally:
            write(file, words[0])
            wait_until(lambda: not contents(os.path.join(group, "cgroup.procs")).strip(), 10, "empty cgroup")
            os.rmdir(group)

    def test_frozen(self):
        with self.freezer() as (add, freeze):
            def disturb(pid):
                add(pid)
                for _ in range(5):
                    freeze(True)
                    time.sleep(0.05)
                    freeze(False)
                    time.sleep(0.03)
            for args in ((), EVERYTHING):
                with self.subTest(args):
                    self.measured(disturb, *args)

    def profile_frozen(self, target, account, freeze):
        """The group is thawed whatever happens, as some kernels cannot kill a frozen process."""
        freeze(True)
        try:
            time.sleep(0.05)
            before = account.read()["doomed"]
            with self.profiler("-p", target.pid, "-d", 0.3) as profiler:
                report = profiler.report()
            self.assertEqual(account.read()["doomed"], before)
            return report
        finally:
            freeze(False)

    def test_frozen_at_attach_and_at_the_end(self):
        """The profiler reports on time on a target that is frozen all the time; the target then goes on."""
        account = Account(self.directory)
        with self.freezer() as (add, freeze), self.target("doomed", "--account", account.path, "--threads", 2) as target:
            target.go()
            add(target.pid)
            report = self.profile_frozen(target, account, freeze)
            self.assertEqual(report["window"]["ended_by"], "duration")
            self.assertEqual(marked(report).get("doomed", {"count": 0})["count"], 0)
            self.check_lost(report)
            target.process.stdin.close()
            self.assertEqual(target.result()["failed"], 0)
            self.assertEqual(target.process.wait(30), 0)
