# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Runs the profiler as a user, with some capabilities, or as root for a user as sudo does.

The user IDs belong to nobody in particular. SUDO_UID names the user for whom root runs the command.
"""
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import unittest

from launch import Target
from needs import kernel_at_least, needs_bpf
from paths import BUILD, PROFILER, target_program
from reports import sections
from waiting import wait_until

USER, OTHER = 4242, 4343
DAC_READ_SEARCH, SYS_PTRACE, SYS_ADMIN, PERFMON, BPF, CHECKPOINT_RESTORE = 2, 19, 21, 38, 39, 40
NEEDED = ("bpf", "perfmon", "sys_ptrace")
LINKS = kernel_at_least(6, 12)      # from 6.12 on probes need no capability of their own
SUDO = dict(os.environ, SUDO_UID=str(USER), SUDO_GID=str(USER))


def why_not_three():
    """Why the three capabilities are not sufficient here; None if they are."""
    with open("/proc/sys/kernel/perf_event_paranoid") as f:
        if int(f.read()) > 2:
            return "kernel.perf_event_paranoid is above 2, where Debian's kernels want CAP_SYS_ADMIN"
    return None if LINKS else "before Linux 6.12 probes may want CAP_SYS_ADMIN"


needs_three = unittest.skipIf(why_not_three(), why_not_three())


def bits(*caps):
    return sum(1 << c for c in caps)


def status(pid):
    """The fields of /proc/PID/status about privileges, as numbers or lists of numbers."""
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
    """The words before a command that run it as that user, with these capabilities and no others."""
    listed = ",".join(["-all"] + ["+" + c for c in caps])
    return ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups", "--inh-caps", listed,
            "--ambient-caps", listed, "--bounding-set", listed]


def copy_programs(case):
    """Copies the programs to a folder that every user may enter, until the test's end. Returns the folder."""
    folder = tempfile.mkdtemp(prefix="dcbs-test-")
    case.addCleanup(shutil.rmtree, folder, True)
    os.chmod(folder, 0o755)
    for f in PROFILER, target_program("sections"), os.path.join(BUILD, "libdcbs-markers.so.1"):
        shutil.copy(f, folder)
    return folder


@needs_bpf
class Privileges(unittest.TestCase):
    def setUp(self):
        self.dir = copy_programs(self)
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
        """Starts the profiler, waits until it is attached and confined, and yields the process."""
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
        """Lets the target work; checks that the report is complete and has the target's counts. Returns it."""
        target.go()
        truth = target.result()
        target.line()
        target.end()
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        report = json.loads(out)
        found = sections(report)
        for name, t in truth["sections"].items():
            self.assertEqual(found[name]["count"], t["count"], name)
            self.assertIsNotNone(found[name]["wall"]["cpu_s"], name)
            self.assertIsNotNone(found[name]["memory"]["rss_delta_bytes"], name)
        self.assertGreater(len(report["functions"]), 0)
        self.assertEqual(report["lost"]["sections"], 0)
        return report

    def check_confined(self, process, uid, caps, root=True):
        """Checks what the profiler keeps. Only root can empty the bounding set; for others no_new_privs has the same effect."""
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
