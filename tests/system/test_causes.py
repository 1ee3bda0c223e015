# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Programs with one planted bottleneck each, and programs without any, or without markers.

The verdict on the section names the bottleneck, and the section's ledger agrees with the kernel's own account of it.
"""

from ledgers import SHARE, TICK_S, LedgerCase, blocked_s, one_by_one, spent, urgent, watch
from needs import needs_bpf
from paths import BUILD
from reports import sections

MIB = 1 << 20
LEAK_BYTES = 256 << 10          # by each call of tests/targets/causes/causes.c
CHUNK_BYTES = 4 * MIB
KERNEL_TICKS_HZ = 100       # at least
# Sections with this much time get a verdict. On a fast machine, targets that touch memory take less than a second.
THRESHOLD_S = 0.5


@needs_bpf
class Planted(LedgerCase):
    """One test for each of the 14 bottlenecks, and for a program without any."""

    budget = 100        # high enough that nothing is estimated
    options = ()

    def run_target(self, *command, **options):
        with urgent(*command, hold=True, **options) as target:
            self.report, truth = watch(target, "-t", THRESHOLD_S, "--max-overhead", self.budget, *self.options)
        self.check_lost(self.report)
        return truth

    def planted(self, name, *command, **options):
        """Runs the target and compares the section's ledger with its account. Returns (section, its times, its account)."""
        truth = self.run_target(*(command or ("causes", name)), **options)
        section = sections(self.report)[name]
        times, account = truth["sections"][name], truth["accounts"][name]
        self.check_count(section, times)
        self.check_total(section, times["total_ns"], times["around"]["total_ns"])
        self.check_closes(self.report)
        self.check_cpu(section, account)
        self.check_runqueue(section, account)
        return section, times, account

    def blocking(self, name, cause, entry):
        """A section that is blocked for most of its time, always for the same cause."""
        section, times, account = self.planted(name)
        self.check_blocked(section, times, account, entry)
        return self.check_verdict(self.report, name, cause)

    def on_disk(self, name, cause, entry):
        """As blocking(), if the disk is slow enough to have an effect."""
        section, times, account = self.planted(name)
        self.check_blocked(section, times, account, entry)
        self.check_faults(section["memory"], account, name)
        if blocked_s(times, account) < 0.5 * section["total_s"]:
            self.skipTest("the disk hardly blocks here: %.2f s of %.2f s" % (blocked_s(times, account), section["total_s"]))
        return self.check_verdict(self.report, name, cause)

    def test_cpu(self):
        section, _, _ = self.planted("cpu")
        self.check_verdict(self.report, "cpu", "cpu")
        self.assertEqual(section["wall"]["worker_cpu_s"], 0)

    def test_runqueue(self):
        """Four threads share a CPU: three quarters of the time is run-queue wait."""
        section, _, _ = self.planted("runqueue")
        self.near(section["wall"]["runqueue_s"], 0.6 * section["total_s"], section["total_s"], 0, 0, "run queue")
        self.check_verdict(self.report, "runqueue", "runqueue")

    def test_gil(self):
        section, times, account = self.planted("gil", "gil.py")
        blocked = blocked_s(times, account)
        self.near(section["wall"]["gil_s"], blocked, blocked, SHARE, 0.02, "GIL")
        self.assertLessEqual(section["wall"]["lock_s"], 0.02 * section["total_s"])
        if blocked < 0.5 * section["total_s"]:
            self.skipTest("the other thread hardly holds the GIL here: %.2f s of %.2f s" % (blocked, section["total_s"]))
        self.check_verdict(self.report, "gil", "gil")

    def test_lock(self):
        self.blocking("lock", "lock", "lock_s")

    # Without samples: to name them the profiler reads files, and may wait for the same disk until the ring of samples is full.
    def test_disk(self):
        self.options = ("-F", 0)
        self.on_disk("disk", "disk", "disk_s")

    def test_fsync(self):
        self.options = ("-F", 0)
        verdict = self.on_disk("fsync", "disk", "disk_s")
        self.assertIn("sync", verdict["evidence"])

    def test_socket(self):
        self.blocking("socket", "network", "network_s")

    def test_pipe(self):
        verdict = self.blocking("pipe", "other", "other_s")
        self.assertIn("pipe", verdict["evidence"])

    def test_sleep(self):
        self.blocking("sleep", "sleep", "sleep_s")

    def test_major_fault(self):
        self.on_disk("majorfault", "fault", "fault_s")

    def test_growth(self):
        section, times, account = self.planted("growth")
        self.near(section["memory"]["anon_delta_bytes"], *[account["bytes"]] * 2, 0.01, 0, "growth")
        self.near(section["growth"]["p50_bytes"], *[account["bytes"] / times["count"]] * 2, 0.1, 0, "growth of a call")
        self.check_fault_cpu(section, account)
        self.check_verdict(self.report, "growth", "memory-growth")

    def check_fault_cpu(self, section, account):
        """The target is in the kernel for page faults alone. The kernel tells user and system time apart at its ticks."""
        kernels_error_s = (account["cpu_ns"] / 1e9 / KERNEL_TICKS_HZ) ** 0.5 / 2
        slack_s = TICK_S + 4 * (kernels_error_s + section["fault_cpu_error_s"])
        self.near(section["fault_cpu_s"], *[account["system_ns"] / 1e9] * 2, 0, slack_s, "CPU time in faults")

    def test_no_fault(self):
        section, _, _ = self.planted("cpu")
        self.near(section["fault_cpu_s"], 0, 0, 0, 4 * section["fault_cpu_error_s"], "CPU time in faults")

    @one_by_one
    def test_leak(self):
        """The section computes all the time and leaks in every call: the leak comes first."""
        section, times, _ = self.planted("leak")
        self.near(section["memory"]["anon_delta_bytes"], *[times["count"] * LEAK_BYTES] * 2, 0.05, MIB, "leak")
        self.assertEqual(section["growth"]["calls"], times["count"])
        self.near(section["growth"]["p50_bytes"], *[LEAK_BYTES] * 2, 0.1, 4096, "leak of a call")
        self.check_verdict(self.report, "leak", "memory-growth")

    @one_by_one
    def test_churn(self):
        section, _, account = self.planted("churn")
        memory, touched = section["memory"], account["bytes"]
        for key in ("grown_bytes", "shrunk_bytes", "mapped_bytes", "unmapped_bytes"):
            self.near(memory[key], touched, touched, 0.01, 0, "churn " + key)
        self.near(memory["rss_delta_bytes"], 0, 0, 0, 0.01 * touched, "churn")
        self.near(memory["peak_delta_bytes"], *[CHUNK_BYTES] * 2, 0.02, 0, "churn peak")
        self.check_verdict(self.report, "churn", "memory-churn")

    @one_by_one
    def test_memory_within_a_budget(self):
        """Churn is reported even though most changes of RSS are not observed. A leak is not: its growth is an estimate then."""
        self.budget = 0.1
        for name in ("leak", "churn"):
            with self.subTest(name):
                self.run_target("causes", name)
                self.assertTrue(any("faults" in line for line in self.report["overhead"]["reduced"]), self.report["overhead"])
                if name == "churn":
                    self.check_verdict(self.report, name, "memory-churn")
                self.assertNotIn("memory-growth", {b["cause"] for b in self.report["bottlenecks"]})

    def test_idle_pool(self):
        """Threads that wait for work are no bottleneck, and no part of (outside)."""
        self.planted("idlepool")
        self.check_verdict(self.report, "idlepool", "cpu")
        self.assertNotIn("lock", {b["cause"] for b in self.report["bottlenecks"]})
        self.assertGreaterEqual(sum(t["idle"] for t in self.report["threads"]), 8)
        outside = self.report["sections"][-1]
        self.assertLessEqual(outside["total_s"], self.report["window"]["duration_s"] * (1 + SHARE))

    def test_healthy(self):
        self.planted("healthy")
        self.assertEqual(self.report["bottlenecks"], [])


