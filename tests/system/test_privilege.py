# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""With how few privileges the profiler works, how few it keeps, and which environment variables it ignores.

The oracles are the kernel's own account of a process in /proc/PID/status, and the targets' counts.
"""
import contextlib
import http.server
import json
import os
import shutil
import subprocess
import tempfile
import threading

from launch import run
from needs import EMULATED
from paths import BUILD, PROFILER, PYTHON
from privileges import USER, OTHER, DAC_READ_SEARCH, SYS_PTRACE, SYS_ADMIN, CHECKPOINT_RESTORE, NEEDED, SUDO, Privileges, bits, needs_three, status, with_caps
from reports import sections
from waiting import attached, wait_until


class Kept(Privileges):
    """The privileges that the profiler keeps once it is attached."""

    def test_root(self):
        """Profiler and target are root, and the target may read all files."""
        with self.target() as target, self.profiling(target) as process:
            self.check_confined(process, 0, bits(SYS_PTRACE, CHECKPOINT_RESTORE, DAC_READ_SEARCH))
            report = self.whole(process, target)
            if not EMULATED:    # the kernel measures for a quarter of a second at a time
                self.assertIsNotNone(report["overhead"]["ns_per_flush"])

    def test_sudo_for_ones_own(self):
        """Under sudo the profiler becomes the invoking user; that user's own files need no further capability."""
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
                self.assertIsNone(report["overhead"]["ns_per_flush"])       # BPF statistics need CAP_SYS_ADMIN

    @needs_three
    def test_markers_that_come_later(self):
        """The profiler is confined before the target has loaded the markers."""
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
        self.assertEqual(sections(report)["section"]["count"], 777)

    @staticmethod
    def clocks():
        """The processes that only switch BPF statistics on and off."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open("/proc/%s/comm" % pid) as comm:
                if comm.read() == "bpfprof-clock\n":
                    found.append(int(pid))
        return set(found)

    def test_the_clock(self):
        """The process that switches BPF statistics can do nothing else, and ends with the profiler, however that ends."""
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
                self.assertEqual(attached(target.pid), 0)

    def test_check_names_the_command(self):
        done = run("check")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn(b"setcap cap_bpf,cap_perfmon,cap_sys_ptrace", done.stdout)
        self.assertIn(os.fsencode(os.path.realpath(PROFILER)), done.stdout)

    @needs_three
    def test_the_command_it_names(self):
        """With the file capabilities that `check` names, a user without any can profile."""
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


class Environment(Privileges):
    """Environment variables that would make a root process open other files."""

    def test_debug_information_is_not_asked_for(self):
        """The profiler asks no debuginfo server, as root or under sudo."""
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
        """strace shows that no file is opened that the variables name."""
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
        """The command has its environment, credentials and capabilities unchanged, and no filter."""
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
