# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Outputs that cannot be written, before and after the run."""
import json
import os
import signal
import tempfile
import threading
import time

from bad_input import NO_SUCH_PID, BadInput, needs_mounts
from launch import Profiler, Target, run
from needs import needs_bpf
from paths import PROFILER
from reports import sections
from waiting import attached


@needs_bpf
class Outputs(BadInput):
    def test_found_before_the_run(self):
        """An output that cannot be written is the first error: the process is not examined before."""
        os.mkdir(self.path("folder.json"))
        os.symlink(self.path("target"), self.path("link.json"))
        os.symlink(os.path.join(self.dir, "nowhere"), self.path("dangling.json"))
        for name, word in (("none/x.json", "No such file"), ("folder.json", "directory"), ("link.json", "symbolic link"),
                           ("dangling.json", "symbolic link"), ("x" * 300 + ".json", "too long")):
            with self.subTest(name[:20]):
                self.one_line(run("-p", NO_SUCH_PID, "-o", self.path(name)), 1, name, word, "--output")
        self.assertEqual(sorted(os.listdir(self.dir)), ["dangling.json", "folder.json", "link.json"])

    def test_target_is_left_alone(self):
        """One good and one bad output, and a run of an hour: the command ends at once, without having attached, and leaves
        no file."""
        with Target("sections") as target:
            seen, done = [], threading.Event()

            def look():
                while not done.is_set():
                    seen.append(attached(target.pid))
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
        """The report reaches standard output, and a file in another folder; one line, status 1."""
        script = 'mount -t tmpfs -o size=64k none "$1" && head -c 1M /dev/zero > "$1/filler" 2>/dev/null; shift; exec "$@"'
        with Target("sections") as target, tempfile.TemporaryDirectory() as spare:
            done = run("-m", "sh", "-c", script, "sh", self.dir, PROFILER, "-p", target.pid, "-d", "0.1", "-f", "json",
                       "-o", self.path("x.json"), program="unshare", env=dict(os.environ, TMPDIR=spare))
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr.decode(), r"\Adcbs-bpfprof: [^\n]*x\.json[^\n]*No space left[^\n]* %s/x\.\w+\.json\n\Z" % spare)
            with open(os.path.join(spare, os.listdir(spare)[0])) as f:
                self.assertEqual(json.load(f), json.loads(done.stdout))
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
        """A closed descriptor is found before the run; no file that is opened takes its number."""
        with Target("sections") as target:
            done = self.with_stdout(">&-", "-p", target.pid, "-d", "60", "-o", self.path("saved.json"))
            self.one_line(done, 1, "standard output")
        self.assertEqual(os.listdir(self.dir), [])

    def test_standard_input_and_error_are_closed(self):
        """All standard descriptors are closed: no message is possible, and a file that gets such a number is not written to."""
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
                with tempfile.TemporaryDirectory() as spare:
                    done = run("-p", target.pid, "-d", "0.1", stdout=write, env=dict(os.environ, TMPDIR=spare))
                    self.one_line(done, 1, "standard output", os.path.join(spare, os.listdir(spare)[0]))
            finally:
                os.close(write)

    def test_ctrl_c_again_and_again(self):
        """The report is complete all the same, on standard output and in the file, and the status is 0."""
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
                self.assertEqual(sections(report)["leaf"]["count"], truth["sections"]["leaf"]["count"])
                with open(saved) as f:
                    self.assertEqual(json.load(f), report)
