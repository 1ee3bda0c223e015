# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Files that root writes for a user: they are the user's, and other users' files are not touched.

The oracle is stat() of what was written.
"""
import json
import os
import stat
import subprocess
import time

from launch import run
from privileges import USER, OTHER, NEEDED, SUDO, Privileges, needs_three, with_caps


class Outputs(Privileges):
    """Under sudo, outputs in the user's folder and in others'."""

    def profile(self, *paths, env=SUDO, umask=0o022, status=0, **popen):
        """Does a short run; returns its standard error, one line at most."""
        with self.target(USER) as target:
            outputs = [word for path in paths for word in ("-o", path)]
            done = subprocess.run([self.program, "-q", "-f", "json", "-p", str(target.pid), "-d", "0.1", *outputs], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, timeout=60, env=env, umask=umask, **popen)
        self.assertEqual(done.returncode, status, done.stderr)
        if status:
            self.assertRegex(done.stderr, r"\Adcbs-bpfprof: [^\n]*\n\Z")
        return done.stderr

    def check_file(self, path, uid=USER, mode=0o600):
        st = os.lstat(path)
        self.assertTrue(stat.S_ISREG(st.st_mode))
        self.assertEqual((st.st_uid, st.st_gid, oct(stat.S_IMODE(st.st_mode))), (uid, uid, oct(mode)))
        with open(path) as f:
            self.assertEqual(json.load(f)["tool"], "dcbs-bpfprof")

    def test_owner_and_mode(self):
        self.profile(self.mine("x.json"))
        self.check_file(self.mine("x.json"))
        self.profile(self.mine("strict.json"), umask=0o277)
        self.check_file(self.mine("strict.json"), mode=0o400)
        self.profile(self.path("roots.json"), env=dict(os.environ))
        self.check_file(self.path("roots.json"), uid=0)
        self.assertEqual(sorted(os.listdir(self.home)), ["strict.json", "x.json"])      # and no other file is left

    @needs_three
    def test_with_capabilities_alone(self):
        with self.target(USER) as target:
            before = with_caps(*NEEDED)
            done = run(*before[1:], self.program, "-p", target.pid, "-d", "0.1", "-o", self.mine("x.json"), program=before[0])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_file(self.mine("x.json"))

    def test_symbolic_link(self):
        for name, to in ("link.json", self.path("precious")), ("dangling.json", self.path("new")), ("stdout.json", "/dev/stdout"):
            with open(self.path("precious"), "w") as f:
                f.write("precious")
            os.symlink(to, self.mine(name))
            self.assertIn("symbolic link", self.profile(self.mine(name), status=1))
            self.assertEqual(os.readlink(self.mine(name)), to)
            self.assertFalse(os.path.exists(self.path("new")))
            with open(self.path("precious")) as f:
                self.assertEqual(f.read(), "precious")

    def test_folder_that_the_user_may_not_enter(self):
        os.mkdir(self.path("closed"), 0o700)
        self.assertIn("Permission denied", self.profile(os.path.join(self.path("closed"), "x.json"), status=1))
        self.assertRegex(self.profile(self.path("x.json"), status=1), "Permission denied; .* unset SUDO_UID")
        os.symlink(self.path("closed"), self.mine("way"))      # a link in the middle of a path gives no access that the user has not
        self.assertIn("Permission denied", self.profile(self.mine("way/x.json"), status=1))
        self.assertEqual(os.listdir(self.path("closed")), [])

    def test_file_of_another_user(self):
        """A file of another user is refused, even if all users may write to it."""
        for env, owner in (SUDO, OTHER), (SUDO, 0), (dict(os.environ), OTHER):
            path = self.mine("theirs.json")
            with open(path, "w") as f:
                f.write("precious")
            os.chown(path, owner, owner)
            os.chmod(path, 0o666)
            self.assertIn("another user", self.profile(path, env=env, status=1))
            with open(path) as f:
                self.assertEqual(f.read(), "precious")

    def test_replaced_as_a_whole(self):
        """A hard link to the old file keeps the old text."""
        old, kept = self.mine("x.json"), self.mine("kept")
        with open(old, "w") as f:
            f.write("old")
        os.chown(old, USER, USER)
        os.link(old, kept)
        self.profile(old)
        self.check_file(old)
        with open(kept) as f:
            self.assertEqual(f.read(), "old")

    def test_file_in_a_folder_that_takes_no_new_ones(self):
        path = self.path("x.json")
        with open(path, "w") as f:
            f.write("much longer than nothing " * 10000)
        os.chown(path, USER, USER)
        os.chmod(path, 0o600)
        self.profile(path)
        self.check_file(path)

    def test_full_disk_spares_the_old_file(self):
        if subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode:
            self.skipTest("unshare --mount is not permitted here")
        script = ('mount -t tmpfs -o size=64k,mode=777 none "$1" && cd "$1" && echo precious > x.json && chown %d x.json && '
                  'head -c 1M /dev/zero > filler 2>/dev/null; shift; "$@"; echo "status $?" >&2; cat x.json >&2; ls -A >&2' % USER)
        with self.target(USER) as target:
            done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", self.home, self.program, "-p", str(target.pid), "-d", "0.1",
                                   "-f", "json", "-o", "x.json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=SUDO)
        self.assertRegex(done.stderr, r"No space left[^\n]*\nstatus 1\nprecious\nfiller\nx.json\n\Z")
        self.assertEqual(json.loads(done.stdout)["tool"], "dcbs-bpfprof")

    def test_pipe_and_device(self):
        """A pipe of the user's with a reader is written to, and a device; a directory or another user's pipe is not."""
        os.mkfifo(self.mine("pipe.json"))
        self.assertIn("another user", self.profile(self.mine("pipe.json"), status=1))
        os.chown(self.mine("pipe.json"), USER, USER)
        self.assertIn("nobody reads", self.profile(self.mine("pipe.json"), status=1))
        with subprocess.Popen(["cat", self.mine("pipe.json")], stdout=subprocess.PIPE) as reader:
            time.sleep(0.2)
            self.profile(self.mine("pipe.json"))
            self.assertEqual(json.loads(reader.communicate(timeout=20)[0])["tool"], "dcbs-bpfprof")
        os.mkdir(self.mine("folder.json"))
        self.assertIn("directory", self.profile(self.mine("folder.json"), status=1))

    def test_killed(self):
        """A run that is killed leaves no file."""
        with self.target(USER) as target, self.profiling(target, "-o", self.mine("x.json"), env=SUDO) as process:
            process.kill()
            process.wait()
            names = os.listdir(self.home)
        if any(n.startswith(".dcbs-bpfprof.") for n in names):
            self.skipTest("this file system has no files without a name")
        self.assertEqual(names, [])

    def test_who_sudo_says(self):
        for uid, gid in ("root", "0"), ("-1", "0"), ("4294967295", "1"), ("1 ", "1"), ("1", None), ("", ""), ("99999999999999999999", "1"):
            env = {k: v for k, v in SUDO.items() if k != "SUDO_GID"}
            env.update({"SUDO_UID": uid}, **({"SUDO_GID": gid} if gid is not None else {}))
            with self.subTest(uid=uid, gid=gid):
                self.assertIn("SUDO_UID", self.profile(self.mine("x.json"), env=env, status=1))
        self.assertEqual(os.listdir(self.home), [])
