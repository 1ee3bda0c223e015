# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Messages of the kernel that say that something is wrong with it."""
import re
import subprocess

ALARMS = re.compile(r"BUG|WARNING:|Oops|general protection|Call Trace|unable to handle|soft lockup|hung task", re.I)


def kernel_log():
    """The lines of the kernel's log; None if it cannot be read."""
    done = subprocess.run(["dmesg"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace")
    return done.stdout.splitlines() if done.returncode == 0 else None


def alarms_since(log):
    """The alarms that are not in an earlier log."""
    return [line for line in kernel_log() if line not in set(log) and ALARMS.search(line)]
