# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The ledger of a thread against the kernel's own account of it, however the kernel reports its switches."""
from launch import Target
from ledgers import LedgerCase, watch
from needs import needs_bpf
from reports import sections

TICK_S = 0.01           # /proc/stat counts in ticks of this length, for each CPU
SHARE = 0.002           # of a thread's CPU time


def steal_s():
    """The time that a hypervisor has taken from all CPUs since the boot."""
    with open("/proc/stat") as stat:
        return sum(int(line.split()[8]) * TICK_S for line in stat if line.startswith("cpu") and line[3].isdigit())


@needs_bpf
class KernelAccount(LedgerCase):
    def run_target(self, name):
        before = steal_s()
        with Target("causes", name, hold=True) as target:
            report, _ = watch(target, "--max-overhead", 100)
            target.end()
        self.check_lost(report)
        self.check_closes(report)
        return report, steal_s() - before

    def test_many_waits(self):
        """Ten thousand waits a second, some of which end by a switch that the kernel does not report."""
        report, _ = self.run_target("fsync")
        for thread in report["threads"]:
            self.assertAlmostEqual(thread["wall"]["cpu_s"], thread["kernel_cpu_s"], delta=SHARE * thread["kernel_cpu_s"] + 0.001)

    def test_steal(self):
        """No more was stolen from the target than from the machine; nothing, if the kernel does not know of it."""
        report, stolen_s = self.run_target("cpu")
        wall = sections(report)["cpu"]["wall"]
        self.assertGreaterEqual(wall["steal_s"], 0)
        self.assertLessEqual(wall["steal_s"], stolen_s + 4 * TICK_S if steal_s() else 0)
