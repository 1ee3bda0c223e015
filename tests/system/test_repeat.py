# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Names of outputs with %h %p %t %n, several runs of a command, and `gate`."""
import glob
import gzip
import json
import os
import platform
import re
import signal
import subprocess
import tempfile
import time

from bad_input import GOLDEN, BadInput
from launch import BUDGET, Target, profile, run
from needs import needs_bpf
from paths import PROFILER, PYTHON, BUILD
from saved_sessions import save, section, session

# A program that sleeps in its section, so that the load of the machine changes little; its output must not be in the report.
PROGRAM = """
import sys, time
from dcbs_profiler import get_global_profiler
for _ in range(5):
    with get_global_profiler().profile_section("work"):
        time.sleep(float(sys.argv[1]))
print("done")
sys.exit(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
"""
ENV = {**os.environ, "PYTHONPATH": os.path.join(BUILD, "python")}


class Names(BadInput):
    def test_letters(self):
        with open(GOLDEN) as f:
            doc = json.load(f)
        pattern = self.path("%h-%p-%t-%n-%%.json")
        self.assertEqual(run("report", GOLDEN, "-o", pattern).returncode, 0)
        name, = os.listdir(self.dir)
        start = time.strftime("%Y%m%dT%H%M%S", time.gmtime(doc["window"]["started_at"]))
        self.assertEqual(name, "%s-%d-%s-1-%%.json" % (doc["host"]["name"], doc["target"]["pid"], start))

    def test_hostile_host(self):
        """The name of the host in a session does not lead to another folder."""
        path = save(self.path("a.json"), session([section("work", 0.01)], host={"name": "../../x/\u202e%n y", "kernel": "6.1"}))
        self.assertEqual(run("report", path, "-o", self.path("s-%h.json")).returncode, 0)
        name, = set(os.listdir(self.dir)) - {"a.json"}
        self.assertRegex(name, r"\As-[A-Za-z0-9._-]+\.json\Z")

    def test_refused(self):
        for pattern in "x%q.json", "%.json", "x.json%", "%%%d.json":
            self.one_line(run("report", GOLDEN, "-o", self.path(pattern)), 2, "--output")
        self.assertEqual(os.listdir(self.dir), [])

    def test_nothing_but_a_session_is_replaced(self):
        for name, content in ("a-1.json", b'{"precious": 1}'), ("b-1.md", b"# precious"), ("c-1.json.gz", gzip.compress(b"precious")), ("d-1.json", b""):
            with open(self.path(name), "wb") as f:
                f.write(content)
            self.one_line(run("report", GOLDEN, "-o", self.path(name.replace("1", "%n"))), 1, name, "no session")
            with open(self.path(name), "rb") as f:
                self.assertEqual(f.read(), content)
        os.symlink("a-1.json", self.path("e-1.json"))
        self.one_line(run("report", GOLDEN, "-o", self.path("e-%n.json")), 1, "e-1.json")
        for name in "s-%n.json", "s-%n.json.gz":
            for _ in range(2):
                done = run("report", GOLDEN, "-o", self.path(name))
                self.assertEqual((done.returncode, done.stderr), (0, b""))

    @needs_bpf
    def test_live(self):
        with Target("sections") as target:
            profile(target, "-o", self.path("%h-%p-%t.json"))
        name, = os.listdir(self.dir)
        host, pid, start = re.fullmatch(r"(.*)-(\d+)-(\d{8}T\d{6})\.json", name).groups()
        self.assertEqual((host, int(pid)), (platform.node(), target.pid))
        with open(self.path(name)) as f:
            self.assertLess(abs(json.load(f)["window"]["started_at"] - time.mktime(time.strptime(start + "UTC", "%Y%m%dT%H%M%S%Z")) + time.timezone), 30)


