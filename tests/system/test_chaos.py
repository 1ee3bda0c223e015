# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Hostile circumstances: the target's results are right, nothing is left behind, and no count is wrong without notice.

The oracle of each case is the target's own account. DCBS_TEST_SCALE multiplies the number of repetitions.
"""
import concurrent.futures
import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from chaos import EVERYTHING, Account, Chaos
from compile_target import compile_target
from kernel_log import alarms_since, kernel_log
from launch import Target, run
from needs import CC, SCALE, kernel_at_least, needs_bpf, why_no_bpf, why_no_unshare
from paths import BUILD, MARKERS_ARCHIVE, PROFILER, contract_number, target_program
from reports import marked, sections
from waiting import child_of, holds_perf_events, wait_until

LIBRARY = os.path.join(BUILD, "libdcbs-markers.so")
RETURN_PROBES = kernel_at_least(6, 14)  # a return probe makes no system call that a filter sees


# ---- more than the profiler has room for ----

@needs_bpf
class Crowds(Chaos):
    def test_short_threads(self):
        n = int(10000 * SCALE)
        for args in (), ("-c", "-F", 997):
            with self.subTest(args), self.target("crowd", "--threads", n, hold=True) as target:
                report, truth = self.work(target, *args)
                self.check_counts(report, truth)
                self.assertEqual(sum(t["threads"] for t in report["threads"]), n + 1)

    def test_threads_with_open_sections(self):
        """More threads than the profiler can note earlier work of: two profilers attach, the second in the middle of the run."""
        n = 5000
        with self.target("crowd", "--stay", "--threads", n, "--sections", 3, hold=True) as target:
            with self.profiler("-p", target.pid, wait_for=target.pid) as first:
                target.go()
                self.assertEqual(target.process.stdout.readline(), "begun\n")
                time.sleep(1)
                with self.profiler("-p", target.pid) as second:
                    second.wait_watching()
                    target.line()
                    truth = target.result()
                    target.line()
                    self.assertEqual(target.end(), 0)
                    reports = [first.report(), second.report()]
        self.check_counts(reports[0], truth)
        self.check_lost(reports[1])
        stays, duration = sections(reports[1])["stays"], reports[1]["window"]["duration_s"]
        self.assertEqual((stays["count"], sections(reports[1])["after"]["count"]), (0, truth["sections"]["after"]["count"]))
        self.assertLessEqual(stays["total_s"], n * duration)
        if not any("self time" in note for note in reports[1]["notes"]):
            self.assertLessEqual(stays["self_s"], stays["total_s"] + 1e-6)

    def test_more_children_than_are_followed(self):
        most, n = contract_number("BPFPROF_FOLLOWED"), 1100
        with self.target("forker", "--children", n, "--alive", n, "--sections", 50, "--ms", 4000) as target:
            with self.profiler("-c", "-p", target.pid, wait_for=target.pid) as profiler:
                target.go()
                truth = target.result()
                self.assertEqual(target.end(), 0)
                report = profiler.report()
        lost = report["lost"]["processes"]
        self.assertGreaterEqual(lost, n + 1 - most)
        self.assertEqual(sections(report)["child"]["count"], truth["sections"]["child"]["count"] - 50 * lost)
        self.assertEqual(sections(report)["parent"]["count"], n)
        self.check_lost(report, processes=lost)

    def test_more_names_than_rows(self):
        """More names than sections, from processes that run one after the other."""
        each, n, liar = 300, 4, target_program("liar")
        script = "for i in %s; do %s --names %d </dev/null >/dev/null || exit 9; done" % (" ".join("1" * n), liar, each)
        with self.profiler("-c", command=["sh", "-c", script]) as profiler:
            report = profiler.report()
        found = sections(report)
        self.assertGreater(report["lost"]["names"], 0)
        self.assertEqual(sum(s["count"] for name, s in found.items() if name.startswith("own-") or name == "(other)"), n * each)
        self.assertEqual(found["after"]["count"], 100 * n)
        self.check_lost(report, names=report["lost"]["names"])

    def test_fork_storm(self):
        """Forks beside threads at full rate. Without --children the children's sections are not counted."""
        for args in (), ("-c",), EVERYTHING:
            account = Account(self.directory)
            with self.subTest(args), self.target("doomed", "--account", account.path, "--threads", 2, "--fork-ms", 1) as target:
                with self.profiler("-p", target.pid, *args, wait_for=target.pid) as profiler:
                    target.go()
                    time.sleep(1 * SCALE)
                    report = self.ended_well(target, profiler)
                self.check_account(report, account, "doomed")
                self.check_lost(report)
                if args:
                    self.assertEqual(sections(report)["child"]["count"], account.read()["child"][0])
                else:
                    self.assertNotIn("child", sections(report))


