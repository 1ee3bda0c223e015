# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""A wait for a CPU belongs to the function that waited before it, or that was preempted (tests/targets/python/naps.py)."""

from launch import Target
from ledgers import LedgerCase, watch
from needs import needs_bpf
from reports import sections


@needs_bpf
class WakeupLatency(LedgerCase):
    @classmethod
    def setUpClass(cls):
        with Target("naps.py", hold=True) as target:
            cls.report, cls.truth = watch(target, "-F", 499, "--max-overhead", 100)

    def functions(self, section):
        return {f["function"]: f for f in self.report["functions"] if f["section"] == section}

    def check_function(self, section, function):
        """The function has its part of the section, by its own clock. On a busy machine most of it is a wait for the CPU."""
        total_s = sections(self.report)[section]["total_s"]
        share = self.truth["functions"][function] / self.truth["sections"][section]
        found = self.functions(section)
        self.assertIn(function, found)
        self.near(found[function]["cumulative_s"] / total_s, share, share, 0, 0.05, sorted(found))
        self.near(sum(f["self_s"] for f in found.values()), total_s, total_s, 0.02, 0, "functions of " + section)

    def test_sleeper(self):
        self.assertGreater(sections(self.report)["nap"]["wall"]["runqueue_s"], 0)
        self.check_function("nap", "doze")

    def test_preempted(self):
        self.check_function("work", "crunch")
