# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""With file capabilities a user profiles only processes that this user may trace; under sudo a command runs as the user.

The oracle for the first is the kernel: what the same user reads of /proc/PID/mem without capabilities. For the second it is
the command, which prints its own credentials.
"""
import json
import os
import pwd
import shutil
import subprocess
import time
import unittest

from launch import Target, run
from needs import needs_bpf
from paths import PROFILER, PYTHON
from privileges import copy_programs
from waiting import attached, wait_until

USER, OTHER = 4242, 4343
CAPS = "cap_bpf,cap_perfmon,cap_sys_ptrace+ep"
HIDE = "import ctypes, sys, time; ctypes.CDLL(None).prctl(4, 0); print('ready', flush=True); sys.stdin.readline()"


def as_user(uid, gid=None):
    return {"user": uid, "group": uid if gid is None else gid, "extra_groups": []}


def kernel_permits(pid, uid):
    """Whether the user may trace the process, by the kernel's own answer."""
    code = "import sys; open('/proc/%s/mem' % sys.argv[1], 'rb')"
    return not subprocess.run([PYTHON, "-c", code, str(pid)], stderr=subprocess.DEVNULL, **as_user(uid)).returncode


class Whose(unittest.TestCase):
    def setUp(self):
        self.dir = copy_programs(self)
        self.program = os.path.join(self.dir, "dcbs-bpfprof")

    def path(self, name):
        return os.path.join(self.dir, name)


