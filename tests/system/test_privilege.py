#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""With how few privileges it works, how few it keeps, and whose files it writes.

The oracles are the kernel's own account of a process in /proc/PID/status, stat() of what was written, and the
targets' counts. USER is nobody's number in particular; being root for that user is what sudo tells with SUDO_UID.
"""
import contextlib
import http.server
import json
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
import unittest

import harness
from harness import BUILD, PROFILER, PYTHON, TARGETS, Target, needs_bpf, run, wait_until

USER, OTHER = 4242, 4343
DAC_READ_SEARCH, SYS_PTRACE, SYS_ADMIN, PERFMON, BPF, CHECKPOINT_RESTORE = 2, 19, 21, 38, 39, 40
NEEDED = ("bpf", "perfmon", "sys_ptrace")
LINKS = harness.kernel_at_least(6, 12)      # probes that ask for no capability of their own
SUDO = dict(os.environ, SUDO_UID=str(USER), SUDO_GID=str(USER))


def why_not_three():
    """Why the three capabilities alone do not do here, None if they do."""
    with open("/proc/sys/kernel/perf_event_paranoid") as f:
        if int(f.read()) > 2:
            return "kernel.perf_event_paranoid is above 2, where Debian's kernels want CAP_SYS_ADMIN"
    return None if LINKS else "before Linux 6.12 probes may want CAP_SYS_ADMIN"


needs_three = unittest.skipIf(why_not_three(), why_not_three())


def bits(*caps):
    return sum(1 << c for c in caps)


def status(pid):
    """Of /proc/PID/status, the fields about privileges as numbers, or lists of them."""
    found = {}
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            key, value = line.split(":", 1)
            if key.startswith("Cap"):
                found[key] = int(value, 16)
            elif key in ("Uid", "Gid", "Groups", "NoNewPrivs", "Seccomp"):
                found[key] = [int(n) for n in value.split()]
    return found


def with_caps(*caps, uid=USER):
    """As that user, with these capabilities and no others: what precedes the command."""
    listed = ",".join(["-all"] + ["+" + c for c in caps])
    return ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups", "--inh-caps", listed,
            "--ambient-caps", listed, "--bounding-set", listed]


@needs_bpf
class Privileges(unittest.TestCase):
    def setUp(self):
        """The programs, where every user may enter."""
        self.dir = tempfile.mkdtemp(prefix="dcbs-test-")
        self.addCleanup(shutil.rmtree, self.dir, True)
        os.chmod(self.dir, 0o755)
        for f in PROFILER, os.path.join(TARGETS, "sections"), os.path.join(BUILD, "libdcbs-markers.so.1"):
            shutil.copy(f, self.dir)
        self.program = self.path("dcbs-bpfprof")
        self.home = self.path("home")
        os.mkdir(self.home)
        os.chown(self.home, USER, USER)

    def path(self, name):
        return os.path.join(self.dir, name)

    def mine(self, name):
        return os.path.join(self.home, name)

    def target(self, uid=0, **options):
        return Target(self.path("sections"), "--iterations", "20", env={"LD_LIBRARY_PATH": self.dir}, user=uid, group=uid,
                      extra_groups=[], **options)

    @contextlib.contextmanager
    def profiling(self, target, *args, before=(), env=None):
        """Attached and confined; the process."""
        command = [*before, self.program, "-q", "-f", "json", "-p", str(target.pid), *args]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, text=True)
        try:
            wait_until(lambda: process.poll() is not None or status(process.pid)["Seccomp"] == [2], what="confinement")
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def whole(self, process, target):
        """Lets the target work; the report is complete and its counts are the target's own."""
        target.go()
        truth = target.result()
        target.line()
        target.end()
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        report = json.loads(out)
        found = harness.sections(report)
        for name, t in truth["sections"].items():
            self.assertEqual(found[name]["count"], t["count"], name)
            self.assertIsNotNone(found[name]["wall"]["cpu_s"], name)
            self.assertIsNotNone(found[name]["memory"]["rss_delta_bytes"], name)
        self.assertGreater(len(report["functions"]), 0)
        self.assertEqual(report["lost"]["sections"], 0)
        return report

    def check_confined(self, process, uid, caps, root=True):
        """The bounding set is root's to empty; to others no_new_privs shuts the same door."""
        s = status(process.pid)
        self.assertEqual(s["Uid"], [uid] * 4)
        self.assertEqual(s["Gid"], [uid] * 4)
        self.assertEqual((s["NoNewPrivs"], s["Seccomp"]), ([1], [2]))
        self.assertEqual((s["CapInh"], s["CapAmb"], s["CapBnd"] if root else 0), (0, 0, 0))
        self.assertEqual(s["CapPrm"], s["CapEff"])
        if LINKS:
            self.assertEqual(s["CapEff"], caps, "%x" % s["CapEff"])
        else:
            self.assertEqual(s["CapEff"] & ~(caps | bits(SYS_ADMIN, PERFMON)), 0, "%x" % s["CapEff"])


