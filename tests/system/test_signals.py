# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Signals: whatever would end the profiler ends the profile with its result, and the command has its own signals."""
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest

from launch import Profiler, Target
from needs import is_sanitized, needs_bpf
from paths import PROFILER

INHERITED = "print(''.join(line for line in open('/proc/self/status') if line.startswith(('SigIgn', 'SigBlk'))))"
SENT = [signal.SIGQUIT, signal.SIGALRM, signal.SIGSEGV, signal.SIGXCPU, signal.SIGRTMIN + 3]


@needs_bpf
class Ends(unittest.TestCase):
    def test_whole_group(self):
        """Each is sent to the profiler and its helpers, as a terminal or timeout(1) does: the files are written all the same."""
        with tempfile.TemporaryDirectory() as folder, Target("sections") as target:
            sent = [sig for sig in SENT if sig != signal.SIGSEGV or not is_sanitized(PROFILER)]     # ASan reports it
            runs = [(sig, os.path.join(folder, "%d.json" % sig)) for sig in sent]
            runs = [(sig, path, Profiler("-p", target.pid, "-o", path, start_new_session=True)) for sig, path in runs]
            for sig, path, profiler in runs:
                with self.subTest(sig), profiler:
                    profiler.wait_attached(target.pid)
                    os.killpg(profiler.pid, signal.SIGUSR2)
                    os.killpg(profiler.pid, sig)
                    report = profiler.report()
                    self.assertEqual(report["window"]["ended_by"], "signal")
                    with open(path) as f:
                        self.assertEqual(json.load(f)["window"], report["window"])


@needs_bpf
class Command(unittest.TestCase):
    def test_inherits(self):
        """The same signals are ignored and blocked as without the profiler."""
        def prepare():
            for sig in (signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
                signal.signal(sig, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGTERM})
        command = [sys.executable, "-c", INHERITED]
        alone = subprocess.run(command, preexec_fn=prepare, stdout=subprocess.PIPE, text=True, check=True)
        beside = subprocess.run([PROFILER, "-q", "-f", "json", "--", *command], preexec_fn=prepare, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, timeout=60, check=True)
        self.assertEqual(beside.stderr, alone.stdout)


if __name__ == "__main__":
    unittest.main()
