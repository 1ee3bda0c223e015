# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Without root, or without one of the capabilities: the message names the one that is missing."""
import json
import os
import shutil
import subprocess
import time

from bad_input import GOLDEN, BadInput
from launch import Target, run
from needs import needs_bpf
from paths import PROFILER
from reports import sections
from waiting import attached


@needs_bpf
class Rights(BadInput):
    def setUp(self):
        super().setUp()
        if not shutil.which("setpriv"):
            self.skipTest("no setpriv")
        self.program = self.path("dcbs-bpfprof")        # where every user may execute it
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
        done = self.setpriv(nobody, "report", GOLDEN) if os.access(GOLDEN, os.R_OK) else None
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
        """Profiles a target with known counts. Returns (status, stdout, stderr, truth)."""
        with Target("sections", "--iterations", "20", hold=True) as target:
            command = ["setpriv", *options, self.program, "-q", "-f", "json", "-p", str(target.pid)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as profiler:
                end = time.monotonic() + 10
                while not attached(target.pid) and profiler.poll() is None and time.monotonic() < end:
                    time.sleep(0.01)
                time.sleep(0.1)
                target.go()
                truth = target.result()
                target.line()
                target.end()
                out, err = profiler.communicate(timeout=30)
        return subprocess.CompletedProcess(command, profiler.returncode, out, err), truth

    def test_check_is_right(self):
        """With a few capabilities: if `check` finds none missing, a run works; else the run names the same one as `check`."""
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
                found = sections(json.loads(done.stdout))
                self.assertEqual(found["leaf"]["count"], truth["sections"]["leaf"]["count"])
                worked += 1
        self.assertGreaterEqual(worked, 2)
