# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Yama and lockdown, step by step stricter. Each step holds until the next boot.

So these tests run only on a machine that is thrown away after them: tests/vm/run has one, where they come last.
"""
import os
import subprocess
import unittest

from launch import Target, profile, run
from needs import EMULATED, needs_bpf
from reports import marked

YAMA = "/proc/sys/kernel/yama/ptrace_scope"
SECURITY = "/sys/kernel/security"
LOCKDOWN = os.path.join(SECURITY, "lockdown")
ROW = {YAMA: "memory of processes (Yama)", LOCKDOWN: "kernel memory for BPF (lockdown)"}


@needs_bpf
@unittest.skipUnless(EMULATED, "only on a machine that is thrown away: see tests/vm/run")
class Stricter(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not os.path.exists(LOCKDOWN):
            subprocess.run(["mount", "-t", "securityfs", "none", SECURITY], stderr=subprocess.DEVNULL)

    def set(self, path, word):
        if not os.path.exists(path):
            self.skipTest("this kernel has no %s" % path)
        with open(path, "w") as f:
            f.write(word)

    def row(self, path):
        """Runs `check`. Returns (its verdict on the rule, its exit status)."""
        done = run("check")
        lines = [line for line in done.stdout.decode().splitlines() if ROW[path] in line]
        self.assertEqual(len(lines), 1, done.stdout)
        return lines[0].split()[0], done.returncode

    def works(self, path):
        self.assertEqual(self.row(path), ("ok", 0))
        with Target("sections", "--iterations", "20", hold=True) as target:
            report, truth = profile(target)
        self.assertEqual({name: s["count"] for name, s in marked(report).items()},
                         {name: s["count"] for name, s in truth["sections"].items()})

    def refused(self, path):
        """`check` and a run print one line that names the rule; the target does not notice."""
        self.assertEqual(self.row(path), ("missing", 1))
        with Target("sections", "--iterations", "20") as target:
            done = run("-p", target.pid, "-d", 1)
            self.assertEqual((done.returncode, done.stdout), (1, b""))
            self.assertTrue(done.stderr.startswith(b"dcbs-bpfprof: missing: " + ROW[path].encode() + b"; "), done.stderr)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
            target.go()
            target.result()
            self.assertEqual(target.end(), 0)

    def test_1_yama_for_administrators(self):
        self.set(YAMA, "2")
        self.works(YAMA)

    def test_2_lockdown_for_integrity(self):
        self.set(LOCKDOWN, "integrity")
        self.works(LOCKDOWN)

    def test_3_yama_for_nobody(self):
        self.set(YAMA, "3")
        self.refused(YAMA)

    def test_4_lockdown_for_confidentiality(self):
        self.set(LOCKDOWN, "confidentiality")
        self.refused(LOCKDOWN)
