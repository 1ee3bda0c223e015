# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Where the tasks of asyncio are suspended: tests/targets/python/suspended.py knows its own. Only CPython 3.14 tells."""
import os
import unittest

from interpreters import interpreter
from launch import Target
from ledgers import LedgerCase, watch
from needs import needs_bpf
from paths import target_source

TASKS = {"sleeps": 70, "locked": 40, "chained": 9}
INNER = {"sleeps": "sleep", "locked": "Semaphore.acquire", "chained": "chained"}


@needs_bpf
class Awaiting(LedgerCase):
    def suspended(self, python, *args):
        with Target(python, target_source("suspended.py"), *args) as target:
            return watch(target, "--max-overhead", 100)

    def check_places(self, report, truth):
        awaiting = report["awaiting"]
        self.assertGreater(awaiting["looks"], 0)
        self.assertEqual((awaiting["others"], awaiting["more"]), (0, False))
        places = {place["function"]: place for place in awaiting["places"]}
        for name, count in TASKS.items():
            place = places[name]
            self.assertEqual(os.path.basename(place["file"]), "suspended.py")
            self.assertEqual((place["line"], place["inner"]["function"]), (truth[name], INNER[name]), name)
            self.assertEqual(place["tasks"], {"mean": count, "max": count}, name)

    def newest(self):
        python = interpreter(14)
        if not python:
            self.skipTest("no CPython 3.14")
        return python

    def test_tasks_that_stay(self):
        report, truth = self.suspended(self.newest())
        self.check_places(report, truth)
        self.assertEqual(report["awaiting"]["places"][0]["function"], "sleeps")

    def test_beside_tasks_that_come_and_go(self):
        """Lists that change while they are read are read again, so that no task is missed or counted twice."""
        self.check_places(*self.suspended(self.newest(), "--churn"))


if __name__ == "__main__":
    unittest.main()
