# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Ends: how the target ended, what is detached when the report is written, and reports whose place is taken or full."""
import contextlib
import fcntl
import glob
import json
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from launch import Profiler, Target
from needs import kernel_at_least, needs_bpf
from paths import PROFILER, PYTHON, target_program
from waiting import attached, holds_perf_events, wait_until

OTHER_USER = 61002
F_SETPIPE_SZ = 1031


def command(*words, options=(), **popen):
    """Exit status, standard output and standard error of `dcbs-bpfprof OPTIONS -- WORDS`."""
    done = subprocess.run([PROFILER, "-q", "-f", "json", *options, "--", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, text=True, timeout=60, **popen)
    return done.returncode, done.stdout, done.stderr


def code_of(pid, program):
    """The code of the program in the memory of the process."""
    with open("/proc/%d/maps" % pid) as maps:
        lines = [line.split() for line in maps]
    start, end = next(line[0] for line in lines if line[1] == "r-xp" and line[-1] == os.path.realpath(program)).split("-")
    with open("/proc/%d/mem" % pid, "rb") as memory:
        memory.seek(int(start, 16))
        return memory.read(int(end, 16) - int(start, 16))


def end_of(report):
    return report["target"]["exit_status"], report["target"]["signal"]


@needs_bpf
class ExitStatus(unittest.TestCase):
    def test_command(self):
        """The status that the shell would show, and the same in the report."""
        for script, status, end in (("exit 0", 0, (0, None)), ("exit 3", 3, (3, None)), ("exit 255", 255, (255, None)),
                                    ("kill -SEGV $$", 139, (None, 11)), ("kill -KILL $$", 137, (None, 9))):
            with self.subTest(script):
                got, out, _ = command("sh", "-c", "sleep 0.1; " + script)
                self.assertEqual(got, status)
                self.assertEqual(end_of(json.loads(out)), end)

    def test_own_failures(self):
        with tempfile.TemporaryDirectory() as folder:
            plain = os.path.join(folder, "plain")
            open(plain, "w").close()
            self.assertEqual(command(os.path.join(folder, "nothing"))[0], 127)
            self.assertEqual(command("dcbs-no-such-command")[0], 127)
            self.assertEqual(command(plain)[0], 126)
            self.assertEqual(command("true", options=("-o", os.path.join(folder, "none", "x.json")))[0], 125)
            self.assertEqual(command("true", options=("--duration", "never"))[0], 2)

    def test_command_goes_on(self):
        """A command that still runs has no status: 0, because the report was made."""
        status, out, _ = command("sleep", "1", options=("-d", "0.2"))
        self.assertEqual(status, 0)
        self.assertEqual(end_of(json.loads(out)), (None, None))

    def test_attached(self):
        """A process that is no child of the profiler: ended by itself, in another thread, and by a signal."""
        code = {"status": "import sys; sys.exit(7)",
                "thread": "import os, threading; t = threading.Thread(target=os._exit, args=(9,)); t.start(); t.join()",
                "signal": "import os; os.kill(os.getpid(), 15)"}
        for name, end in (("status", (7, None)), ("thread", (9, None)), ("signal", (None, 15))):
            with self.subTest(name):
                target = subprocess.Popen([PYTHON, "-c", "input()\n" + code[name]], stdin=subprocess.PIPE)
                with Profiler("-p", target.pid) as profiler:
                    profiler.wait_watching()
                    target.communicate(b"\n")
                    report = profiler.report()
                self.assertEqual(end_of(report), end)
                self.assertEqual(target.returncode, end[0] if end[1] is None else -end[1])

    def test_children(self):
        status, out, _ = command("sh", "-c", "sh -c 'sleep 0.1; exit 4'; sh -c 'sleep 0.1; kill -9 $$'; exit 5", options=("-c",))
        self.assertEqual(status, 5)
        ends = {(t["exit_status"], t["signal"]) for t in json.loads(out)["targets"]}
        self.assertLessEqual({(5, None), (4, None), (None, 9), (0, None)}, ends)


class Folder(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.spare = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.addCleanup(shutil.rmtree, self.spare, ignore_errors=True)
        self.path = os.path.join(self.dir, "run.json")
        self.env = dict(os.environ, TMPDIR=self.spare)

    def profiler(self, pid, *args, **popen):
        return Profiler("-p", pid, *args, wait_for=pid, env=self.env, **popen)

    def end(self, profiler, status):
        """Ends the profile; its JSON document and its lines on standard error."""
        profiler.stop()
        out, _ = profiler.process.communicate(timeout=60)
        self.assertEqual(profiler.process.returncode, status)
        return out, profiler.stderr()

    def check_session(self, path, pid):
        with open(path) as f:
            self.assertEqual(json.load(f)["target"]["pid"], pid)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)

    def only(self, folder, pattern):
        found = glob.glob(os.path.join(folder, pattern))
        self.assertEqual(len(found), 1, os.listdir(folder))
        return found[0]


@needs_bpf
class Detached(Folder):
    def test_reader_that_does_not_read(self):
        """The links are gone while the report waits for its reader. A signal ends the wait at once; the report is kept."""
        read, write = os.pipe()
        fcntl.fcntl(write, F_SETPIPE_SZ, 4096)
        os.write(write, bytes(4000))
        with Target("sections") as target:
            profiler = subprocess.Popen([PROFILER, "-q", "-p", str(target.pid), "-f", "json"], stdout=write, stderr=subprocess.PIPE,
                                        text=True, env=self.env)
            wait_until(lambda: holds_perf_events(profiler.pid), 20)
            time.sleep(0.5)
            profiler.send_signal(signal.SIGINT)
            wait_until(lambda: not holds_perf_events(profiler.pid) and not attached(target.pid), 5)
            time.sleep(0.5)
            self.assertIsNone(profiler.poll())
            begin = time.monotonic()
            profiler.send_signal(signal.SIGINT)
            _, errors = profiler.communicate(timeout=10)
            self.assertLess(time.monotonic() - begin, 1)
            self.assertEqual(profiler.returncode, 1)
            kept = self.only(self.spare, "dcbs-bpfprof.*.json")
            self.assertIn(kept, errors)
            self.check_session(kept, target.pid)
        os.close(read)
        os.close(write)


    @unittest.skipUnless(kernel_at_least(6, 12), "the kernel removes perf events some time after they are closed")
    def test_code_is_as_before(self):
        """At the first byte of the report no probe of --section is in the target, and at the end no process is left."""
        program = target_program("busy")
        sections = [word for name in ("busy_call", "busy_paced_call", "busy_long_call") for word in ("-s", "%s=%s:%s" % (name, program, name))]
        with Target("busy", "calls", "60") as target:
            before = code_of(target.pid, program)
            profiler = subprocess.Popen([PROFILER, "-q", "-p", str(target.pid), "-f", "json", *sections], stdout=subprocess.PIPE)
            wait_until(lambda: code_of(target.pid, program) != before, 20)
            time.sleep(1)
            with open("/proc/%d/task/%d/children" % (profiler.pid, profiler.pid)) as f:
                children = f.read().split()
            profiler.send_signal(signal.SIGINT)
            profiler.stdout.read(1)
            self.assertEqual(code_of(target.pid, program), before)
            profiler.communicate(timeout=20)
            self.assertEqual(profiler.returncode, 0)
        self.assertEqual([child for child in children if os.path.exists("/proc/%s/cwd" % child)], [])


    def test_thousands_of_threads(self):
        """Beside many threads the kernel takes long to remove a link: the links are removed beside each other, not one by one."""
        with Target("crowd", "--stay", "--threads", 2000, "--sections", 1, hold=True) as target:
            profiler = subprocess.Popen([PROFILER, "-q", "-p", str(target.pid)], stdout=subprocess.PIPE)
            self.addCleanup(profiler.stdout.close)
            wait_until(lambda: holds_perf_events(profiler.pid) and attached(target.pid), 20)
            target.go()
            self.assertEqual(target.process.stdout.readline(), "begun\n")
            begin = time.monotonic()
            profiler.send_signal(signal.SIGINT)
            profiler.stdout.read(1)
            self.assertLess(time.monotonic() - begin, 2)
            profiler.communicate(timeout=20)
            self.assertEqual(profiler.returncode, 0)


@needs_bpf
class Kept(Folder):
    def taken(self, make, reason):
        with Target("sections") as target, self.profiler(target.pid, "-o", self.path) as profiler:
            make()
            out, errors = self.end(profiler, 1)
            kept = self.only(self.dir, "run.*.json")
            self.assertEqual(errors, "dcbs-bpfprof: cannot write %s: %s; the report is kept as %s\n" % (self.path, reason, kept))
            self.check_session(kept, target.pid)
            self.assertEqual(json.loads(out)["target"]["pid"], target.pid)
        self.assertEqual(os.listdir(self.spare), [])
        self.assertEqual([name for name in os.listdir(self.dir) if name.startswith(".")], [])

    def test_directory(self):
        self.taken(lambda: os.mkdir(self.path), "it is a directory")

    def test_link(self):
        self.taken(lambda: os.symlink("/etc/passwd", self.path), "it is a symbolic link")

    def test_file_of_another_user(self):
        def make():
            open(self.path, "w").close()
            os.chown(self.path, OTHER_USER, OTHER_USER)
        self.taken(make, "it belongs to another user")

    def test_file_of_another_run(self):
        def make():
            open(self.path, "w").close()
        self.taken(make, "another file took its name meanwhile")

    def test_folder_is_removed(self):
        with Target("sections") as target, self.profiler(target.pid, "-o", self.path) as profiler:
            os.rmdir(self.dir)
            _, errors = self.end(profiler, 1)
            kept = self.only(self.spare, "run.*.json")
            self.assertRegex(errors, r"\A[^\n]*folder was removed[^\n]* %s\n\Z" % kept)
            self.check_session(kept, target.pid)

    def test_size_limit(self):
        """The limit that the user may raise is raised. The command keeps its own."""
        with Target("sections") as target, self.profiler(
                target.pid, "-o", self.path,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY))) as profiler:
            self.end(profiler, 0)
            self.check_session(self.path, target.pid)

    def test_size_limit_is_the_users(self):
        """Beyond the limit that nobody may raise: a line, no signal, nothing half written, the older file stays."""
        with open(self.path, "w") as f:
            f.write("old")
        status, out, errors = command("sh", "-c", "ulimit -f; sleep 0.2", options=("-o", self.path), env=self.env,
                                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024)))
        self.assertIn("target", json.loads(out))
        with open(self.path) as f:
            text = f.read()
        if status:
            self.assertEqual(status, 125)
            self.assertRegex(errors, r"cannot write %s: File too large" % self.path)
            self.assertEqual(text, "old")
        self.assertEqual(os.listdir(self.dir), ["run.json"])
        self.assertEqual(os.listdir(self.spare), [])

    def test_standard_output_is_full(self):
        with Target("sections") as target, open("/dev/full", "w") as full:
            done = subprocess.run([PROFILER, "-q", "-p", str(target.pid), "-d", "0.2", "-f", "json"], stdout=full,
                                  stderr=subprocess.PIPE, text=True, env=self.env, timeout=60)
            self.assertEqual(done.returncode, 1)
            kept = self.only(self.spare, "dcbs-bpfprof.*.json")
            self.assertRegex(done.stderr, r"\A[^\n]*standard output[^\n]*No space left[^\n]* %s\n\Z" % kept)
            self.check_session(kept, target.pid)