class Kept(Privileges):
    """What is left once it is attached."""

    def test_root(self):
        """The target is root, too, and may read everybody's files."""
        with self.target() as target, self.profiling(target) as process:
            self.check_confined(process, 0, bits(SYS_PTRACE, CHECKPOINT_RESTORE, DAC_READ_SEARCH))
            report = self.whole(process, target)
            if not harness.EMULATED:    # the kernel measures for a quarter of a second, now and then
                self.assertIsNotNone(report["overhead"]["ns_per_flush"])

    def test_sudo_for_ones_own(self):
        """Root for a user is that user from then on; the user's own files need no more."""
        with self.target(USER) as target, self.profiling(target, env=SUDO) as process:
            self.check_confined(process, USER, bits(SYS_PTRACE, CHECKPOINT_RESTORE))
            self.assertEqual(status(process.pid)["Groups"], [USER])
            self.whole(process, target)

    def test_sudo_for_another(self):
        with self.target(OTHER) as target, self.profiling(target, env=SUDO) as process:
            self.check_confined(process, USER, bits(SYS_PTRACE, CHECKPOINT_RESTORE, DAC_READ_SEARCH))
            self.whole(process, target)

    @needs_three
    def test_three_capabilities(self):
        for uid in USER, OTHER, 0:
            with self.subTest(uid), self.target(uid) as target, self.profiling(target, before=with_caps(*NEEDED)) as process:
                self.check_confined(process, USER, bits(SYS_PTRACE), root=False)
                report = self.whole(process, target)
                self.assertIsNone(report["overhead"]["ns_per_flush"])       # the kernel's clock on programs takes more

    @needs_three
    def test_markers_that_come_later(self):
        """Confined before the target has loaded them."""
        code = ("import sys; print('ready', flush=True); sys.stdin.readline()\n"
                "from dcbs_profiler import get_global_profiler as p\n"
                "import time; [(p().profile_section('late').__enter__(), time.sleep(0.001)) for i in range(1)]; time.sleep(1)\n"
                "for i in range(777):\n with p().profile_section('section'): pass\n")
        shutil.copytree(os.path.join(BUILD, "python"), self.path("python"))
        target = subprocess.Popen([PYTHON, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, user=USER,
                                  group=USER, extra_groups=[], env=dict(os.environ, PYTHONPATH=self.path("python")))
        with target:
            self.assertEqual(target.stdout.readline(), "ready\n")
            with self.profiling(target, before=with_caps(*NEEDED)) as process:
                target.stdin.write("\n")
                target.stdin.close()
                target.wait()
                report = json.loads(process.communicate(timeout=30)[0])
        self.assertEqual(harness.sections(report)["section"]["count"], 777)

    @staticmethod
    def clocks():
        """Processes that may do nothing but start the kernel's clock on programs."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open("/proc/%s/comm" % pid) as comm:
                if comm.read() == "bpfprof-clock\n":
                    found.append(int(pid))
        return set(found)

    def test_the_clock(self):
        """Its process can do that alone, and ends with the profiler however that ends."""
        before = self.clocks()
        with self.target() as target, self.profiling(target) as process:
            clock = self.clocks() - before
            wait_until(lambda: all(status(pid)["Seccomp"] == [2] for pid in clock), what="confinement of the clock")
            ours = [pid for pid in clock if status(pid)["CapEff"] == bits(SYS_ADMIN)]
            self.assertGreaterEqual(len(ours), 1)
            for pid in ours:
                s = status(pid)
                self.assertEqual((s["CapPrm"], s["CapBnd"], s["CapInh"], s["NoNewPrivs"]), (bits(SYS_ADMIN), 0, 0, [1]))
            process.kill()
            process.wait()
            wait_until(lambda: len(self.clocks() & set(ours)) < len(ours), what="end of the clock")


class Missing(Privileges):
    def test_one_at_a_time(self):
        for missing in NEEDED:
            caps = [c for c in NEEDED if c != missing]
            with self.subTest(missing), self.target(OTHER) as target:
                before = with_caps(*caps)
                done = run(*before[1:], self.program, "-p", target.pid, "-d", "0.1", program=before[0])
                self.assertEqual((done.returncode, done.stdout), (1, b""))
                self.assertRegex(done.stderr, b"^dcbs-bpfprof: missing: capability CAP_%s; without it [^\n]*\n$" % missing.upper().encode())
                check = run(*before[1:], self.program, "check", program=before[0])
                self.assertEqual(check.returncode, 1)
                self.assertRegex(check.stdout, b"(?m)^missing   capability CAP_%s: without it " % missing.upper().encode())
                self.assertEqual(harness.attached(target.pid), 0)

    def test_check_names_the_command(self):
        done = run("check")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn(b"setcap cap_bpf,cap_perfmon,cap_sys_ptrace", done.stdout)
        self.assertIn(os.fsencode(os.path.realpath(PROFILER)), done.stdout)

    @needs_three
    def test_the_command_it_names(self):
        """File capabilities as it says, a user without any: it works."""
        line = [words for words in run("check").stdout.decode().splitlines() if "setcap " in words][0]
        caps = line.split("setcap ")[1].split()[0]
        done = subprocess.run(["setcap", caps, self.program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            self.skipTest("setcap: " + done.stdout.strip())
        with self.target(USER) as target, self.profiling(target, before=with_caps()[:6]) as process:
            self.check_confined(process, USER, bits(SYS_PTRACE), root=False)
            self.whole(process, target)

    def test_max_overhead(self):
        for percent in "0", "1000":
            done = run("--max-overhead", percent, "-p", "1")
            self.assertEqual((done.returncode, done.stdout), (2, b""))
            self.assertIn(b"--max-overhead", done.stderr)


class Outputs(Privileges):
    """Root for a user, in that user's folder and in others'."""

    def profile(self, *paths, env=SUDO, umask=0o022, status=0, **popen):
        """A short run; its line on standard error."""
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
        self.assertEqual(sorted(os.listdir(self.home)), ["strict.json", "x.json"])      # and nothing else was left

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
        os.symlink(self.path("closed"), self.mine("way"))      # a link in the middle leads no further than the user may go
        self.assertIn("Permission denied", self.profile(self.mine("way/x.json"), status=1))
        self.assertEqual(os.listdir(self.path("closed")), [])

    def test_file_of_another_user(self):
        """Also one that everybody may write to."""
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
        """Another name of the old file keeps the old text."""
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
        """A pipe of the user's own with a reader, and devices; nothing else that is no file."""
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
        """Nothing is left of a run that was killed."""
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


class Environment(Privileges):
    """Variables that would lead a root process elsewhere."""

    def test_debug_information_is_not_asked_for(self):
        """From no server, whether root is so for a user or not."""
        asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_error(404)
        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.addCleanup(server.server_close)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        for env in os.environ, SUDO:
            env = dict(env, DEBUGINFOD_URLS="http://127.0.0.1:%d" % server.server_port, DEBUGINFOD_CACHE_PATH=self.path("cache"))
            with self.target(USER) as target, self.profiling(target, env=env) as process:
                self.whole(process, target)
        self.assertEqual(asked, [])
        self.assertFalse(os.path.exists(self.path("cache")))

    def test_files_are_not_opened(self):
        """The kernel says which files were: none of those that the variables name."""
        if not shutil.which("strace"):
            self.skipTest("needs strace")
        trap = self.path("trap")
        names = "TERMINFO TERMINFO_DIRS TERMCAP TERMPATH HOME TMPDIR LOCPATH NLSPATH GCONV_PATH TZDIR TZ LANG LC_ALL XDG_CACHE_HOME".split()
        hostile = {name: os.path.join(trap, name) for name in names}
        log = self.path("log")
        with self.target(USER) as target:
            done = subprocess.run(["strace", "-f", "-qq", "-e", "trace=file", "-o", log, "-E", "SUDO_UID=%d" % USER, "-E", "SUDO_GID=%d" % USER,
                                   *[w for n, v in hostile.items() for w in ("-E", "%s=%s" % (n, v))],
                                   "script", "-qec", "%s -p %d -d 1" % (self.program, target.pid), "/dev/null"],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
        with open(log) as f:
            calls = f.read()
        ours = calls[calls.index("execve(\"%s\"" % self.program):]
        pid = [line.split()[0] for line in calls.splitlines() if "execve(\"%s\"" % self.program in line][0]
        ours = "\n".join(line for line in ours.splitlines() if line.startswith(pid + " ") and "execve(" not in line)
        self.assertIn("/proc/%d/" % target.pid, ours, done.stdout)
        self.assertNotIn(trap, ours)

    def test_the_command_has_its_own(self):
        """As it was, and nothing of what the profiler gave up: credentials, capabilities, filters."""
        code = ("import os, sys; fields = [l for l in open('/proc/self/status') if l.split(':')[0] in "
                "('Uid', 'CapEff', 'CapBnd', 'NoNewPrivs', 'Seccomp')]; "
                "print(''.join(fields) + os.environ.get('TERMINFO', '') + ' ' + os.environ.get('DEBUGINFOD_URLS', ''), file=open(sys.argv[1], 'w'))")
        env = dict(SUDO, TERMINFO="/some/where", DEBUGINFOD_URLS="http://127.0.0.1:9")
        with tempfile.NamedTemporaryFile("r") as inside, tempfile.NamedTemporaryFile("r") as alone:
            done = subprocess.run([self.program, "-q", "--as-root", "--", PYTHON, "-c", code, inside.name], env=env, stdout=subprocess.DEVNULL, timeout=60)
            subprocess.run([PYTHON, "-c", code, alone.name], env=env, check=True)
            self.assertEqual(done.returncode, 0)
            found = inside.read()
            self.assertEqual(found, alone.read())
            self.assertIn("/some/where http://127.0.0.1:9", found)


if __name__ == "__main__":
    unittest.main()
