# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Files of targets that are traps: links to what is not theirs, and file systems that do not answer."""
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from paths import PROFILER, TESTS

SOMEBODY = 61001
AT = 0x7a0000000000
JIT = """
import ctypes, mmap, os, sys, time
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
code = bytes([0xb9, 0, 0, 0, 4, 0xff, 0xc9, 0x75, 0xfc, 0xc3])
ctypes.memmove(libc.mmap(%d, 4096, 7, 0x32, -1, 0), code, len(code))
print(os.getpid(), flush=True)
end = time.time() + 20
while time.time() < end:
    ctypes.CFUNCTYPE(None)(%d)()
""" % (AT, AT)


def pid_in_its_namespace(pid):
    with open("/proc/%d/status" % pid) as f:
        return int(next(line for line in f if line.startswith("NSpid:")).split()[-1])


@unittest.skipIf(os.geteuid(), "needs root")
class Links(unittest.TestCase):
    """A map of compiled functions that is a link to a file of root's."""

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="links.", dir="/var/tmp")
        self.addCleanup(shutil.rmtree, self.directory)
        os.chmod(self.directory, 0o755)
        self.secret = os.path.join(self.directory, "secret")
        with open(os.open(self.secret, os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
            f.write("%x 1000 SECRET_OF_ROOT\n" % AT)

    def start(self, *before):
        target = subprocess.Popen([*before, "/usr/bin/python3", "-c", JIT], stdout=subprocess.PIPE, text=True)
        self.addCleanup(target.stdout.close)
        self.addCleanup(target.wait)
        self.addCleanup(target.kill)
        target.stdout.readline()
        return target.pid

    def named(self, pid):
        """The names of all functions that the profiler tells of."""
        done = subprocess.run([PROFILER, "-q", "-p", str(pid), "-d", "2", "-f", "json"], stdout=subprocess.PIPE, check=True, text=True)
        return done.stdout if json.loads(done.stdout)["functions"] else self.fail("no functions")

    def as_somebody(self):
        return self.start("setpriv", "--reuid", str(SOMEBODY), "--regid", str(SOMEBODY), "--clear-groups")

    def place(self, pid, make):
        path = "/tmp/perf-%d.map" % pid
        make(path)
        self.addCleanup(os.unlink, path)
        return path

    def test_own_map(self):
        pid = self.as_somebody()
        self.place(pid, lambda path: shutil.copy(self.secret, path))
        os.chown("/tmp/perf-%d.map" % pid, SOMEBODY, SOMEBODY)
        self.assertIn("SECRET_OF_ROOT", self.named(pid))

    def test_link(self):
        pid = self.as_somebody()
        self.place(pid, lambda path: os.symlink(self.secret, path))
        self.assertNotIn("SECRET_OF_ROOT", self.named(pid))

    def test_second_name(self):
        """A hard link is no link to follow, but the file is root's."""
        pid = self.as_somebody()
        if os.stat("/tmp").st_dev != os.stat(self.secret).st_dev:
            self.skipTest("/tmp is another file system")
        self.place(pid, lambda path: os.link(self.secret, path))
        self.assertNotIn("SECRET_OF_ROOT", self.named(pid))

    def test_map_of_a_stranger(self):
        pid = self.as_somebody()
        self.place(pid, lambda path: shutil.copy(self.secret, path))
        os.chown("/tmp/perf-%d.map" % pid, SOMEBODY + 1, SOMEBODY + 1)
        self.assertNotIn("SECRET_OF_ROOT", self.named(pid))

    def test_absolute_link_in_another_root(self):
        """The path that the link names is looked up below the target's root, where it does not exist."""
        root = os.path.join(self.directory, "root")
        os.makedirs(os.path.join(root, "tmp"))
        for folder in ("usr", "lib", "lib64", "proc", "dev", "etc"):
            os.makedirs(os.path.join(root, folder), exist_ok=True)
        for number in range(1, 10):
            os.symlink(self.secret, os.path.join(root, "tmp", "perf-%d.map" % number))
        script = "for i in usr lib lib64 etc dev; do mount --rbind /$i %s/$i; done; exec chroot %s /usr/bin/python3 -c \"$1\"" % (root, root)
        target = subprocess.Popen(["unshare", "-m", "-p", "-f", "sh", "-c", script, "sh", JIT], stdout=subprocess.PIPE, text=True)
        self.addCleanup(target.stdout.close)
        self.addCleanup(target.wait)
        self.addCleanup(target.kill)
        target.stdout.readline()
        pid = int(subprocess.run(["pgrep", "-P", str(target.pid)], stdout=subprocess.PIPE, text=True, check=True).stdout.split()[0])
        self.addCleanup(os.kill, pid, signal.SIGKILL)
        self.assertLess(pid_in_its_namespace(pid), 10)
        self.assertNotIn("SECRET_OF_ROOT", self.named(pid))


@unittest.skipIf(os.geteuid() or not os.path.exists("/dev/fuse"), "needs root and FUSE")
class Silent(unittest.TestCase):
    """The program lies on a file system whose server has stopped."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="silent.", dir="/var/tmp")
        self.server = subprocess.Popen([sys.executable, os.path.join(TESTS, "lib", "silent_files.py"), "/bin/sh", self.folder],
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(self.clean)
        if self.server.stdout.readline() != "mounted\n":
            self.skipTest("FUSE cannot be mounted here")
        self.target = subprocess.Popen([os.path.join(self.folder, "f"), "-c", "while :; do :; done"])
        time.sleep(0.5)

    def clean(self):
        self.server.send_signal(signal.SIGCONT)
        if hasattr(self, "target"):
            self.target.kill()
            self.target.wait()
        subprocess.run(["umount", "-l", self.folder], stderr=subprocess.DEVNULL, check=False)
        self.server.kill()
        self.server.wait()
        self.server.stdout.close()
        os.rmdir(self.folder)

    def profile(self, *options):
        process = subprocess.Popen([PROFILER, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def end_of(self, process, limit_s):
        out, _ = process.communicate(timeout=limit_s)
        self.assertEqual(process.returncode, 0, out)
        return out

    def test_it_answers(self):
        out = self.end_of(self.profile("-q", "-p", str(self.target.pid), "-d", "2"), 10)
        self.assertIn("FUNCTIONS", out)
        self.assertNotIn("did not answer", out)

    def test_duration(self):
        self.server.send_signal(signal.SIGSTOP)
        out = self.end_of(self.profile("-q", "-p", str(self.target.pid), "-d", "2"), 6)
        self.assertIn("did not answer", " ".join(out.split()))
        self.assertIn("FUNCTIONS", out)

    def test_it_falls_silent_later(self):
        process = self.profile("-q", "-p", str(self.target.pid), "-d", "3")
        time.sleep(1.5)
        self.server.send_signal(signal.SIGSTOP)
        self.assertIn("FUNCTIONS", self.end_of(process, 6))

    def test_signals(self):
        self.server.send_signal(signal.SIGSTOP)
        for sig in (signal.SIGINT, signal.SIGTERM):
            process = self.profile("-q", "-p", str(self.target.pid))
            time.sleep(2)
            process.send_signal(sig)
            self.assertIn("FUNCTIONS", self.end_of(process, 2))

    def test_list_and_check(self):
        self.server.send_signal(signal.SIGSTOP)
        for command in "list", "check":
            self.end_of(self.profile(command), 5)

    def test_nobody_is_left(self):
        self.server.send_signal(signal.SIGSTOP)
        process = self.profile("-q", "-p", str(self.target.pid), "-d", "1")
        time.sleep(0.7)
        with open("/proc/%d/task/%d/children" % (process.pid, process.pid)) as f:
            children = [int(word) for word in f.read().split()]
        self.end_of(process, 6)
        time.sleep(1.5)
        for child in children:
            with contextlib.suppress(OSError), open("/proc/%d/stat" % child) as f:
                self.fail("a child is left: %s" % f.read())


@unittest.skipIf(os.geteuid() or not os.path.exists("/dev/fuse"), "needs root and FUSE")
class SilentLayer(unittest.TestCase):
    """The program lies on an overlay, a layer of which is on such a file system, and only the process's own namespace has both."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="layer.", dir="/var/tmp")
        self.addCleanup(os.rmdir, self.folder)
        serve = 'mount -t tmpfs none "$2" && cd "$2" && mkdir lower upper work merged && exec "$3" "$4" "$1" lower'
        self.server = self.start("unshare", "-m", "sh", "-c", serve, "sh", "/bin/sh", self.folder, sys.executable,
                                 os.path.join(TESTS, "lib", "silent_files.py"))
        if self.server.stdout.readline() != "mounted\n":
            self.skipTest("FUSE cannot be mounted here")
        work = ('cd "$1" && mount -t overlay -o lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work o merged && '
                'exec merged/f -c "echo; while :; do :; done"')
        self.target = self.start("nsenter", "-m", "-t", str(self.server.pid), "sh", "-c", work, "sh", self.folder)
        if self.target.stdout.readline() != "\n":
            self.skipTest("no overlay can be mounted on FUSE here")

    def start(self, *command):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def test_signal(self):
        self.server.send_signal(signal.SIGSTOP)
        self.addCleanup(self.server.send_signal, signal.SIGCONT)
        process = self.start(PROFILER, "-q", "-p", str(self.target.pid))
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=3)
        self.assertEqual(process.returncode, 0, out)
        self.assertIn("FUNCTIONS", out)
        self.assertIn("did not answer", " ".join(out.split()))