# ---- damage that a process does to itself ----

@needs_bpf
class Unloaded(Chaos):
    """A plugin that carries the markers is unloaded and loaded again."""

    def build(self, source, name, *options):
        to = os.path.join(self.directory, name)
        compile_target(source, to, *options)
        return to

    def setUp(self):
        super().setUp()
        if not CC:
            self.skipTest("no C compiler")
        self.plugin, self.other = (self.build("copies.c", name, "-DPLUGIN", "-shared", "-fPIC", MARKERS_ARCHIVE)
                                   for name in ("plugin.so", "other.so"))

    def check(self, program, *options, silent=(), gone=0, args=()):
        with self.target(program, "--plugin", self.plugin, *options, "--rounds", 40, hold=True) as target:
            report, truth = self.work(target, *args)
        for name in silent:
            truth["sections"][name]["count"] = 0
        self.check_counts(report, truth)
        self.assertEqual(truth["unloaded"], gone)

    def test_beside_the_programs_own(self):
        """The program's copy records; the plugin's copy is unloaded, and loaded as a new one."""
        self.check("reload", gone=40)

    def test_two_in_turn(self):
        self.check("reload", "--other", self.other, gone=40, args=("-F", 997))

    def test_the_only_one(self):
        """The first copy in the process records for all copies, so it stays loaded."""
        self.check(self.build("reload.c", "silent", "-DDCBS_MARKERS_OFF", "-ldl"), silent=("program",))

    def test_the_only_one_and_another(self):
        self.check(self.build("reload.c", "silent", "-DDCBS_MARKERS_OFF", "-ldl"), "--other", self.other, silent=("program",), gone=20)


@needs_bpf
class Jailed(Chaos):
    """seccomp: the probes must ask for no system call that a filter forbids."""

    def test_filter(self):
        for args in [(), ("-c", "-F", 4999)] + [("-s", "begin=%s:dcbs_section_begin" % LIBRARY)] * RETURN_PROBES:
            with self.subTest(args), self.target("jail") as target:
                report, truth = self.work(target, *args)
                if "-s" in args:
                    self.assertEqual(sections(report).pop("begin")["count"], sum(s["count"] for s in truth["sections"].values()))
                    report["sections"] = [s for s in report["sections"] if s["name"] != "begin"]
                self.check_counts(report, truth)

    def test_strict_mode(self):
        """In strict mode a thread may not read the clock: the profiler refuses it, as timing its sections would kill it."""
        with self.target("jail", "--strict") as target:
            target.go()
            self.assertEqual(target.process.stdout.readline(), "begun\n")
            done = run("-p", target.pid, "-d", 1)
            self.assertEqual((done.returncode, done.stdout), (1, b""))
            self.assertRegex(done.stderr.decode(), r"\Adcbs-bpfprof: [^\n]*%d[^\n]*strict[^\n]*\n\Z" % target.pid)
            target.line()
            self.assertEqual(target.result()["sections"]["jailed"]["count"], 60000)
            self.assertEqual(target.end(), 0)


@needs_bpf
class Corrupt(Chaos):
    def one(self, seed):
        args = (("-c", "-F", 997), ("-F", 0), EVERYTHING)[seed % 3]
        with Target("corrupt", "--rounds", 200, "--seed", seed, hold=True) as target:
            with self.profiler("-p", target.pid, *args, wait_for=target.pid) as profiler:
                target.go()
                truth = target.result()
                target.line()
                return seed, target.end(), truth, profiler.report()

    def test_many_seeds(self):
        """A thread's record is overwritten while BPF programs read it; the counts of the sound thread are exact."""
        log, rng = kernel_log(), random.Random()
        seeds = [rng.randrange(100, 1 << 31) for _ in range(int(12 * SCALE))]
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            done = list(pool.map(self.one, seeds))
        for seed, status, truth, report in done:
            with self.subTest(seed=seed):
                self.assertEqual(status, 0)
                self.assertEqual(sections(report)["sound"]["count"], truth["sections"]["sound"]["count"])
                self.assertGreater(report["lost"]["records"], 0)
                self.assertLessEqual(sections(report)["sound"]["total_s"], report["window"]["duration_s"])
                for s in report["sections"]:
                    self.assertGreaterEqual(min(s["count"] or 0, s["open"] or 0), 0, s)
        if log is not None:
            self.assertEqual(alarms_since(log), [])


