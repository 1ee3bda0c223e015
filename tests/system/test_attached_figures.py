# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A Python evaluation that asks for its own figures while the profiler is attached, and whoever else may ask or answer."""
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

from launch import Profiler, Target
from needs import needs_bpf, why_no_unshare
from paths import BUILD, PROFILER, PYTHON, target_source
from reports import lost, sections
from waiting import child_of, wait_detached, wait_until

NOBODY = 65534
CALL_S = 20e-6          # by which the two accounts of one call may differ
HANGS_S = 0.1           # generous: it waits for 25 ms, and the machine may be busy; one of several tries is not interrupted
CLIENT_S = 0.25         # for so long a client may say nothing
DOCUMENT_S = 0.2        # for so long an answer is good


class Asking(Target):
    """tests/targets/asks.py, told what to do."""

    def __init__(self, *prefix, **options):
        super().__init__(*(prefix + (PYTHON, target_source("asks.py")) if prefix else ("asks.py",)), **options)

    def ask(self, *command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("the target ended at %s: status %s" % (command, self.process.wait(10)))
        return json.loads(line)


class Case(unittest.TestCase):
    def target(self, *prefix, **options):
        target = Asking(*prefix, **options)
        self.addCleanup(target.__exit__)
        return target

    def profiler(self, target, *options, pid=None):
        pid = pid or target.pid
        profiler = Profiler("-p", pid, *options, wait_for=pid)
        self.addCleanup(profiler.__exit__)
        self.assertIsNone(profiler.process.poll(), profiler.stderr())
        return profiler

    def seen(self, target):
        """The section `outer` with the profiler's figures. One question may come when it has something else to do."""
        found = {}

        def has_window():
            found.update(target.ask("stats")["outer"])
            return "window" in found
        wait_until(has_window, what="answer with the profiler's figures")
        return found

    def check_intact(self, profiler, target, name="outer"):
        """The session goes on as if nothing had been: every section is counted, and the report comes out."""
        before = target.ask("stats")[name]["count"]
        target.ask("work")
        profiler.stop()
        report = profiler.report()
        self.assertEqual(sections(report)[name]["count"], before + 1)
        self.assertEqual({what: n for what, n in lost(report).items() if what != "stacks"}, {})
        return report


@needs_bpf
class Answers(Case):
    """The figures are right: they agree with the target's own account and with the profiler's report."""

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
        """Under whatever name the profiler has it."""
        self.assertEqual([name for name, own in self.stats.items() if "window" not in own], [])
        self.assertEqual(len(self.stats), 3 + 11)

    def test_the_same_counts_and_times(self):
        for name, own in self.stats.items():
            window = own["window"]
            for key in ("count", "errors", "items", "open"):
                self.assertEqual(own[key], window[key], (name, key))
            for key in ("total_s", "self_s"):
                self.assertAlmostEqual(own[key], window[key], delta=0.001 + CALL_S * own["count"], msg=(name, key))
            for key in ("p50_s", "p95_s", "p99_s"):
                self.assertAlmostEqual(own[key], window[key], delta=CALL_S + 0.03 * window[key], msg=(name, key))

    def test_as_in_the_report(self):
        """What was told then is what the profiler says in the end, of sections that have not gone on."""
        for name in ("outer", "computes", "rests"):
            for key in ("count", "total_s", "self_s", "p50_s", "wall", "memory"):
                self.assertEqual(self.stats[name]["window"][key], self.outside[name][key], (name, key))

    def test_causes(self):
        for name in ("outer", "computes", "rests"):
            window = self.stats[name]["window"]
            wall = {key: value for key, value in window["wall"].items() if key != "worker_cpu_s"}
            self.assertAlmostEqual(sum(wall.values()), window["total_s"], delta=0.001 + 0.001 * window["total_s"], msg=name)
        rests, computes = (self.stats[name]["window"]["wall"] for name in ("rests", "computes"))
        self.assertGreaterEqual(rests["sleep_s"], 10 * 0.05)
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

    def test_report(self):
        self.assertTrue(self.text.startswith("Performance Report\n"))
        part = self.text.split("Seen by dcbs-bpfprof")[1].split("\n")
        at = next(i for i, line in enumerate(part) if line.startswith("computes "))
        self.assertRegex(part[at + 1], r"^    time: computing \d+")
        lines = {line.split()[0]: part[i + 1] for i, line in enumerate(part) if line.startswith(("rests ", "outer "))}
        self.assertRegex(lines["rests"], r"^    time: sleep ")
        told = {b["section"]: b for b in self.report["bottlenecks"]}
        self.assertIn("    bottleneck: %s; %s" % (told["computes"]["cause"], told["computes"]["evidence"]), part)
        self.assertIn("    What to do: %s" % told["computes"]["suggestion"], part)

    def rows(self, key):
        """(samples, own, cumulative, place) of the table of functions."""
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
        self.assertNotIn("(main)", self.tables["self"])     # it is around the section, not inside
        self.assertNotIn("Functions inside", self.unknown)


@needs_bpf
class Window(Case):
    def test_attached_later(self):
        """The process remembers all, the profiler what was after it came; nothing of it when it has gone."""
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
        """Without samples there are no functions, and it says so."""
        target = self.target()
        profiler = self.profiler(target, "-F", "0")
        target.ask("work")
        self.seen(target)
        self.assertIn("its --frequency is 0", target.ask("profile", "outer"))
        self.check_intact(profiler, target)

    def test_command(self):
        """One that the profiler has started, and that asks when it ends."""
        program = ("import dcbs_profiler, sys, time\n"
                   "p = dcbs_profiler.PerformanceProfiler()\n"
                   "for i in range(50):\n"
                   "    with p.profile_section('outer'): time.sleep(0.02)\n"
                   "    if i > 10 and 'Seen by' in p.generate_report(): sys.exit(7)\n")
        env = dict(os.environ, PYTHONPATH=os.path.join(BUILD, "python"))
        with Profiler(command=[PYTHON, "-c", program], env=env) as profiler:
            report = profiler.report()
            self.assertLess(sections(report)["outer"]["count"], 50, profiler.stderr())

    def test_several_targets(self):
        """Their figures are added up, so neither gets them; each is told why."""
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
        """The first answers; the second says that it does not, and measures all the same."""
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
class Trouble(Case):
    """A profiler that does not answer costs next to nothing."""

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
        self.seen(target)       # it is asked again after a while
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
        """Asked from atexit and from what the interpreter takes down last."""
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
        """The child is another process; nobody has attached to it. Its copy of the figures is its own."""
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


def connects(address, user=None, say=b"dcbs 1 report\n"):
    """What another process is told that asks at this address."""
    program = ("import os, socket, sys\n"
               "if int(sys.argv[2]): os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))\n"
               "s = socket.socket(socket.AF_UNIX); s.settimeout(10); s.connect('\\0' + sys.argv[1])\n"
               "try: s.sendall(sys.stdin.buffer.read())\n"
               "except OSError: pass\n"
               "got = b''\n"
               "try:\n"
               "    while True:\n"
               "        part = s.recv(65536)\n"
               "        if not part: break\n"
               "        got += part\n"
               "except ConnectionResetError: pass\n"
               "sys.stdout.buffer.write(got)\n")
    done = subprocess.run([sys.executable, "-c", program, address, str(user or 0)], input=say, stdout=subprocess.PIPE,
                          timeout=30, check=True)
    return done.stdout


@needs_bpf
class Strangers(Case):
    """Nobody but the process itself is told anything, and nobody can do the profiler harm."""

    REFUSED = b"dcbs 1 no these figures are for the process itself\n"

    def setUp(self):
        self.process = self.target()
        self.process.ask("work")
        self.attached = self.profiler(self.process)
        self.process.ask("work")
        self.address = self.process.ask("address")
        self.seen(self.process)

    def intact(self):
        self.seen(self.process)
        self.process.ask("work")
        self.attached.stop()
        report = self.attached.report()
        self.assertEqual(sections(report)["outer"]["count"], 2)
        self.assertEqual({what: n for what, n in lost(report).items() if what != "stacks"}, {})

    def test_root(self):
        self.assertEqual(connects(self.address), self.REFUSED)
        self.intact()

    def test_another_user(self):
        self.assertEqual(connects(self.address, user=NOBODY), self.REFUSED)
        self.intact()

    def test_flood(self):
        """Connections without end by another process: the profiler lives, measures, and ends when it is told to."""
        stop = threading.Event()

        def flood():
            while not stop.is_set():
                with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as s:
                    s.setblocking(False)
                    s.connect("\0" + self.address)
        thread = threading.Thread(target=flood)
        thread.start()
        try:
            time.sleep(1)
            self.process.ask("work")
            self.attached.stop()
            report = self.attached.report(timeout=30)
        finally:
            stop.set()
            thread.join()
        self.assertEqual(sections(report)["outer"]["count"], 2)

    def test_rubbish(self):
        """From the process itself, past the module."""
        for text in ("x", "\n", "dcbs 2 report\n", "dcbs 1 report\n\n", "dcbs 1 report\r\n", "GET / HTTP/1.1\r\n\r\n", "\0" * 64, "é" * 32):
            answer = self.process.ask("raw", text)
            self.assertTrue(answer["line"].startswith("dcbs 1 no "), (text, answer))
            self.assertEqual(answer["bytes"], 0, text)
        answer = self.process.ask("raw", "dcbs 1 report\n")
        self.assertEqual((answer["line"], answer["whole"]), ("dcbs 1 ok", True))
        self.intact()

    def test_in_pieces(self):
        """A request need not come in one piece, but has to come."""
        answer = self.process.ask("raw", "dcbs 1 rep")
        self.assertEqual((answer["line"], answer["bytes"]), ("", 0))
        self.assertGreaterEqual(answer["took"], CLIENT_S)
        self.intact()

    def test_too_much(self):
        answer = self.process.ask("raw", "dcbs 1 report and much more " * 1000, 40)
        self.assertEqual(answer["bytes"], 0)
        self.intact()

    def test_silence(self):
        """More connections than are taken at a time, none says a word: each has its time, and then others have theirs."""
        took = self.process.ask("silent", 12)
        self.assertGreaterEqual(took, CLIENT_S)
        self.assertLess(took, 20 * CLIENT_S)
        self.intact()

    def test_not_reading(self):
        """An answer larger than what the kernel holds for a reader is dropped when nobody reads it."""
        self.process.ask("many", 400)
        time.sleep(DOCUMENT_S)
        whole = self.process.ask("raw", "dcbs 1 report\n")
        self.assertTrue(whole["whole"])
        self.assertGreater(whole["bytes"], 300000)
        cut = self.process.ask("raw", "dcbs 1 report\n", 1, 4 * CLIENT_S)
        self.assertEqual(cut["line"], "dcbs 1 ok")
        self.assertFalse(cut["whole"])
        self.assertLess(cut["bytes"], whole["bytes"])
        self.intact()


class Listener:
    """Listens where the target asks, as somebody else than the profiler; sends `says` to each who comes."""

    def __init__(self, address, says=b"", user=None, drip_s=None):
        program = ("import os, socket, sys, time\n"
                   "address, user, drip = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])\n"
                   "if user: os.setgid(user); os.setuid(user)\n"
                   "says = sys.stdin.buffer.read()\n"
                   "s = socket.socket(socket.AF_UNIX); s.bind('\\0' + address); s.listen(5); print('ready', flush=True)\n"
                   "while True:\n"
                   "    c, _ = s.accept(); c.settimeout(0.5)\n"
                   "    try:\n"
                   "        print(repr(c.recv(100)), flush=True)\n"
                   "        for i in range(len(says) if drip else 1):\n"
                   "            c.sendall(says[i:i + 1] if drip else says); time.sleep(drip)\n"
                   "    except OSError as e: print(e, flush=True)\n"
                   "    c.close()\n")
        self.process = subprocess.Popen([sys.executable, "-c", program, address, str(user or 0), str(drip_s or 0)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdin.write(says)
        self.process.stdin.close()
        assert self.process.stdout.readline() == b"ready\n"

    def end(self):
        """All it has heard."""
        self.process.kill()
        self.process.wait()
        with self.process.stdout as out:
            return out.read()


@needs_bpf
class Impostors(Case):
    """Somebody else listens where the profiler should."""

    def setUp(self):
        self.process = self.target(stderr=subprocess.DEVNULL)
        self.process.ask("work")
        self.address = self.process.ask("address")

    def asked(self, *options, **listener):
        """What the target makes of such a listener, and what that has heard; the real profiler is there, too."""
        impostor = Listener(self.address, *options, **listener)
        try:
            profiler = self.profiler(self.process, "-v")
            self.process.ask("forget")
            times = self.process.ask("timed", "generate_report")
            stats = self.process.ask("stats")["outer"]
            self.process.ask("work")
            profiler.stop()
            self.assertEqual(sections(profiler.report())["outer"]["count"], 1)
            self.assertIn("another profiler answers it already", profiler.stderr())
        finally:
            heard = impostor.end()
        self.assertEqual((times["seen"], "window" in stats), (0, False))
        self.assertLess(times["took"][0], 1)
        self.process.__exit__()
        self.setUp()
        return heard

    def test_another_user(self):
        """It is not even asked."""
        heard = self.asked(b"dcbs 1 ok\n{}", user=NOBODY)
        self.assertIn(b"b''\n", heard)
        self.assertNotIn(b"dcbs", heard)

    def test_no_document(self):
        document = {"schema": 1, "window": {}, "sections": [], "functions": [], "bottlenecks": [], "frequency_hz": 0}
        wrong = [b"", b"{", b"\xff", b"null", b"[" * 100000, b"{}", b'{"schema": 2}', json.dumps(dict(document, sections=3)).encode(),
                 json.dumps(dict(document, sections=[{"name": "outer", "kind": "section"}], functions=None)).encode()]
        for text in wrong:
            heard = self.asked(b"dcbs 1 ok\n" + text)
            self.assertIn(b"dcbs 1 report", heard, text)

    def test_no_header(self):
        for says in (b"", b"\n", b"x" * 100000, b"dcbs 1 okay\n{}", b"HTTP/1.1 200 OK\r\n\r\n"):
            self.asked(says)

    def test_half_a_section(self):
        """A document that is one, but has not what is asked of it: the own report is whole."""
        document = {"schema": 1, "window": {"duration_s": 1}, "sections": [{"name": "outer", "kind": "section"}], "functions": [],
                    "bottlenecks": [], "frequency_hz": 0}
        impostor = Listener(self.address, b"dcbs 1 ok\n" + json.dumps(document).encode())
        try:
            self.profiler(self.process)
            text = self.process.ask("report")
            self.assertIn("Timing Summary", text)
            self.assertIn("outer", text)
            self.assertEqual(self.process.ask("stats")["outer"]["count"], 1)
        finally:
            impostor.end()

    def test_by_drops(self):
        """A header within 25 ms, a document within 250."""
        self.asked(b"dcbs 1 ok\n{}", drip_s=0.05)


@needs_bpf
class Containers(Case):
    def inside(self, *options):
        """A target whose PID and network are not ours."""
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
        """A process of somebody else than root gets its own figures from a profiler that is root's."""
        setpriv = shutil.which("setpriv")
        if not setpriv:
            self.skipTest("no setpriv(1)")
        target = self.target(setpriv, "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups")
        profiler = self.profiler(target)
        target.ask("work", 2)
        self.assertEqual(self.seen(target)["window"]["count"], 2)
        profiler.stop()
        profiler.report()
