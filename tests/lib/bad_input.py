# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""For tests of bad input: the result is one line with the error and the remedy, the right exit status, and nothing lost.

The line begins with the command's name, standard output stays empty, and bytes of the target or of a file
never reach a terminal as control characters.
"""
import os
import shutil
import subprocess
import tempfile
import unittest

from paths import golden

GOLDEN = golden("evaluation.json")
NO_SUCH_PID = 4194304 + 17      # above the largest PID that a kernel gives out
PR_SET_NAME = 15
EVIL = b"ev\x1b]0;owned\x07\x1b[31m\x9b\r\n\xe2\x80\xae.txt"


def controls(data):
    """The control characters in the data, newlines excepted."""
    text = data.decode("utf-8", "surrogateescape")
    return [c for c in text if (ord(c) < 32 and c != "\n") or 0x7f <= ord(c) < 0xa0 or 0x202a <= ord(c) <= 0x202e
            or 0xdc80 <= ord(c) <= 0xdcff]


def no_mounts():
    """Why a test cannot have mounts of its own; None if it can."""
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
        """The contract for every error."""
        text = done.stderr.decode("utf-8", "surrogateescape")
        self.assertEqual(done.returncode, status, text)
        self.assertEqual(done.stdout or b"", b"", text)
        self.assertTrue(text.startswith("dcbs-bpfprof: "), text)
        self.assertTrue(text.endswith("\n") and text.count("\n") == 1, "not exactly one line: %r" % text)
        self.assertEqual(controls(done.stderr), [], text)
        for word in words:
            self.assertIn(word, text)
        return text