class Repeated(BadInput):
    def program(self, *args):
        with open(self.path("program.py"), "w") as f:
            f.write(PROGRAM)
        return ["--", PYTHON, self.path("program.py"), *args]

    def profiler(self, *args, **more):
        return run(*args, timeout=60, env=ENV, **more)

    def test_command_line(self):
        self.one_line(run("--repeat", "3", "-p", "1", "-o", self.path("%n.json")), 2, "--repeat")
        for outputs in (), ("-o", self.path("x.json")), ("-o", self.path("%n.html")), ("-o", self.path("%p-%n.json")):
            self.one_line(run("--repeat", "3", *outputs, "--", "true"), 2, "%n")
        self.one_line(run("--repeat", "65", "-o", self.path("%n.json"), "--", "true"), 2, "64")
        limit = "--fail-if", "*:mean>+5%"
        self.one_line(run("gate", *limit, "--", "true"), 2, "BASELINE")
        self.one_line(run("gate", GOLDEN, *limit), 2, "COMMAND")
        self.one_line(run("gate", GOLDEN, "--", "true"), 2, "--fail-if")
        self.one_line(run("gate", GOLDEN, *limit, "--new", GOLDEN, "--", "true"), 2, "--new")
        self.one_line(run("gate", GOLDEN, *limit, "-o", self.path("x.json"), "--", "true"), 2, "%n")
        self.one_line(run("diff", GOLDEN, GOLDEN, "--repeat", "2"), 2, "--repeat")
        self.one_line(run("gate", self.path("none.json"), *limit, "--", "touch", self.path("ran")), 1, "none.json")
        self.assertEqual(os.listdir(self.dir), [])

    @needs_bpf
    def test_runs(self):
        """Each run is a session; the report is of all, and has the calls of all."""
        done = self.profiler("-q", "-f", "json", *BUDGET, "--repeat", "2", "-o", self.path("run%n.json"), *self.program("0.01"))
        self.assertEqual(done.returncode, 0, done.stderr)
        doc = json.loads(done.stdout)
        self.assertEqual([os.path.basename(s["name"]) for s in doc["sessions"]], ["run1.json", "run2.json"])
        self.assertEqual(next(s["count"] for s in doc["sections"] if s["name"] == "work"), 10)
        self.assertEqual(done.stderr.count(b"done"), 2)
        starts = set()
        for i in "12":
            with open(self.path("run%s.json" % i)) as f:
                one = json.load(f)
            self.assertEqual(next(s["count"] for s in one["sections"] if s["name"] == "work"), 5)
            starts.add(one["window"]["started_at"])
        self.assertEqual(len(starts), 2)

    @needs_bpf
    def test_run_that_fails(self):
        """Its status is passed on, and no other run follows."""
        done = self.profiler("-q", *BUDGET, "--repeat", "3", "-o", self.dir + "/", *self.program("0.001", "7"))
        self.assertEqual(done.returncode, 7)
        self.assertIn(b"run 1 of 3 ended with status 7", done.stderr)
        self.assertEqual(glob.glob(self.path("run-2*")), [])

    @needs_bpf
    def test_signal(self):
        """SIGTERM ends the run with its session, and no other follows."""
        child = subprocess.Popen([PROFILER, "-q", *BUDGET, "--repeat", "9", "-o", self.path("%n.json.gz"), *self.program("0.3")],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV)
        time.sleep(1)
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=30)
        self.assertLessEqual(len(glob.glob(self.path("*.json.gz"))), 2)
        for path in glob.glob(self.path("*.json.gz")):
            self.assertEqual(run("report", path).returncode, 0)

    @needs_bpf
    def test_gate(self):
        """A program that takes longer than its baseline is stopped with status 3, one that does not passes with 0. A sleep is never
        shorter than it was asked to be, and the other baseline is far above what a load could add."""
        short, long = ([save(self.path("%s%d.json" % (name, i)), session([section("work", mean * (1 + i / 100))])) for i in range(4)]
                       for name, mean in (("short", 0.005), ("long", 5)))
        limit = "--fail-if", "work:mean>+20%", "--repeat", "4"
        slow = self.profiler("gate", *short, *limit, "-o", self.dir + "/", *self.program("0.01"))
        self.assertEqual(slow.returncode, 3, slow.stderr + slow.stdout)
        self.assertIn(b"limit exceeded", slow.stdout)
        self.assertEqual(sorted(map(os.path.basename, glob.glob(self.path("run-*")))), ["run-%d.json" % i for i in range(1, 5)])
        before = set(os.listdir(tempfile.gettempdir()))
        same = self.profiler("gate", *long, *limit, *self.program("0.01"))
        self.assertEqual(same.returncode, 0, same.stderr + same.stdout)
        left = [name for name in set(os.listdir(tempfile.gettempdir())) - before if name.startswith("dcbs-gate-")]
        self.assertEqual(left, [])
        self.assertEqual(self.profiler("gate", *long, *limit, *self.program("0.001", "3")).returncode, 1)
