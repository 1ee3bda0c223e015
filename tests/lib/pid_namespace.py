# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""PID namespaces in which a test runs targets and profilers."""
import os
import shutil
import subprocess

from waiting import child_of, wait_until


def pids_of(pid):
    """The numbers of a process or thread: in our PID namespace, then in each namespace below that in which it lives."""
    with open("/proc/%d/status" % pid) as status:
        return [int(n) for n in next(line for line in status if line.startswith("NSpid:")).split()[1:]]


class PidNamespace:
    """A PID namespace below ours, or below `above`, with a /proc of its own. A command behind `enter` runs as a child in it."""

    def __init__(self, above=None):
        before = above.enter if above else []
        self.level = above.level + 1 if above else 1
        self.process = subprocess.Popen([*before, "unshare", "--pid", "--fork", "--mount-proc", "sleep", "600"],
                                        stderr=subprocess.DEVNULL)
        self.init = self.process.pid
        for _ in range(2 if above else 1):
            self.init = child_of(self.init)
        wait_until(lambda: self.runs_sleep(), what="command in the namespace")
        self.enter = [shutil.which("nsenter"), "--target", str(self.init), "--pid", "--mount"]

    def runs_sleep(self):
        with open("/proc/%d/comm" % self.init) as comm:
            return comm.read() == "sleep\n"

    def pid(self, pid):
        """The number in this namespace of a process that has the number `pid` in ours."""
        return pids_of(pid)[self.level]

    def close(self):
        os.kill(self.init, 9)
        self.process.wait()
