# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Each kind of wait has the right cause: kinds and causes are in the table of tests/targets/causes/awaited.c."""

from ledgers import LedgerCase, blocked_s, urgent, watch
from needs import needs_bpf
from reports import sections

PARTS = ("pipe_s", "child_s")


@needs_bpf
class Awaited(LedgerCase):
    @classmethod
    def setUpClass(cls):
        with urgent("awaited", hold=True) as target:
            cls.report, cls.truth = watch(target, "-F", 0, "--max-overhead", 100)

    def entry(self, section, cause):
        return section["wall_parts" if cause in PARTS else "wall"][cause]

    def test_every_kind(self):
        """By the thread's own clocks the time is known in which it was blocked: all of it has the right cause."""
        self.check_lost(self.report)
        for name, times in self.truth["sections"].items():
            with self.subTest(name):
                section, account = sections(self.report)[name], self.truth["accounts"][name]
                blocked = blocked_s(times, account)
                self.check_count(section, times)
                self.assertGreater(blocked, 0.5 * times["total_ns"] / 1e9)
                if name in self.truth["causes"]:
                    self.near(self.entry(section, self.truth["causes"][name]), blocked, blocked, 0.05, 0.01, section["wall"])

    def test_a_worker_of_the_kernel(self):
        """io_uring's worker has a copy of its creator's thread pointer, and no section of its own."""
        workers = [t for t in self.report["threads"] if t["name"].startswith("iou-wrk")]
        for worker in workers:
            self.assertLess(worker["wall"]["disk_s"], 0.1 * worker["wall_s"], worker["wall"])
        if not workers:
            self.skipTest("no worker of io_uring here")

    def test_all_kinds_ran(self):
        """Where io_uring or making a device is refused, those kinds are missing, and no others."""
        missing = set(self.truth["causes"]) - set(self.truth["sections"])
        self.assertTrue(all(name.startswith(("ring_", "device_")) for name in missing), missing)
        if missing:
            self.skipTest("io_uring or devices are refused here")