# ---- other processes, and the machine ----

def no_bpftrace():
    """Why bpftrace cannot be used here; None if it can."""
    if not shutil.which("bpftrace"):
        return "no bpftrace (make test installs it)"
    if why := why_no_bpf():
        return why
    done = subprocess.run(["bpftrace", "-e", "BEGIN { exit(); }"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    return None if done.returncode == 0 else "bpftrace does not work here: " + done.stdout.strip().rsplit("\n", 1)[-1]


@needs_bpf
class Others(Chaos):
    @contextlib.contextmanager
    def bpftrace(self, pid, **probes):
        """Counts hits of places in the markers' library. Yields {name: hits}, which is complete once bpftrace has exited."""
        program = "".join("uprobe:%s:%s { @%s = count(); } " % (LIBRARY, place, name) for name, place in probes.items())
        counts = {}
        with tempfile.TemporaryFile("w+") as out:
            process = subprocess.Popen(["bpftrace", "-p", str(pid), "-e", program], stdout=out, stderr=subprocess.STDOUT)
            try:
                time.sleep(0.3)
                wait_until(lambda: holds_perf_events(process.pid) or process.poll() is not None, 30, "probe of bpftrace")
                time.sleep(0.3)
                yield counts
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(30)
                out.seek(0)
                said = out.read()
            counts.update({key: int(n) for key, n in re.findall(r"^@(\w+): (\d+)", said, re.M)})
            self.assertEqual(set(counts), set(probes), said)

    @unittest.skipIf(no_bpftrace(), no_bpftrace())
    def test_two_profilers_and_bpftrace(self):
        """Two profilers on the same probe, and a tracer on the functions around it: none misses a call."""
        with self.target("stress", "--threads", 3, "--sections", 150000, "--forks", 0, hold=True) as target:
            with self.profiler("-p", target.pid, wait_for=target.pid) as first, self.profiler("-c", "-p", target.pid) as second:
                second.wait_attached(target.pid)
                with self.bpftrace(target.pid, begins="dcbs_section_begin", ends="dcbs_section_end") as seen:
                    target.go()
                    truth = target.result()
                    time.sleep(0.1)
                reports = []
                for profiler in first, second:
                    profiler.stop()
                    reports.append(profiler.report())
                target.line()
                self.assertEqual(target.end(), 0)
        for report in reports:
            self.check_counts(report, truth)
            self.assertEqual(report["overhead"]["flushes"], reports[0]["overhead"]["flushes"])
        self.assertEqual(seen, {"begins": truth["total"], "ends": truth["total"]})

    @unittest.skipIf(no_bpftrace(), no_bpftrace())
    def test_bpftrace_was_first(self):
        """Another tracer's probe at the place of ours: the kernel refuses ours, one line says why, and the target is unharmed."""
        with self.target("sections", "--iterations", 20, hold=True) as target:
            with self.bpftrace(target.pid, flushes="dcbs_marker_flush") as seen:
                for args in (), ("-c",):
                    done = run("-p", target.pid, "-d", 1, *args)
                    self.assertEqual((done.returncode, done.stdout), (1, b""))
                    self.assertRegex(done.stderr.decode(), r"\Adcbs-bpfprof: cannot attach [^\n]*bpftrace[^\n]*\n\Z")
            self.assertEqual(seen["flushes"], 0)
            report, truth = self.work(target)
        for name, section in truth["sections"].items():
            self.check_count(sections(report)[name], section)


@needs_bpf
class Machine(Chaos):
    def test_disk_full_at_the_end(self):
        """Status 1; the report is on standard output, the old file is unchanged, the other file is written, and nothing else
        is left."""
        why = why_no_unshare("--mount")
        if why:
            self.skipTest(why)
        other = os.path.join(self.directory, "other.json")
        small = os.path.join(self.directory, "small")
        os.mkdir(small)
        script = 'd=$1; shift; mount -t tmpfs -o size=32k none "$d" && echo precious > "$d/old.json" && ' \
                 'head -c 1M /dev/zero > "$d/filler" 2>/dev/null; "$@"; s=$?; ls -A "$d" >&2; cat "$d/old.json" >&2; exit $s'
        with self.target("sections", "--iterations", 20, hold=True) as target:
            target.go()
            target.result()
            done = run("--mount", "sh", "-c", script, "sh", small, PROFILER, "-c", "-p", target.pid, "-d", 0.2, "-f", "json", "-o",
                       os.path.join(small, "old.json"), "-o", other, program="unshare")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stdout)["target"]["pid"], target.pid)
        self.assertRegex(done.stderr.decode(), r"\Adcbs-bpfprof: [^\n]*old\.json[^\n]*No space left[^\n]*\nfiller\nold\.json\nprecious\n\Z")
        with open(other) as f:
            self.assertEqual(json.load(f), json.loads(done.stdout))

    def test_clock_is_set(self):
        """The profiler's wall clock jumps by hours, to and fro, ten times a second: durations, counts and the end are right."""
        if not CC:
            self.skipTest("no C compiler")
        shim = os.path.join(self.directory, "jumps.so")
        source = "#define _GNU_SOURCE\n#include <sys/syscall.h>\n#include <time.h>\n#include <unistd.h>\n" \
                 "int clock_gettime(clockid_t c, struct timespec *t) { int e = (int)syscall(SYS_clock_gettime, c, t);" \
                 "if (!e && c == CLOCK_REALTIME) t->tv_sec += t->tv_nsec / 100000000 % 2 ? 86400 : -86400; return e; }\n"
        subprocess.run([CC, "-shared", "-fPIC", "-o", shim, "-x", "c", "-"], input=source, text=True, check=True)
        with self.target("sections", "--iterations", 60, hold=True) as target:
            start = time.monotonic()
            with self.profiler("-c", "-p", target.pid, "-d", 1.5, wait_for=target.pid, env={"LD_PRELOAD": shim}) as profiler:
                target.go()
                truth = target.result()
                report = profiler.report()
            self.assertLess(time.monotonic() - start, 30)
        self.assertEqual(report["window"]["ended_by"], "duration")
        self.assertAlmostEqual(report["window"]["duration_s"], 1.5, delta=0.5)
        self.assertGreater(abs(report["window"]["started_at"] - time.time()), 80000)
        for name, section in truth["sections"].items():
            self.check_count(sections(report)[name], section)
            self.check_times(sections(report)[name], section)
        self.check_lost(report)