@needs_bpf
class Capabilities(Whose):
    def setUp(self):
        super().setUp()
        done = subprocess.run(["setcap", CAPS, self.program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            self.skipTest("setcap: " + done.stdout.strip())
        if subprocess.run([self.program, "check"], stdout=subprocess.DEVNULL, **as_user(USER)).returncode:
            self.skipTest("the three capabilities alone do not do here")

    def target(self, **options):
        return Target(self.path("sections"), "--iterations", "20", env={"LD_LIBRARY_PATH": self.dir}, **options)

    def profile(self, *args, uid=USER):
        return subprocess.run([self.program, "-q", "-f", "json", *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=60, **as_user(uid))

    def refused(self, pid, *args):
        self.assertFalse(kernel_permits(pid, USER))
        done = self.profile("-p", pid, "-d", 0.2, *args)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
        self.assertRegex(done.stderr, r"\Adcbs-bpfprof: process %d may not be traced by user %d[^\n]*\n\Z" % (pid, USER))

    def test_own_process(self):
        with self.target(**as_user(USER)) as target:
            self.assertTrue(kernel_permits(target.pid, USER))
            done = self.profile("-p", target.pid, "-d", 0.2)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_processes_of_others(self):
        """root's, another user's, and one of the user with another group."""
        for who in as_user(0), as_user(OTHER), as_user(USER, OTHER), as_user(OTHER, USER):
            with self.subTest(who), self.target(**who) as target:
                self.refused(target.pid)
                self.refused(target.pid, "--section", "x=%s:main" % self.path("sections"))
                self.assertEqual(attached(target.pid), 0)

    def test_own_process_with_more_rights(self):
        """One that has a capability, and one that does not let its memory be read."""
        ambient = ["setpriv", "--reuid", str(USER), "--regid", str(USER), "--clear-groups", "--inh-caps", "+net_bind_service",
                   "--ambient-caps", "+net_bind_service"]
        with Target(*[shutil.which(ambient[0])] + ambient[1:], PYTHON, "-c", "print('ready', flush=True); input()") as target:
            self.refused(target.pid)
        with Target(PYTHON, "-c", HIDE, **as_user(USER)) as target:
            self.refused(target.pid)

    def test_list(self):
        """It shows what the user may profile."""
        with self.target(**as_user(USER)) as own, self.target(**as_user(OTHER)) as other:
            found = subprocess.run([self.program, "list"], stdout=subprocess.PIPE, text=True, **as_user(USER)).stdout.split()
        self.assertIn(str(own.pid), found)
        self.assertNotIn(str(other.pid), found)

    def test_command(self):
        """A process that the user starts is the user's."""
        done = self.profile("--", "sh", "-c", "id -u >&2")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("%d\n" % USER, done.stderr)


@needs_bpf
class Left(Capabilities):
    """A process that executes a program with more rights."""

    def setUp(self):
        super().setUp()
        self.sleep = self.path("sleep")
        shutil.copy(shutil.which("sleep"), self.sleep)
        os.chmod(self.sleep, 0o4755)
        if subprocess.run(["findmnt", "-n", "-o", "OPTIONS", "-T", self.dir], stdout=subprocess.PIPE, text=True).stdout.count("nosuid"):
            self.skipTest("no set-user-ID programs in " + self.dir)

    @staticmethod
    def wchan(pid):
        with open("/proc/%d/wchan" % pid) as f:
            return f.read()

    def session(self, code, *args, before=None):
        """A user's Python program, profiled by its user until it ends; the report, and when it came."""
        with Target(PYTHON, "-c", "import os, sys, time; print('ready', flush=True); sys.stdin.readline()\n" + code, self.sleep,
                    **as_user(USER)) as target:
            process = subprocess.Popen([self.program, "-q", "-f", "json", "-p", str(target.pid), "-d", "8", *args],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **(before or as_user(USER)))
            wait_until(lambda: process.poll() is not None or "poll" in self.wchan(process.pid), what="attach")
            time.sleep(0.3)
            start = time.monotonic()
            target.go()
            out, err = process.communicate(timeout=60)
            took = time.monotonic() - start
            target.process.kill()
        self.assertEqual(process.returncode, 0, err)
        return json.loads(out), took

    @staticmethod
    def was_left(report):
        return [note for note in report["notes"] if "more rights" in note]

    def test_by_its_exec(self):
        for seconds in ("-F", "99"), ("-F", "0"), ("--section", "x=libc.so.6:malloc"):
            with self.subTest(seconds):
                report, took = self.session("os.execv(sys.argv[1], ['sleep', '5'])", *seconds)
                self.assertEqual(len(self.was_left(report)), 1, report["notes"])
                self.assertLess(took, 4)

    def test_by_its_exec_of_a_file_that_it_may_not_read(self):
        os.chmod(self.sleep, 0o711)
        report, took = self.session("os.execv(sys.argv[1], ['sleep', '5'])")
        self.assertEqual(len(self.was_left(report)), 1, report["notes"])
        self.assertLess(took, 4)

    def test_child(self):
        """It alone is left; its parent is profiled to the end."""
        code = "import subprocess; subprocess.run([sys.argv[1], '0.5']); time.sleep(0.5)"
        report, took = self.session(code, "-c")
        self.assertEqual(len(self.was_left(report)), 1, report["notes"])
        self.assertGreater(took, 0.9)
        self.assertNotIn("sleep", [target["comm"] for target in report["targets"]])

    def test_plain_program_is_followed(self):
        os.chmod(self.sleep, 0o755)
        report, took = self.session("os.execv(sys.argv[1], ['sleep', '1'])")
        self.assertEqual(self.was_left(report), [])
        self.assertGreater(took, 0.9)

    def test_root_follows(self):
        report, took = self.session("os.execv(sys.argv[1], ['sleep', '1'])", before={"user": 0})
        self.assertEqual(self.was_left(report), [])
        self.assertGreater(took, 0.9)


@needs_bpf
class Sudo(Whose):
    """A command of a profiler that is root for a user."""

    CODE = "import json, os; print(json.dumps([os.getresuid(), os.getresgid(), os.getgroups(), dict(os.environ), open('/proc/self/status').read()]))"

    def command(self, uid, *options):
        env = dict(os.environ, SUDO_UID=str(uid), SUDO_GID=str(uid), KEPT="/as it was", HOME="/root", USER="root")
        done = subprocess.run([self.program, "-q", "-f", "json", *options, "--", PYTHON, "-c", self.CODE], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, env=env, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        json.loads(done.stdout)
        return json.loads([line for line in done.stderr.splitlines() if line.startswith("[")][0])

    def test_runs_as_the_user(self):
        user = pwd.getpwnam("nobody")
        uids, gids, groups, env, status = self.command(user.pw_uid)
        self.assertEqual((uids, gids), ([user.pw_uid] * 3, [user.pw_uid] * 3))
        self.assertEqual(groups, os.getgrouplist(user.pw_name, user.pw_uid))
        self.assertEqual((env["HOME"], env["USER"], env["LOGNAME"], env["SHELL"]), (user.pw_dir, "nobody", "nobody", user.pw_shell))
        self.assertEqual((env["KEPT"], env["PATH"]), ("/as it was", os.environ["PATH"]))
        self.assertRegex(status, r"CapPrm:\t0{16}\n")
        self.assertRegex(status, r"NoNewPrivs:\t0\n")

    def test_user_without_a_name(self):
        uids, gids, groups, env, _ = self.command(USER)
        self.assertEqual((uids, gids, groups), ([USER] * 3, [USER] * 3, [USER]))
        self.assertEqual((env["HOME"], env.get("USER"), env.get("LOGNAME")), ("/", None, None))

    def test_as_root(self):
        uids, gids, _, env, _ = self.command(USER, "--as-root")
        self.assertEqual((uids, gids), ([0] * 3, [0] * 3))
        self.assertEqual((env["HOME"], env["USER"]), ("/root", "root"))

    def test_as_root_needs_a_command(self):
        done = run("--as-root", "-p", "1")
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertRegex(done.stderr, rb"\Adcbs-bpfprof: --as-root: [^\n]*\n\Z")


class Recipe(unittest.TestCase):
    def test_whole(self):
        """Group and mode come before the capabilities, which a change of owner takes away."""
        text = run("check").stdout.decode()
        lines = [line.split("sudo ")[1] for line in text.splitlines() if line.startswith("  sudo ")]
        path = os.path.realpath(PROFILER)
        self.assertEqual(lines[1:3], ["chgrp dcbs-bpfprof " + path, "chmod 750 " + path])
        self.assertRegex(lines[0], "^groupadd .*dcbs-bpfprof$")
        self.assertRegex(lines[3], "^setcap cap_bpf,.* " + path)


if __name__ == "__main__":
    unittest.main()
