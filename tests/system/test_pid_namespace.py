# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The profiler in a PID namespace: a container, or one within another. Its report has the numbers of that namespace."""
import contextlib
import json
import os
import re
import subprocess
import sys
import unittest

from asking import Asking
from launch import Profiler, Target
from needs import needs_bpf, why_no_unshare
from paths import BUILD, PROFILER, PYTHON, TESTS, target_program, target_source
from pid_namespace import PidNamespace, pids_of
from reports import ReportCase, marked, sections
from waiting import child_of, wait_until

NO_NAMESPACE = why_no_unshare("--pid", "--fork", "--mount-proc") if os.geteuid() == 0 else "needs root"
needs_namespaces = unittest.skipIf(NO_NAMESPACE, NO_NAMESPACE)
LAST_PID = "/proc/sys/kernel/ns_last_pid"


def children_of(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as children:
        return [int(child) for child in children.read().split()]


class NamespaceCase(ReportCase):
    def namespace(self, above=None):
        namespace = PidNamespace(above)
        self.addCleanup(namespace.close)
        return namespace

    @contextlib.contextmanager
    def target_in(self, namespace, *command, **options):
        """Yields a target and its number in our namespace."""
        with Target(*namespace.enter, *command, **options) as target:
            yield target, child_of(target.pid)

    def check_sections(self, report, truth):
        self.assertEqual(set(marked(report)), {name for name, t in truth["sections"].items() if t["count"]})
        for name, expected in truth["sections"].items():
            self.check_count(sections(report)[name], expected)
            self.check_times(sections(report)[name], expected)
        self.check_lost(report)

    def profile_in(self, profilers, targets, *options):
        """Runs the profiler in one namespace and a target in another one, or in the same. Returns (report, truth)."""
        with self.target_in(targets, target_program("sections"), "--iterations", 60, hold=True) as (target, pid):
            threads = {pids_of(int(tid))[profilers.level] for tid in os.listdir("/proc/%d/task" % pid)}
            number = profilers.pid(pid)
            with Profiler("-p", number, *options, wait_for=pid, enter=profilers.enter) as profiler:
                target.go()
                truth = target.result()
                profiler.stop()
                report = profiler.report()
            self.assertEqual(truth["pid"], targets.pid(pid))
            target.line()
        self.assertEqual(report["target"]["pid"], number)
        self.assertEqual({t["pid"] for t in report["threads"]}, {number})
        self.assertLessEqual(threads, {t["tid"] for t in report["threads"]})
        self.check_sections(report, truth)
        return report, truth


@needs_bpf
@needs_namespaces
class Places(NamespaceCase):
    """The profiler and the target in the same namespace, or the target below."""

    def test_same_namespace(self):
        inside = self.namespace()
        self.profile_in(inside, inside)

    def test_target_below(self):
        outer = self.namespace()
        self.profile_in(outer, self.namespace(outer))

    def test_both_two_below(self):
        inner = self.namespace(self.namespace())
        self.profile_in(inner, inner)

    def test_functions_that_are_probed(self):
        """Calls of --section functions are counted, and those that are open at the end are found by the process's number."""
        inside = self.namespace()
        library = os.path.join(BUILD, "libdcbs-markers.so.1")
        library = library if os.path.exists(library) else os.path.join(BUILD, "libdcbs-markers.so")
        with self.target_in(inside, target_program("sections"), "--iterations", 60, hold=True) as (target, pid):
            with Profiler("-p", inside.pid(pid), "-s", "begin=%s:dcbs_section_begin" % library, wait_for=pid,
                          enter=inside.enter) as profiler:
                target.go()
                truth = target.result()
                profiler.stop()
                report = profiler.report()
            target.line()
        self.assertEqual(sections(report)["begin"]["count"], sum(t["count"] for t in truth["sections"].values()))


@needs_bpf
@needs_namespaces
@unittest.skipUnless(os.path.exists(LAST_PID), "this kernel has no " + LAST_PID)
class Strangers(NamespaceCase):
    """A process outside of the namespace has the number that the target has inside."""

    def check_stranger(self, *options, shell_too=False):
        """The target's parent, a shell without markers, may be profiled as well."""
        inside = self.namespace()
        with Target("forker", "--children", 400, "--sections", 300, hold=True) as stranger:
            script = 'echo %d > %s && "$0" "$@"; exit' % (stranger.pid - 1, LAST_PID)
            with self.target_in(inside, "/bin/sh", "-c", script, target_program("sections"), "--iterations", 60,
                                hold=True) as (target, shell):
                pid = child_of(shell)
                self.assertEqual(inside.pid(pid), stranger.pid)
                numbers = [stranger.pid] + [inside.pid(shell)] * shell_too
                given = [word for number in numbers for word in ("-p", number)]
                with Profiler(*given, *options, wait_for=pid, enter=inside.enter) as profiler:
                    stranger.go()
                    target.go()
                    self.assertEqual(stranger.result()["sections"]["child"]["count"], 400 * 300)
                    truth = target.result()
                    profiler.stop()
                    report = profiler.report()
                target.line()
            stranger.line()
        self.check_sections(report, truth)
        self.assertEqual({t["pid"] for t in report.get("targets") or [report["target"]]}, set(numbers))
        self.assertEqual({t["pid"] for t in report["threads"]}, set(numbers))

    def test_one_target(self):
        self.check_stranger()

    def test_two_targets(self):
        self.check_stranger(shell_too=True)

    def test_children_too(self):
        self.check_stranger("-c")


@needs_bpf
@needs_namespaces
class Families(NamespaceCase):
    def check_family(self, profilers, targets, *options):
        """Children are followed; each is in the report once, by its number in the profiler's namespace."""
        family = (target_program("forker"), "--children", 12, "--alive", 3, "--ms", 20, "--family")
        with self.target_in(targets, *family) as (target, pid):
            with Profiler("-c", "-p", profilers.pid(pid), *options, wait_for=pid, enter=profilers.enter) as profiler:
                number = profilers.pid(pid)
                target.go()
                truth = target.result()
                target.end()
                report = profiler.report()
        found = marked(report)
        self.assertEqual({name: found[name]["count"] for name in ("child", "grandchild", "parent")},
                         {name: truth["sections"][name]["count"] for name in ("child", "grandchild", "parent")})
        numbers = [t["pid"] for t in report["targets"]]
        self.assertEqual(len(set(numbers)), truth["processes"])
        self.assertEqual(len(numbers), truth["processes"])
        self.assertEqual(report["targets"][0]["pid"], number)
        self.assertLess(max(numbers), number + 200)         # a namespace of its own counts from 1
        self.assertLessEqual({t["parent"] for t in report["targets"][1:]}, set(numbers))
        return report

    def test_forks(self):
        inside = self.namespace()
        self.check_family(inside, inside)

    def test_forks_below(self):
        outer = self.namespace()
        self.check_family(outer, self.namespace(outer))

    def test_children_that_are_there_already(self):
        inside = self.namespace()
        with self.target_in(inside, target_program("forker"), "--children", 3, "--alive", 3, "--ms", 2500) as (target, pid):
            target.go()
            wait_until(lambda: len(children_of(pid)) == 3, what="children")
            numbers = [inside.pid(child) for child in [pid] + children_of(pid)]
            with Profiler("-c", "-p", numbers[0], enter=inside.enter) as profiler:
                target.result()
                target.end()
                report = profiler.report()
        self.assertEqual(sorted(t["pid"] for t in report["targets"]), sorted(numbers))
        self.assertEqual({t["parent"] for t in report["targets"]}, {None, numbers[0]})

    def test_command_that_makes_a_namespace(self):
        """The command's child lives below, where it cannot ask for the profiler: it is probed while it waits for a line."""
        inside = self.namespace()
        shell = "(sleep 2; echo) | %s --children 4; true" % target_program("forker")
        command = ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", shell]
        with Profiler("-c", enter=inside.enter, command=command, stderr=subprocess.DEVNULL) as profiler:
            report = profiler.report()
        self.assertEqual(sections(report)["child"]["count"], 4000)
        self.assertEqual(len({t["pid"] for t in report["targets"]}), len(report["targets"]))
        self.assertGreaterEqual(min(t["pid"] for t in report["targets"]), 2)

    def test_workers_in_python(self):
        """Samples of workers are named, and their sections belong to them."""
        inside = self.namespace()
        env = {"PYTHONPATH": os.path.join(BUILD, "python")}
        with self.target_in(inside, PYTHON, target_source("workers.py"), "fork", 3, 1000, 0.25, env=env) as (target, pid):
            with Profiler("-c", "-p", inside.pid(pid), wait_for=pid, enter=inside.enter) as profiler:
                target.go()
                truth = target.result()
                target.end()
                report = profiler.report()
        self.assertEqual(sections(report)["job"]["count"], 3000)
        parts = {t["pid"]: t["sections"] for t in report["targets"]}
        for worker in truth["workers"]:
            self.assertEqual(parts[worker["pid"]], worker["jobs"] + 1)
        functions = {f["function"] for f in report["functions"] if f["section"] == "busy"}
        self.assertTrue(any("compute_for_a_while" in f for f in functions), functions)


@needs_bpf
@needs_namespaces
class Answers(NamespaceCase):
    def check_answer(self, profilers, targets):
        target = Asking(*targets.enter)
        self.addCleanup(target.__exit__)
        pid = child_of(target.pid)
        with Profiler("-v", "-p", profilers.pid(pid), wait_for=pid, enter=profilers.enter) as profiler:
            target.ask("work", 3)
            wait_until(lambda: "window" in target.ask("stats")["outer"], what="answer with the profiler's figures")
            self.assertEqual(target.ask("stats")["outer"]["window"]["count"], 3)
            profiler.stop()
            self.assertEqual(sections(profiler.report())["outer"]["count"], 3)
            self.assertNotIn("cannot ask", profiler.stderr())
        self.assertEqual(target.end(), 0)

    def test_same_namespace(self):
        """The module asks the profiler that is attached to its process for its figures."""
        inside = self.namespace()
        self.check_answer(inside, inside)

    def test_target_below(self):
        outer = self.namespace()
        self.check_answer(outer, self.namespace(outer))

    def test_list(self):
        """`list` has the processes of the namespace by their numbers in it, and no others."""
        inside = self.namespace()
        with Target("sections"), self.target_in(inside, target_program("sections")) as (_, pid):
            listed = subprocess.run(inside.enter + [PROFILER, "list"], stdout=subprocess.PIPE, text=True, check=True).stdout
            self.assertEqual([int(n) for n in re.findall(r"^ *(\d+) ", listed, re.M)], [inside.pid(pid)], listed)


@needs_namespaces
class OtherProc(unittest.TestCase):
    """Numbers that are not those of the profiler's namespace are refused."""

    def refused(self, *options):
        """Runs the profiler's commands with a /proc, or helper processes, of another namespace."""
        lines = []
        for command in (["check"], ["list"], ["-p", "1", "-d", "0.1"], ["--", "true"]):
            done = subprocess.run(["unshare", *options, PROFILER, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  text=True, timeout=30)
            self.assertNotIn(done.returncode, (0, None), done.stderr)
            lines += [line for line in (done.stdout + done.stderr).splitlines() if "missing" in line and "PID namespace" in line]
        self.assertGreaterEqual(len(lines), 4, lines)
        return lines

    @needs_bpf
    def test_proc_of_the_namespace_above(self):
        for line in self.refused("--pid", "--fork"):
            self.assertIn("numbers of processes", line)

    @needs_bpf
    def test_helpers_below(self):
        for line in self.refused("--pid"):
            self.assertIn("helper processes", line)


class Waiting(unittest.TestCase):
    """Markers that are to wait for the profiler compare numbers of one namespace only."""

    def sleeps(self, variable, value):
        """How often a process without a profiler has slept until its first section."""
        with Target("sections", env={variable: value}) as target:
            with open("/proc/%d/status" % target.pid) as status:
                return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status.read(), re.M).group(1))

    def test_a_number_of_another_namespace(self):
        inode = os.stat("/proc/self/ns/pid").st_ino
        own, other = (self.sleeps("DCBS_MARKERS_WAIT_FOR", "%d.%d" % (os.getpid(), n)) for n in (inode, inode - 1))
        self.assertGreater(own, 1000)
        self.assertLess(other, 100)


@needs_bpf
@needs_namespaces
class Everything(unittest.TestCase):
    """Tests of other modules that hold in a namespace, too."""

    def inside(self, *tests):
        env = dict(os.environ, DCBS_BUILD=BUILD, PYTHONPATH=os.pathsep.join(os.path.join(TESTS, d) for d in ("lib", "system")))
        done = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-m", "unittest", *tests], env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_threads(self):
        self.inside("test_threads.Coroutines", "test_threads.Forks", "test_threads.ModelAndCaches")

    def test_functions(self):
        self.inside("test_functions.Waits.test_often")

    def test_commands(self):
        self.inside("test_children.Commands.test_shell", "test_children.Forks.test_images", "test_children.Python.test_spawn")