@needs_bpf
class Namespaces(Chaos):
    def check_times_of(self, report, truth):
        for name, section in truth["sections"].items():
            self.check_count(sections(report)[name], section)
            self.check_times(sections(report)[name], section)
        self.check_lost(report)

    def test_all_of_a_container(self):
        """The target, with children, is the init of mount, PID, user, network, IPC, UTS and cgroup namespaces of its own."""
        options = ("-Urpmf", "--net", "--ipc", "--uts", "--cgroup", "--kill-child")
        why = why_no_unshare(*options)
        if why:
            self.skipTest("unshare %s: %s" % (" ".join(options), why))
        with self.target(shutil.which("unshare"), *options, target_program("forker"), "--children", 12, "--family") as target:
            pid = child_of(target.pid)
            with self.profiler("-p", pid, *EVERYTHING, wait_for=pid) as profiler:
                target.go()
                truth = target.result()
                self.assertEqual(target.end(), 0)
                report = profiler.report()
        self.assertEqual(truth["pid"], 1)
        found = marked(report)
        self.assertEqual({n: found[n]["count"] for n in ("child", "grandchild", "parent")},
                         {n: truth["sections"][n]["count"] for n in ("child", "grandchild", "parent")})
        self.check_lost(report)
        self.assertEqual(len(report["targets"]), truth["processes"])

    def time_apart(self, *options):
        why = why_no_unshare("--time", "--fork", *options)
        if why:
            self.skipTest("unshare --time: %s" % why)
        with self.target(shutil.which("unshare"), "--time", "--fork", *options, target_program("sections"), "--iterations", 60,
                         hold=True) as target:
            pid = child_of(target.pid)
            with self.profiler("-p", pid, wait_for=pid) as profiler:
                target.go()
                truth = target.result()
                target.line()
                self.assertEqual(target.end(), 0)
                out, _ = profiler.process.communicate(timeout=30)
                if profiler.process.returncode == 1:
                    self.assertRegex(profiler.stderr(), r"\Adcbs-bpfprof: [^\n]*%d[^\n]*clock[^\n]*\n\Z" % pid)
                else:
                    self.check_times_of(json.loads(out), truth)

    def test_time(self):
        """A time namespace of its own whose clock is the machine's."""
        self.time_apart()

    def test_time_ahead(self):
        """A time namespace whose clock is not ours: the report is right, or the profiler refuses the target."""
        self.time_apart("--monotonic", "100000")

    def test_time_behind(self):
        self.time_apart("--monotonic", "-%d" % min(1000, time.monotonic() / 2))
