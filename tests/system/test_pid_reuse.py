#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The PID of a target that has ended belongs to another process; and whose child the profiler's helper is.

The oracle for the first is the size of the other process, which is hundreds of times that of the targets. The oracle for the
second is what wait() returns to PID 1 of a container.
"""
import contextlib
import os
import subprocess
import sys
import time
import unittest

from launch import Profiler, Target
from needs import needs_bpf
from paths import PROFILER, target_program
from reports import sections
from waiting import wait_until

LAST_PID = "/proc/sys/kernel/ns_last_pid"
BIG = 200 << 20


def take_pid(wanted):
    """A big process with this PID; its PID again, or None."""
    for _ in range(300):
        with open(LAST_PID, "w") as f:
            f.write(str(wanted - 1))
        pid = os.fork()
        if not pid:
            if os.getpid() == wanted:
                memory = bytearray(BIG)
                memory[::4096] = b"x" * len(memory[::4096])
                time.sleep(60)
            os._exit(0)
        if pid == wanted:
            return pid
        os.waitpid(pid, 0)
    return None


@needs_bpf
class Reused(unittest.TestCase):
    @unittest.skipUnless(os.access(LAST_PID, os.W_OK), "PIDs cannot be chosen here")
    def test_another_process_is_not_the_target(self):
        with Target("sections", "--iterations", "20", hold=True) as first, Target("sections", "--iterations", "20", hold=True) as second:
            profiler = Profiler("-p", first.pid, "-p", second.pid, "-F", "99", wait_for=second.pid)
            first.process.kill()
            first.process.wait()
            time.sleep(0.5)
            other = take_pid(first.pid)
            if not other:
                profiler.stop()
                profiler.report()
                self.skipTest("the PID was not free")
            try:
                time.sleep(1.5)     # some looks of the profiler at its targets
                second.go()
                truth = second.result()
                profiler.stop()
                report = profiler.report()
            finally:
                os.kill(other, 9)
                os.waitpid(other, 0)
        self.assertLess(report["memory"]["rss_peak_bytes"], BIG / 2)
        self.assertLess(report["memory"]["rss_end_bytes"], BIG / 2)
        found = sections(report)
        for name, section in truth["sections"].items():
            self.assertEqual(found[name]["count"], section["count"], name)


INIT = """
import os, subprocess, sys, time
target = subprocess.Popen([sys.argv[2], "--iterations", "20"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
target.stdout.readline()
own, strangers = {target.pid}, 0
profiler = subprocess.Popen([sys.argv[1], "-q", "-f", "json", "-p", str(target.pid), "-d", "0.3"], stdout=subprocess.DEVNULL)
own.add(profiler.pid)
end_at = time.time() + 2
while time.time() < end_at:
    pid, status = os.waitpid(-1, os.WNOHANG) if own else (0, 0)
    strangers += pid > 0 and pid not in own
    time.sleep(0.01)
print(os.getpid(), strangers)
target.kill()
"""


@needs_bpf
class Reaped(unittest.TestCase):
    def test_first_process_of_a_container_gets_no_strange_child(self):
        if subprocess.run(["unshare", "-m", "-p", "-f", "--mount-proc", "true"], stderr=subprocess.DEVNULL).returncode:
            self.skipTest("unshare is not permitted here")
        done = subprocess.run(["unshare", "-m", "-p", "-f", "--mount-proc", sys.executable, "-c", INIT, PROFILER, target_program("sections")],
                              stdout=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.stdout, "1 0\n")

    def test_helper_is_a_child_that_ends_with_the_profiler(self):
        def helpers(profiler):
            found = []
            for pid in filter(str.isdigit, os.listdir("/proc")):
                with contextlib.suppress(OSError), open("/proc/%s/stat" % pid) as f:
                    name, rest = f.read().split("(", 1)[1].rsplit(")", 1)
                    if name.startswith("bpfprof-") and int(rest.split()[1]) == profiler:
                        found.append(int(pid))
            return found
        with Target("sections", "--iterations", "20", hold=True) as target:
            profiler = Profiler("-p", target.pid, wait_for=target.pid)
            ours = helpers(profiler.pid)
            self.assertGreaterEqual(len(ours), 1)
            profiler.process.kill()
            profiler.process.communicate()
            wait_until(lambda: not any(os.path.exists("/proc/%d" % pid) for pid in ours), what="end of the helpers")


if __name__ == "__main__":
    unittest.main()
