# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Bad input: one line that says what is wrong and what to do, the right exit status, and nothing lost.

The line begins with the command's name, standard output stays empty, and bytes of the target or of a file
never reach a terminal as control characters.
"""
import ctypes
import glob
import json
import os
import random
import shutil
import subprocess
import threading
import time

from bad_input import EVIL, GOLDEN, NO_SUCH_PID, PR_SET_NAME, BadInput, controls
from compile_target import TARGET_HEADERS
from launch import Profiler, Target, run
from needs import SCALE, needs_bpf
from paths import INCLUDE, TOP, target_program, target_source
from waiting import wait_detached


class CommandLine(BadInput):
    """Errors of the command line, found before any process is examined: status 2."""

    def test_no_target(self):
        self.one_line(run(), 2, "-p PID", "list")

    def test_help(self):
        for args in ("--help",), ("-h",), ("report", "--help"), ("-S", "name", "--help"):
            done = run(*args)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            for word in b"--sort-by", b".speedscope.json", b"speedscope", b"report FILE.json":
                self.assertIn(word, done.stdout)
        self.assertRegex(run("-V").stdout, rb"^dcbs-bpfprof \d")

    def test_words_of_the_order(self):
        """The words of cProfile are accepted: the only error is that no process is given."""
        for word in ("cumulative cumtime self tottime time calls ncalls pcalls name nfl stdname file filename module line").split():
            with self.subTest(word):
                self.one_line(run("-S", word), 2, "-p PID")
        for word in "", "cum", "Name", "self ":
            self.one_line(run("-S", word), 2, "--sort-by")

    def test_unknown_option(self):
        self.one_line(run("--frobnicate"), 2, "--frobnicate")
        self.one_line(run("-Z"), 2, "Z")
        self.one_line(run("report", "--frobnicate"), 2, "--frobnicate")

    def test_option_without_value(self):
        self.one_line(run("-p"), 2, "p")
        self.one_line(run("--section"), 2, "section")

    def test_values(self):
        for args, word in (("-p 0", "--pid"), ("-p 1.5", "--pid"), ("-p -5", "--pid"), ("-p 12x", "--pid"), ("-p 99999999999", "--pid"),
                           ("-d 0", "--duration"), ("-d nan", "--duration"), ("-d -1", "--duration"),
                           ("-d 1x", "--duration"), ("-i 0", "--interval"), ("-i inf", "--interval"),
                           ("-F -1", "--frequency"), ("-F 1e9", "--frequency"), ("-t -1", "--threshold"),
                           ("--max-overhead 0", "--max-overhead"), ("--max-overhead 101", "--max-overhead"),
                           ("-S colour", "--sort-by"), ("-f yaml", "json"), ("-o x.yaml", ".json"), ("-o plain", ".json"),
                           ("surplus", "surplus")):
            with self.subTest(args):
                self.one_line(run(*args.split()), 2, word)

    def test_empty_values(self):
        for option in "-p", "-d", "-s", "-o", "-f":
            with self.subTest(option):
                self.one_line(run(option, ""), 2)

    def test_section_syntax(self):
        for value in "x", "x=", "x=y", "x=y:", "=y:z", "x=:z", "x=python:":
            with self.subTest(value):
                self.one_line(run("-p", os.getpid(), "-s", value), 2, "--section")

    def test_pid_and_command(self):
        self.one_line(run("-p", os.getpid(), "--", "true"), 2, "not both")

    def test_too_many(self):
        self.one_line(run(*["-p", "1"] * 65), 2, "--pid")
        self.one_line(run(*["-o", "x.json"] * 65), 2, "--output")

    def test_bytes_of_the_command_line(self):
        self.one_line(run(b"-f", EVIL), 2)
        self.one_line(run(b"-o", EVIL), 2)
        self.one_line(run(b"report", self.path("x").encode() + EVIL), 1)


class Reports(BadInput):
    """`report FILE.json`, which needs no root."""

    def load(self, data, *words, name="bad.json"):
        path = self.path(name)
        with open(path, "wb") as f:
            f.write(data)
        return self.one_line(run("report", path, timeout=20), 1, *words)

    def golden(self):
        with open(GOLDEN, "rb") as f:
            return f.read()

    def test_the_good_one(self):
        done = run("report", GOLDEN)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertIn(b"SECTIONS", done.stdout)

    def test_no_file(self):
        self.one_line(run("report"), 2, "FILE.json")
        self.one_line(run("report", self.path("none.json")), 1, "none.json", "No such file")
        self.one_line(run("report", self.dir), 1, self.dir)

    def test_not_a_session(self):
        self.load(b"", "bad.json")
        self.load(b"\0" * 4096, "bad.json")
        self.load(os.urandom(100000), "not JSON")
        self.load(b"[1, 2]", "not a session")
        self.load(b"{}", "not a session")
        self.load(b'{"tool": "other", "schema": 1}', "not a session")
        self.load(b"[" * 1000000, "bad.json")
        self.load(b'{"tool": "dcbs-bpfprof", "schema": 1, "schema": 1}', "bad.json")

    def test_schema(self):
        doc = json.loads(self.golden())
        for schema in 0, 2, -1, 1 << 62:
            doc["schema"] = schema
            self.load(json.dumps(doc).encode(), "schema", str(schema))
        for schema in "1", None, 1.0, [1]:
            doc["schema"] = schema
            self.load(json.dumps(doc).encode())

    def test_truncated(self):
        data = self.golden().rstrip()
        for i in range(0, len(data), max(1, len(data) // 60)):
            self.load(data[:i], "bad.json")

    def test_wrong_types(self):
        """Every value in turn gets another type: the result is a line that names the place, or a report."""
        refused = 0
        for lie in [], "text", -1, {"a": 1}, 1e308, True:
            for way in self.ways(json.loads(self.golden())):
                doc = json.loads(self.golden())
                self.put(doc, way, lie)
                path = self.path("lie.json")
                with open(path, "w") as f:
                    json.dump(doc, f)
                done = run("report", path, "-f", random.choice(("json", "text")), timeout=20)
                self.assertIn(done.returncode, (0, 1), (way, lie))
                if done.returncode:
                    refused += 1
                    self.one_line(done, 1, "lie.json")
        self.assertGreater(refused, 50)

    @staticmethod
    def put(doc, way, value):
        for key in way[:-1]:
            doc = doc[key]
        doc[way[-1]] = value

    @classmethod
    def ways(cls, doc, way=()):
        """Paths to the document's values: all in small containers, the first and last in large ones."""
        items = list(doc.items() if isinstance(doc, dict) else enumerate(doc))
        for key, value in items if isinstance(doc, dict) or len(items) < 3 else (items[0], items[-1]):
            yield way + (key,)
            if isinstance(value, (dict, list)):
                yield from cls.ways(value, way + (key,))

    def test_control_characters(self):
        doc = json.loads(self.golden())
        evil = EVIL.decode("utf-8", "replace").replace("\r\n", "")
        doc["sections"][0]["name"] = evil
        doc["version"] = evil
        for t in doc.get("targets") or [doc["target"]]:
            t["comm"] = t["command"] = evil
        doc["notes"] = [evil]
        path = self.path("evil.json")
        with open(path, "w") as f:
            json.dump(doc, f)
        for fmt in "text", "json":
            done = run("report", path, "-f", fmt)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(controls(done.stdout), [])
            self.assertIn(b"owned", done.stdout)