@needs_bpf
class Unmarked(LedgerCase):
    """A program without markers that was already running: the report has (outside) alone, with the cause."""

    def unmarked(self, work, cause):
        with urgent("unmarked.py", work, hold=True, wait=False,
                    env={"DCBS_TARGET_DIR": BUILD}) as target:
            if not target.process.stdout.readline().startswith("ready"):
                self.skipTest("%s has no direct reads" % BUILD)
            report, truth = watch(target, "-t", THRESHOLD_S, marked=False)
        self.assertEqual([s["name"] for s in report["sections"]], ["(outside)"])
        outside = report["sections"][0]
        self.assertIsNone(outside["count"])
        self.check_closes(report)
        self.near(outside["total_s"], truth["wall_ns"] / 1e9, report["window"]["duration_s"], SHARE, 0.02, "(outside)")
        return report, outside, truth

    def check_threads(self, report, truth):
        """The main thread has the CPU time; the other thread waits all the time and is idle."""
        threads = {t["tid"]: t for t in report["threads"]}
        main = threads[truth["pid"]]
        self.assertFalse(main["sections"])
        self.assertFalse(main["idle"])
        self.near(main["wall"]["cpu_s"], truth["cpu_ns"] / 1e9, truth["cpu_ns"] / 1e9, SHARE, 3 * TICK_S, "main thread")
        self.assertTrue(any(t["idle"] for tid, t in threads.items() if tid != truth["pid"]))

    def test_cpu(self):
        report, outside, truth = self.unmarked("cpu", "cpu")
        self.check_threads(report, truth)
        self.near(outside["wall"]["cpu_s"], *[truth["cpu_ns"] / 1e9] * 2, SHARE, 3 * TICK_S, "(outside) CPU time")
        self.check_verdict(report, "(outside)", "cpu")

    def test_disk(self):
        report, outside, truth = self.unmarked("disk", "disk")
        self.check_threads(report, truth)
        waited = (truth["wall_ns"] - truth["cpu_ns"]) / 1e9
        self.assertLessEqual(outside["wall"]["disk_s"], waited * (1 + SHARE) + 0.02)
        if waited < 0.5 * truth["wall_ns"] / 1e9:
            self.skipTest("the disk hardly blocks here: %.2f s of %.2f s" % (waited, spent(outside["wall"])))
        self.check_verdict(report, "(outside)", "disk")
