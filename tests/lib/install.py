# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""`make install` into a folder, for tests that build programs against it."""
import os
import shutil
import subprocess
import tempfile
import unittest

from paths import BUILD, TOP


def make(*args):
    """Runs make in the source tree for our build. It does not get our MAKEFLAGS, and installs no packages."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE") and k not in ("MFLAGS", "O", "DESTDIR", "prefix", "bindir", "libdir", "includedir",
                                                                          "datadir", "mandir", "docdir", "pkgconfigdir", "bashdir", "zshdir", "fishdir")}
    return subprocess.run(["make", "-C", TOP, "O=" + BUILD, *args], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, timeout=600)


class InstallCase(unittest.TestCase):
    """Has the project installed in DESTDIR `dir` with prefix=/usr."""

    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.mkdtemp(prefix="dcbs-install-")
        cls.addClassCleanup(shutil.rmtree, cls.dir, True)
        done = make("install", "DESTDIR=" + cls.dir, "prefix=/usr")
        if done.returncode:
            raise AssertionError("make install:\n" + done.stdout)

    def installed(self, *parts):
        return os.path.join(self.dir, "usr", *parts)

    def pkg_config(self, package, *args):
        """The words that pkg-config prints for a package that is installed in `dir`."""
        env = dict(os.environ, PKG_CONFIG_PATH=self.installed("lib", "pkgconfig"), PKG_CONFIG_SYSROOT_DIR=self.dir,
                   PKG_CONFIG_ALLOW_SYSTEM_CFLAGS="1", PKG_CONFIG_ALLOW_SYSTEM_LIBS="1")
        done = subprocess.run(["pkg-config", *args, package], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.split()