def cc(*args):
    done = subprocess.run(["gcc", *args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode == 0, done.stdout


@needs_bpf
class Targets(BadInput):
    """Processes that cannot be profiled: status 1."""

    def test_no_such_pid(self):
        self.one_line(run("-p", NO_SUCH_PID), 1, str(NO_SUCH_PID), "list")

    def test_one_of_two_is_not_there(self):
        with Target("sections") as target:
            self.one_line(run("-p", target.pid, "-p", NO_SUCH_PID), 1, str(NO_SUCH_PID))
            self.assertEqual(wait_detached(target.pid), 0)

    def test_thread_id(self):
        done = threading.Event()
        thread = threading.Thread(target=done.wait)
        thread.start()
        try:
            self.one_line(run("-p", thread.native_id), 1, "-p %d" % os.getpid(), "thread")
        finally:
            done.set()
            thread.join()

    def test_zombie(self):
        child = subprocess.Popen(["true"])
        while b"Z" not in subprocess.run(["ps", "-o", "stat=", "-p", str(child.pid)], stdout=subprocess.PIPE).stdout:
            time.sleep(0.01)
        self.one_line(run("-p", child.pid), 1, str(child.pid), "ended")
        child.wait()

    def test_kernel_thread(self):
        self.one_line(run("-p", 2), 1, "2")

    def test_32_bit(self):
        source, program = self.path("loop.S"), self.path("loop32")
        with open(source, "w") as f:
            f.write(".globl _start\n_start: mov $29, %eax\n\tint $0x80\n\tjmp _start\n\t.section .note.GNU-stack,\"\",@progbits\n")
        good, out = cc("-m32", "-nostdlib", "-static", "-o", program, source)
        if not good:
            self.skipTest("gcc -m32 does not work here: " + out.strip().splitlines()[-1])
        try:
            child = subprocess.Popen([program])
        except OSError as e:
            self.skipTest("this kernel does not run 32-bit programs: %s" % e.strerror)
        try:
            time.sleep(0.1)
            if child.poll() is not None:
                self.skipTest("this kernel does not run 32-bit programs")
            self.one_line(run("-p", child.pid), 1, str(child.pid), "32-bit")
        finally:
            child.kill()
            child.wait()

    def other_version(self, name):
        """A target that is linked with a marker library of a later version."""
        include, marker = self.path("include"), os.path.join(TOP, "user", "marker")
        shutil.copytree(INCLUDE, include)
        header = os.path.join(include, "bpfprof", "marker_abi.h")
        with open(header) as f:
            text = f.read()
        self.assertRegex(text, r"#define DCBS_ABI\s+\d+")
        with open(header, "w") as f:
            f.write(text.replace("#define DCBS_ABI\t", "#define DCBS_ABI 99 //", 1))
        note = self.path("note.o")
        for args in (["-DDCBS_ABI=99", "-c", os.path.join(marker, "note.S"), "-o", note],
                     ["-std=gnu11", "-w", "-D_GNU_SOURCE", "-I", include, "-I", TARGET_HEADERS, "-I", marker, "-pthread", "-o", self.path("built"),
                      target_source("sections.c"), *(c for folder in ("", "threads") for c in glob.glob(os.path.join(marker, folder, "*.c"))), os.path.join(marker, "probe.S"), note,
                      "-ldl"]):
            good, out = cc(*args)
            self.assertTrue(good, out)
        program = os.path.join(os.fsencode(self.dir), name)
        os.rename(self.path("built"), program)
        return program

    def test_markers_of_another_version(self):
        with Target(os.fsdecode(self.other_version(b"other"))) as target:
            self.one_line(run("-p", target.pid), 1, "99", str(target.pid), "layout")

    def test_the_name_of_such_a_program_reaches_no_terminal(self):
        with Target(os.fsdecode(self.other_version(EVIL))) as target:
            self.one_line(run("-p", target.pid), 1, "99", "owned")

    def test_no_markers(self):
        """The profiler attaches all the same, and the report says what it can measure."""
        with Target("plain") as target:
            done = run("-p", target.pid, "-d", "0.2", "-f", "json")
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            report = json.loads(done.stdout)
            self.assertFalse(report["target"]["markers"])
            self.assertEqual([s["name"] for s in report["sections"]], ["(outside)"])
            self.assertRegex(" ".join(report["notes"]), "has not loaded the markers.*--section")
            text = run("-p", target.pid, "-d", "0.2")
            self.assertIn(b"has not loaded the", text.stdout)

    def test_exits_during_attach(self):
        """The target exits at a random moment: the result is a report or one line, never a crash, a hang or half a document."""
        rng, seen = random.Random(3), set()
        for _ in range(int(25 * SCALE)):
            with Target("spin", wait=False) as target, Profiler("-p", target.pid) as profiler:
                time.sleep(rng.random() * 0.15)
                target.process.kill()
                target.process.wait()
                out, _ = profiler.process.communicate(timeout=30)
                errors = profiler.stderr()
                seen.add(profiler.process.returncode)
                if profiler.process.returncode == 0:
                    self.assertEqual(json.loads(out)["window"]["ended_by"], "target-exit")
                    self.assertEqual(errors, "")
                else:
                    self.assertEqual((profiler.process.returncode, out), (1, ""), errors)
                    self.assertRegex(errors, r"\Adcbs-bpfprof: .*process %d.*\n\Z" % target.pid)
        self.assertTrue(seen)

    def test_evil_names(self):
        """Hostile names of the program, its thread and its command line, in every output format."""
        program = os.path.join(os.fsencode(self.dir), EVIL)
        shutil.copy(target_program("sections"), program)
        name = os.fsdecode(program)
        with Target(name, preexec_fn=lambda: ctypes.CDLL(None).prctl(PR_SET_NAME, EVIL[:15])) as target:
            saved = self.path("evil.json")
            for args in (["-p", target.pid, "-d", "0.1"], ["-p", target.pid, "-d", "0.1", "-f", "json", "-o", saved],
                         ["list"], ["report", saved], ["-p", target.pid, "-s", "x=%s:none" % name, "-d", "0.1"]):
                done = run(*args)
                self.assertEqual(controls(done.stdout + done.stderr), [], args)
                self.assertIn(b"x1B", done.stdout + done.stderr)
                self.assertLessEqual(done.stderr.count(b"\n"), 1)


@needs_bpf
class NativeSections(BadInput):
    """--section that leads nowhere: status 1, and the target is left alone."""

    def refuse(self, value, *words):
        with Target("plain") as target:
            self.one_line(run("-p", target.pid, "-d", "60", "-s", value), 1, "--section", *words)
            self.assertEqual(target.process.poll(), None)

    def test_no_file(self):
        self.refuse("x=%s:f" % self.path("none"), "none", "No such file")
        self.refuse("x=libnone.so:f", "libnone.so")

    def test_no_function(self):
        self.refuse("x=%s:no_such_function" % target_program("plain"), "no_such_function", "nm")

    def test_stripped(self):
        stripped = self.path("stripped")
        subprocess.run(["strip", "-s", "-o", stripped, target_program("plain")], check=True)
        self.refuse("x=%s:work_a" % stripped, "stripped")

    def test_no_program(self):
        text = self.path("text")
        with open(text, "w") as f:
            f.write("no ELF\n")
        self.refuse("x=%s:f" % text, "not an ELF")
        self.refuse("x=%s:f" % self.dir, self.dir)
        self.refuse("x=/dev/null:f", "/dev/null")

    def test_fifo(self):
        """To open a pipe without a writer would block for ever."""
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        self.refuse("x=%s:f" % fifo, "fifo")

    def test_damaged(self):
        """A program that is truncated or has random bytes in its tables yields one line and nothing else."""
        with open(target_program("plain"), "rb") as f:
            good = f.read()
        rng = random.Random(7)
        with Target("plain") as target:
            for i in range(10):
                data = bytearray(good[:rng.randrange(len(good))] if i % 2 else good)
                for _ in range(400):
                    data[rng.randrange(len(data))] = rng.randrange(256)
                path = self.path("damaged")
                with open(path, "wb") as f:
                    f.write(data)
                done = run("-p", target.pid, "-d", "0.05", "-s", "x=%s:work_a" % path)
                self.assertIn(done.returncode, (0, 1), (i, done.stderr))
                if done.returncode:
                    self.one_line(done, 1)


@needs_bpf
class Commands(BadInput):
    """`-- COMMAND` that cannot be started."""

    def test_no_program(self):
        self.one_line(run("--", self.path("none")), 127, "none", "No such file")

    def test_not_executable(self):
        self.one_line(run("--", self.dir), 126, "Permission denied")
