# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The time outside of sections, by process and role: each is what the threads' own clocks say."""
import unittest

from launch import Profiler, Target
from needs import needs_bpf
from reports import sections

SLACK_S = 0.03      # a thread lives a little longer than its own clock can see


@needs_bpf
class Roles(unittest.TestCase):
    def profile(self, *arguments, children=False, until_exit=True):
        """Fills in the rows of the report by role, and the truth."""
        with Target("roles.py", *arguments, hold=not until_exit) as target:
            with Profiler("-p", target.pid, *["-c"] * children, wait_for=target.pid) as profiler:
                target.go()
                self.truth = target.result()
                if until_exit:
                    target.end()
                else:
                    profiler.stop()
                report = profiler.report()
        self.rows = {row["role"]: row for row in report["outside"]}
        self.assertEqual(len(self.rows), len(report["outside"]), report["outside"])
        self.total_s, self.window_s = sections(report)["(outside)"]["total_s"], report["window"]["duration_s"]
        self.check_sums()

    def check_sums(self):
        self.assertAlmostEqual(sum(row["total_s"] for row in self.rows.values()), self.total_s, delta=0.005)
        for role, row in self.rows.items():
            self.assertLessEqual(row["wall_s"], self.window_s * row["threads"] + 0.001, role)
            self.assertLessEqual(row["total_s"], row["wall_s"] + 0.001, role)
            parts = sum(s for cause, s in row["wall"].items() if cause != "worker_cpu_s")
            self.assertAlmostEqual(parts, row["total_s"], delta=0.001, msg=role)

    def check_role(self, role, lived_s=None):
        row, truth = self.rows[role], self.truth[role]
        lived_s = truth["lived_s"] if lived_s is None else lived_s
        self.assertEqual(row["threads"], 1, role)
        self.assertAlmostEqual(row["wall_s"], lived_s, delta=SLACK_S + 0.05 * lived_s, msg=role)
        self.assertAlmostEqual(row["total_s"], row["wall_s"] - truth["sections_s"],
                               delta=0.005 + (row["total_s_error"] or 0), msg=role)

    def check_exact(self, *roles):
        self.assertEqual({role: row["total_s_error"] for role, row in self.rows.items()}, {role: None for role in roles})
        self.check_role("pool")
        self.check_role("main", self.window_s)

    def test_pool(self):
        """Only the main thread has sections, so all is exact; the kernel's account of the main thread outlives it."""
        self.profile()
        self.check_exact("main", "pool")

    def test_live(self):
        """The threads that the report names are alive or have ended, as the window closes."""
        self.profile(until_exit=False)
        self.check_exact("main", "pool")

    def test_two_roles_with_sections(self):
        """The running time of two roles in their sections is known together: each has an error, and the truth lies within it."""
        self.profile("sections")
        self.assertIsNone(self.rows["pool"]["total_s_error"])
        for role in "main", "sections":
            self.assertGreater(self.rows[role]["total_s_error"], 0, role)
        self.check_role("pool")
        self.check_role("sections")
        self.check_role("main", self.window_s)

    def test_helper(self):
        """A child without sections is a helper while it is known by its PID, or one of the children that have ended."""
        self.profile(children=True)
        role = "helper" if "helper" in self.rows else "ended"
        self.check_exact("main", "pool", role)
        self.assertEqual(self.rows[role]["pid"], self.truth["helper_pid"] if role == "helper" else None)
        self.truth[role] = self.truth["helper"]
        self.check_role(role)
