# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A target whose cgroup uses up its CPU quota is throttled: the kernel's account of the cgroup says for how long."""

import unittest

from cpu_quota import PERIOD_US, Quota
from launch import Target
from ledgers import LedgerCase, watch
from needs import needs_bpf
from reports import sections

SHARE = 0.2
PERIOD_S = PERIOD_US / 1e6


@needs_bpf
class Throttled(LedgerCase):
    def run_throttled(self, *options):
        try:
            quota = Quota(SHARE)
        except OSError as error:
            raise unittest.SkipTest("no cgroups with a CPU quota here: %s" % error) from error
        with quota:
            with Target("causes", "cpu", hold=True) as target:
                quota.add(target.pid)
                before = quota.throttled_s()
                report, truth = watch(target, "--max-overhead", 100, *options)
                throttled_s = quota.throttled_s() - before
                target.end()
        return sections(report)["cpu"], truth, throttled_s, report

    def test_ledger_and_verdict(self):
        """The time that the group was throttled is not run-queue wait. Of the last period a part may be after the section."""
        section, truth, throttled_s, report = self.run_throttled()
        self.assertGreater(throttled_s, 0.5 * section["total_s"])
        self.near(section["wall"]["throttled_s"], throttled_s, throttled_s, 0.05, 2 * PERIOD_S, section["wall"])
        self.assertLess(section["wall"]["runqueue_s"], 0.5 * section["wall"]["throttled_s"])
        verdict = self.check_verdict(report, "cpu", "throttled")
        self.assertIn("quota", verdict["suggestion"])
        self.check_cpu(section, truth["accounts"]["cpu"])

    def test_functions(self):
        """The functions that were stopped have the time: the section's functions add up to it."""
        section, _, _, report = self.run_throttled("-F", 499)
        functions = [f for f in report["functions"] if f["section"] == "cpu"]
        self.near(sum(f["self_s"] for f in functions), section["total_s"], section["total_s"], 0.02, 0, "functions")
        unsampled = sum(f["self_s"] for f in functions if f["function"] == "(function not sampled)")
        self.assertLess(unsampled, 0.05 * section["total_s"])