@needs_bpf
class SoFar(Folder):
    def window(self):
        with contextlib.suppress(OSError), open(self.path) as f:
            return json.load(f)["window"]
        return None

    def test_checkpoint_survives_a_kill(self):
        """Whole at any moment, later and later, and there after SIGKILL. The helper that wrote it has ended, too."""
        with Target("sections") as target, self.profiler(target.pid, "-o", self.path, "--checkpoint", 0.2) as profiler:
            wait_until(self.window, 20)
            first = self.window()["duration_s"]
            wait_until(lambda: self.window()["duration_s"] > first + 1, 20)
            self.assertIsNone(self.window()["ended_by"])
            with open("/proc/%d/task/%d/children" % (profiler.pid, profiler.pid)) as f:
                children = f.read().split()
            profiler.process.kill()
            profiler.process.wait()
            wait_until(lambda: not any(os.path.exists("/proc/%s/cwd" % child) for child in children), 10)
            self.check_session(self.path, target.pid)
        self.assertEqual(os.listdir(self.dir), ["run.json"])

    def test_only_at_the_end(self):
        with Target("sections") as target, self.profiler(target.pid, "-o", self.path, "--checkpoint", 0) as profiler:
            time.sleep(1)
            self.assertEqual(os.listdir(self.dir), [])
            self.end(profiler, 0)
        self.assertEqual(self.window()["ended_by"], "signal")

    def test_name_is_taken_between_checkpoints(self):
        with Target("sections") as target, self.profiler(target.pid, "-o", self.path, "--checkpoint", 0.2) as profiler:
            wait_until(self.window, 20)
            os.rename(self.path, self.path + ".mine")
            with open(self.path, "w") as f:
                f.write("mine")
            time.sleep(1)
            _, errors = self.end(profiler, 1)
            kept = self.only(self.dir, "run.*.json")
            self.assertIn(kept, errors)
            self.check_session(kept, target.pid)
        with open(self.path) as f:
            self.assertEqual(f.read(), "mine")
        self.assertEqual(len(os.listdir(self.dir)), 3)

    def test_usr1_writes_the_files(self):
        with Target("sections") as target, self.profiler(target.pid, "-o", self.path) as profiler:
            time.sleep(0.3)
            profiler.stop(signal.SIGUSR1)
            wait_until(self.window, 10)
            self.assertIsNone(self.window()["ended_by"])
            out, errors = self.end(profiler, 0)
            self.assertEqual(errors, "")
            self.assertEqual(json.loads(out)["window"]["ended_by"], "signal")
        self.assertEqual(self.window()["ended_by"], "signal")

    def test_usr1_without_a_file(self):
        """Standard output stays one document."""
        with Target("sections") as target, self.profiler(target.pid) as profiler:
            for _ in range(3):
                profiler.stop(signal.SIGUSR1)
                time.sleep(0.3)
            out, errors = self.end(profiler, 0)
            self.assertEqual(json.loads(out)["target"]["pid"], target.pid)
            self.assertEqual(errors.count("still running"), 3)

    def test_hangup(self):
        """It ends like SIGTERM, with the report; with nohup it is ignored."""
        with Target("sections") as target:
            with self.profiler(target.pid, "-o", self.path) as profiler:
                profiler.stop(signal.SIGHUP)
                self.assertEqual(profiler.report()["window"]["ended_by"], "signal")
            with self.profiler(target.pid, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as profiler:
                profiler.stop(signal.SIGHUP)
                time.sleep(0.5)
                self.assertIsNone(profiler.process.poll())
                self.end(profiler, 0)


if __name__ == "__main__":
    unittest.main()
