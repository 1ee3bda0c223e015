# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The host in a session is the one that the kernel describes."""
import json
import os
import re

from bad_input import BadInput
from cpu_quota import Quota
from launch import Profiler, Target, run
from needs import needs_bpf
from saved_sessions import save


@needs_bpf
class Host(BadInput):
    def session(self, target):
        with Profiler("-p", target.pid, "-d", "0.1", wait_for=target.pid) as profiler:
            return profiler.report()

    def test_machine(self):
        with Target("spin") as target:
            report = self.session(target)
        host, names = report["host"], os.uname()
        self.assertEqual((host["name"], host["kernel"], host["cpus"]), (names.nodename, names.release, os.sysconf("SC_NPROCESSORS_ONLN")))
        with open("/proc/cpuinfo") as cpuinfo:
            models = re.findall(r"^model name\s*: (.*)", cpuinfo.read(), re.M)
        self.assertEqual(host["cpu"], models[0] if models else None)
        self.assertEqual(host["versions"]["dcbs-bpfprof"], report["version"])
        self.assertIn(host["versions"]["dcbs-bpfprof"], run("-V").stdout.decode())

    def test_cpu_quota(self):
        """The quota of the target's cgroup, not that of the profiler's."""
        try:
            quota = Quota(0.75)
        except OSError as error:
            self.skipTest("no cgroups with a CPU quota here: %s" % error)
        with quota, Target("spin") as target:
            quota.add(target.pid)
            limit = self.session(target)["host"]["cgroup"]["cpu_limit"]
            target.process.kill()
            target.process.wait()
        self.assertAlmostEqual(limit, 0.75)

    def test_saved(self):
        """A saved session keeps its host; one of an older version has none, and is shown all the same."""
        with Target("spin") as target:
            report = self.session(target)
        path = save(self.path("new.json"), report)
        self.assertEqual(json.loads(run("report", path, "-f", "json").stdout)["host"], report["host"])
        del report["host"]
        older = json.loads(run("report", save(self.path("old.json"), report), "-f", "json").stdout)["host"]
        self.assertEqual((older["name"], older["cpus"], older["cgroup"]["cpu_limit"]), (None, None, None))
