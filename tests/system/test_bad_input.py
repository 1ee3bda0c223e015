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
import signal
import subprocess
import tempfile
import threading
import time
import unittest

import harness
from harness import PROFILER, SCALE, SOURCES, TARGETS, Profiler, Target, needs_bpf, run

NO_SUCH_PID = 4194304 + 17      # above the largest that a kernel gives out
PR_SET_NAME = 15
EVIL = b"ev\x1b]0;owned\x07\x1b[31m\x9b\r\n\xe2\x80\xae.txt"


def controls(data):
    """The control characters in it, but for newlines."""
    text = data.decode("utf-8", "surrogateescape")
    return [c for c in text if (ord(c) < 32 and c != "\n") or 0x7f <= ord(c) < 0xa0 or 0x202a <= ord(c) <= 0x202e
            or 0xdc80 <= ord(c) <= 0xdcff]



def no_mounts():
    """Why a test cannot have mounts of its own, None if it can."""
    done = subprocess.run(["unshare", "-m", "true"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return "unshare --mount: " + done.stdout.strip() if done.returncode else None


needs_mounts = unittest.skipIf(no_mounts(), no_mounts())


class BadInput(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="dcbs-test-")
        os.chmod(self.dir, 0o755)
        self.addCleanup(shutil.rmtree, self.dir, True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def one_line(self, done, status, *words):
        """The contract for everything that goes wrong."""
        text = done.stderr.decode("utf-8", "surrogateescape")
        self.assertEqual(done.returncode, status, text)
        self.assertEqual(done.stdout or b"", b"", text)
        self.assertTrue(text.startswith("dcbs-bpfprof: "), text)
        self.assertTrue(text.endswith("\n") and text.count("\n") == 1, "not exactly one line: %r" % text)
        self.assertEqual(controls(done.stderr), [], text)
        for word in words:
            self.assertIn(word, text)
        return text


class CommandLine(BadInput):
    """What can be told before anything is looked at: status 2."""

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
        """Those of cProfile's users: what is complained about is that there is no process."""
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
                           ("-d 1s", "--duration"), ("-i 0", "--interval"), ("-i inf", "--interval"),
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

    GOLDEN = os.path.join(SOURCES, "golden", "evaluation.json")

    def load(self, data, *words, name="bad.json"):
        path = self.path(name)
        with open(path, "wb") as f:
            f.write(data)
        return self.one_line(run("report", path, timeout=20), 1, *words)

    def golden(self):
        with open(self.GOLDEN, "rb") as f:
            return f.read()

    def test_the_good_one(self):
        done = run("report", self.GOLDEN)
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
        """Every value in turn becomes one of another type: a line that names the place, or a report, never anything else."""
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
        """Paths to the document's values: all of small containers, the first and last of large ones."""
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
            self.assertEqual(harness.wait_detached(target.pid), 0)

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
        """A target with the marker library of a version to come, linked in."""
        include, marker = self.path("include"), os.path.join(SOURCES, "..", "user", "marker")
        shutil.copytree(os.path.join(SOURCES, "..", "include"), include)
        header = os.path.join(include, "bpfprof", "target.h")
        with open(header) as f:
            text = f.read()
        self.assertRegex(text, r"#define DCBS_ABI\s+\d+")
        with open(header, "w") as f:
            f.write(text.replace("#define DCBS_ABI\t", "#define DCBS_ABI 99 //", 1))
        probe = self.path("probe.o")
        for args in (["-DDCBS_ABI=99", "-c", os.path.join(marker, "probe.S"), "-o", probe],
                     ["-std=gnu11", "-w", "-D_GNU_SOURCE", "-I", include, "-I", marker, "-pthread", "-o", self.path("built"),
                      os.path.join(SOURCES, "targets", "sections.c"), *glob.glob(os.path.join(marker, "*.c")), probe, "-ldl"]):
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
        """Attached to all the same, and the report says what can be seen."""
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
        """At any moment: a report, or one line; never a crash, a hang or half a document."""
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
        """Of the program, its thread and its command line; in every output there is."""
        program = os.path.join(os.fsencode(self.dir), EVIL)
        shutil.copy(os.path.join(TARGETS, "sections"), program)
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
class Privilege(BadInput):
    """Without root, or without one of its capabilities: which one is missing."""

    def setUp(self):
        super().setUp()
        if not shutil.which("setpriv"):
            self.skipTest("no setpriv")
        self.program = self.path("dcbs-bpfprof")        # where everybody may execute it
        shutil.copy(PROFILER, self.program)
        os.chmod(self.program, 0o755)

    def setpriv(self, options, *args):
        return run(*options, self.program, *args, program=shutil.which("setpriv"))

    def without(self, *caps):
        drop = ",".join("-" + c for c in caps)
        return ["--bounding-set", drop, "--inh-caps", drop]

    def test_nobody(self):
        nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups"]
        self.one_line(self.setpriv(nobody, "-p", os.getpid()), 1, "CAP_", "root")
        done = self.setpriv(nobody, "check")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"missing   capability CAP_BPF", done.stdout)
        self.assertIn(b"missing   capability CAP_PERFMON", done.stdout)
        self.assertIn(b"missing   capability CAP_SYS_PTRACE", done.stdout)
        done = self.setpriv(nobody, "list")
        self.assertEqual(done.returncode, 0, done.stderr)
        done = self.setpriv(nobody, "report", Reports.GOLDEN) if os.access(Reports.GOLDEN, os.R_OK) else None
        self.assertTrue(done is None or b"SECTIONS" in done.stdout or b"Permission denied" in done.stderr)

    def test_one_missing(self):
        with Target("sections") as target:
            for caps, word in ((("bpf", "sys_admin"), "CAP_BPF"), (("perfmon", "sys_admin"), "CAP_PERFMON"),
                               (("sys_ptrace",), "CAP_SYS_PTRACE")):
                with self.subTest(word):
                    done = self.setpriv(self.without(*caps), "-p", target.pid, "-d", "0.1")
                    self.one_line(done, 1, word, "root")
                    check = self.setpriv(self.without(*caps), "check")
                    self.assertEqual(check.returncode, 1)
                    self.assertIn(b"missing   capability " + word.encode(), check.stdout)

    def profile_with(self, options):
        """Profiles a target with known counts; (status, stdout, stderr, truth)."""
        with Target("sections", "--iterations", "20", hold=True) as target:
            command = ["setpriv", *options, self.program, "-q", "-f", "json", "-p", str(target.pid)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as profiler:
                end = time.monotonic() + 10
                while not harness.attached(target.pid) and profiler.poll() is None and time.monotonic() < end:
                    time.sleep(0.01)
                time.sleep(0.1)
                target.go()
                truth = target.result()
                target.line()
                target.end()
                out, err = profiler.communicate(timeout=30)
        return subprocess.CompletedProcess(command, profiler.returncode, out, err), truth

    def test_check_is_right(self):
        """With a few capabilities alone: if `check` finds nothing missing it works, else the run names what `check` does."""
        worked = 0
        for caps in "+bpf,+perfmon,+sys_ptrace", "+sys_admin,+sys_ptrace", "+bpf,+perfmon,+sys_admin,+sys_ptrace":
            with self.subTest(caps):
                options = ["--bounding-set", "-all," + caps, "--inh-caps", "-all"]
                check = self.setpriv(options, "check")
                done, truth = self.profile_with(options)
                if check.returncode:
                    missing = [line for line in check.stdout.decode().splitlines() if line.startswith("missing")]
                    self.one_line(done, 1, missing[0].split(None, 1)[1].split(":")[0])
                    continue
                self.assertEqual(done.returncode, 0, done.stderr)
                sections = harness.sections(json.loads(done.stdout))
                self.assertEqual(sections["leaf"]["count"], truth["sections"]["leaf"]["count"])
                worked += 1
        self.assertGreaterEqual(worked, 2)


@needs_bpf
class Outputs(BadInput):
    def test_found_before_the_run(self):
        """An output that cannot be written is the first thing that is said: the process was not even looked at."""
        os.mkdir(self.path("folder.json"))
        os.symlink(self.path("target"), self.path("link.json"))
        os.symlink(os.path.join(self.dir, "nowhere"), self.path("dangling.json"))
        for name, word in (("none/x.json", "No such file"), ("folder.json", "directory"), ("link.json", "symbolic link"),
                           ("dangling.json", "symbolic link"), ("x" * 300 + ".json", "too long")):
            with self.subTest(name[:20]):
                self.one_line(run("-p", NO_SUCH_PID, "-o", self.path(name)), 1, name, word, "--output")
        self.assertEqual(sorted(os.listdir(self.dir)), ["dangling.json", "folder.json", "link.json"])

    def test_target_is_left_alone(self):
        """With one good and one bad output and an hour to go: back at once, no probe was ever there, nothing is left."""
        with Target("sections") as target:
            seen, done = [], threading.Event()

            def look():
                while not done.is_set():
                    seen.append(harness.attached(target.pid))
            thread = threading.Thread(target=look)
            thread.start()
            try:
                bad = run("-p", target.pid, "-d", "3600", "-o", self.path("good.json"), "-o", self.path("none/x.json"))
            finally:
                done.set()
                thread.join()
            self.one_line(bad, 1, "none/x.json")
            self.assertGreater(len(seen), 0)
            self.assertEqual(set(seen), {0})
        self.assertEqual(os.listdir(self.dir), [])

    @needs_mounts
    def test_read_only(self):
        script = 'mount -t tmpfs -o ro none "$1" && shift && exec "$@"'
        done = run("-m", "sh", "-c", script, "sh", self.dir, PROFILER, "-p", NO_SUCH_PID, "-o", self.path("x.json"), program="unshare")
        self.one_line(done, 1, "x.json", "Read-only")

    def test_failure_leaves_no_file(self):
        kept = self.path("kept.json")
        with open(kept, "w") as f:
            f.write("precious")
        self.one_line(run("-p", NO_SUCH_PID, "-o", self.path("new.json"), "-o", kept), 1, str(NO_SUCH_PID))
        self.assertEqual(os.listdir(self.dir), ["kept.json"])
        with open(kept) as f:
            self.assertEqual(f.read(), "precious")

    @needs_mounts
    def test_full_disk(self):
        """The report still reaches standard output; one line, status 1."""
        script = 'mount -t tmpfs -o size=64k none "$1" && head -c 1M /dev/zero > "$1/filler" 2>/dev/null; shift; exec "$@"'
        with Target("sections") as target:
            done = run("-m", "sh", "-c", script, "sh", self.dir, PROFILER, "-p", target.pid, "-d", "0.1", "-f", "json",
                       "-o", self.path("x.json"), program="unshare")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(), r"\Adcbs-bpfprof: [^\n]*x\.json[^\n]*No space left[^\n]*standard output[^\n]*\n\Z")
        self.assertEqual(json.loads(done.stdout)["target"]["pid"], target.pid)

    def with_stdout(self, redirect, *args):
        return run("-c", 'exec "$@" ' + redirect, "sh", PROFILER, *args, program="/bin/sh")

    def test_standard_output_is_full(self):
        saved = self.path("saved.json")
        with Target("sections") as target:
            done = self.with_stdout(">/dev/full", "-p", target.pid, "-d", "0.1", "-o", saved)
            self.one_line(done, 1, "standard output", "No space left")
            with open(saved) as f:
                self.assertEqual(json.load(f)["target"]["pid"], target.pid)

    def test_standard_output_is_closed(self):
        """Found before the run; no file that is opened may take its place."""
        with Target("sections") as target:
            done = self.with_stdout(">&-", "-p", target.pid, "-d", "60", "-o", self.path("saved.json"))
            self.one_line(done, 1, "standard output")
        self.assertEqual(os.listdir(self.dir), [])

    def test_standard_input_and_error_are_closed(self):
        """Nothing can be said, and what is opened in their place is not written to."""
        saved = self.path("saved.json")
        with Target("sections") as target:
            done = self.with_stdout("<&- 2>&-", "-p", target.pid, "-d", "0.1", "-f", "json", "-o", saved)
            self.assertEqual(done.returncode, 0)
            with open(saved) as f:
                self.assertEqual(json.load(f), json.loads(done.stdout))
            self.assertEqual(self.with_stdout("<&- 2>&-", "-p", NO_SUCH_PID, "-o", saved).returncode, 1)
            with open(saved) as f:
                self.assertEqual(json.load(f), json.loads(done.stdout))
            self.assertEqual(self.with_stdout("<&- >&- 2>&-", "-p", target.pid, "-d", "60").returncode, 1)

    def test_reader_has_gone(self):
        with Target("sections") as target:
            read, write = os.pipe()
            os.close(read)
            try:
                done = run("-p", target.pid, "-d", "0.1", stdout=write)
            finally:
                os.close(write)
            self.one_line(done, 1, "standard output")

    def test_ctrl_c_again_and_again(self):
        """The report is whole all the same, on standard output and in the file, and the status says so."""
        saved = self.path("saved.json")
        for pause in 0.001, 0.02, 0.1:
            with Target("sections", hold=True) as target, Profiler("-p", target.pid, "-o", saved, wait_for=target.pid) as profiler:
                target.go()
                truth = target.result()
                while profiler.process.poll() is None:
                    profiler.stop(signal.SIGINT)
                    time.sleep(pause)
                report = profiler.report()
                self.assertEqual(report["window"]["ended_by"], "signal")
                self.assertEqual(harness.sections(report)["leaf"]["count"], truth["sections"]["leaf"]["count"])
                with open(saved) as f:
                    self.assertEqual(json.load(f), report)


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
        self.refuse("x=%s:no_such_function" % os.path.join(TARGETS, "plain"), "no_such_function", "nm")

    def test_stripped(self):
        stripped = self.path("stripped")
        subprocess.run(["strip", "-s", "-o", stripped, os.path.join(TARGETS, "plain")], check=True)
        self.refuse("x=%s:work_a" % stripped, "stripped")

    def test_no_program(self):
        text = self.path("text")
        with open(text, "w") as f:
            f.write("no ELF\n")
        self.refuse("x=%s:f" % text, "not an ELF")
        self.refuse("x=%s:f" % self.dir, self.dir)
        self.refuse("x=/dev/null:f", "/dev/null")

    def test_fifo(self):
        """Opening one that nobody writes to would wait for ever."""
        fifo = self.path("fifo")
        os.mkfifo(fifo)
        self.refuse("x=%s:f" % fifo, "fifo")

    def test_damaged(self):
        """Of a program cut short or with random bytes in its tables nothing but a line may come."""
        with open(os.path.join(TARGETS, "plain"), "rb") as f:
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
        self.one_line(run("--", self.path("none")), 1, "none", "No such file")

    def test_not_executable(self):
        self.one_line(run("--", self.dir), 1, "Permission denied")


if __name__ == "__main__":
    unittest.main()
