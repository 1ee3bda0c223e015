# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A cgroup with a CPU quota, of version 1 or 2, for tests that run as root."""
import contextlib
import os

PERIOD_US = 100000
V1, V2 = "/sys/fs/cgroup/cpu", "/sys/fs/cgroup"


def write(path, text):
    with open(path, "w") as f:
        f.write(text)


class Quota:
    """A group whose processes have `share` of one CPU. Raises OSError where there are no such groups."""

    def __init__(self, share):
        self.v2 = not os.path.exists(os.path.join(V1, "cpu.cfs_quota_us"))
        self.path = os.path.join(V2 if self.v2 else V1, "bpfprof-test-%d" % os.getpid())
        os.mkdir(self.path)
        try:
            self.limit(int(share * PERIOD_US))
        except OSError:
            self.remove()
            raise

    def limit(self, quota_us):
        if self.v2:
            write(os.path.join(self.path, "cpu.max"), "%d %d" % (quota_us, PERIOD_US))
        else:
            write(os.path.join(self.path, "cpu.cfs_period_us"), str(PERIOD_US))
            write(os.path.join(self.path, "cpu.cfs_quota_us"), str(quota_us))

    def add(self, pid):
        write(os.path.join(self.path, "cgroup.procs"), str(pid))

    def throttled_s(self):
        """The time in which the group was throttled, added up over the CPUs where it had threads."""
        with open(os.path.join(self.path, "cpu.stat")) as f:
            stat = dict(line.split() for line in f)
        return int(stat["throttled_usec"]) / 1e6 if self.v2 else int(stat["throttled_time"]) / 1e9

    def remove(self):
        with contextlib.suppress(OSError):
            os.rmdir(self.path)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.remove()
