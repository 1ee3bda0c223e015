# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""512 MiB touched in known pieces by known sections (tests/targets/memory/memory.c).

The report is compared with the pieces, and with /proc/PID/smaps_rollup, which the target reads before and after each piece.
"""

from launch import Target, profile
from ledgers import LedgerCase, one_by_one
from needs import needs_bpf
from reports import sections

MIB = 1 << 20
PAGE = 4096
TOUCHED = 512 * MIB
SHARE = 0.01
SLACK = 64 << 10            # pages of the allocator and of page tables
KINDS = ("anon", "file", "shmem")
RARE_CALLS, RARE_USUAL = 1000, 2 * PAGE
STORM_FAULTS = 31           # the last faults of a section in a burst may count for the next section


@needs_bpf
class Pieces(LedgerCase):
    @classmethod
    def setUpClass(cls):
        with Target("memory", hold=True) as target:
            # Without samples, as one that interrupts the BPF program of a fault is lost. Without a budget, so that all
            # faults are observed.
            cls.report, cls.truth = profile(target, "-F", 0, "--max-overhead", 100)
        cls.sections = sections(cls.report)

    def own(self, name):
        """Growth within the section itself, without sections that it calls."""
        return self.sections[name]["self_memory"]

    def bytes_near(self, value, truth, what, of=None):
        """The value is within 1 % of the piece; the piece may be larger than the growth that is left of it."""
        self.near(value, truth, truth, 0, SHARE * (of or abs(truth)) + SLACK, what)

    def test_nothing_lost(self):
        self.check_lost(self.report)
        for name, times in self.truth["sections"].items():
            self.check_count(self.sections[name], times)

    @one_by_one
    def test_each_section_by_kind(self):
        for name, piece in self.truth["memory"].items():
            moved = piece["grown"] + piece["shrunk"]
            for kind in KINDS:
                self.bytes_near(self.own(name)[kind + "_delta_bytes"], piece[kind], "%s %s" % (name, kind), moved)
            self.bytes_near(self.own(name)["rss_delta_bytes"], sum(piece[kind] for kind in KINDS), name, moved)

    def test_the_kinds_add_up(self):
        for name in self.truth["memory"]:
            for memory in (self.own(name), self.sections[name]["memory"]):
                self.assertEqual(memory["rss_delta_bytes"], sum(memory[kind + "_delta_bytes"] for kind in KINDS), name)
                self.assertEqual(memory["rss_delta_bytes"], memory["grown_bytes"] - memory["shrunk_bytes"], name)

    @one_by_one
    def test_each_step_against_smaps(self):
        """Inclusive growth, since the section of the step is the outermost."""
        for name, change in self.truth["smaps"].items():
            if name == "all":
                continue
            memory, piece = self.sections[name]["memory"], self.truth["memory"][name]
            moved = piece["grown"] + piece["shrunk"]
            slack = SHARE * moved + 256 * 1024      # the clock reads of the account around the section
            self.near(memory["rss_delta_bytes"], change["rss"], change["rss"], SHARE, slack, name)
            self.near(memory["anon_delta_bytes"], change["anon"], change["anon"], SHARE, slack, name + " anon")
            self.near(memory["shmem_delta_bytes"], change["shmem"], change["shmem"], SHARE, slack, name + " shmem")

    @one_by_one
    def test_what_came_and_what_went(self):
        for name, piece in self.truth["memory"].items():
            for way in ("grown", "shrunk"):
                self.bytes_near(self.own(name)[way + "_bytes"], piece[way], "%s %s" % (name, way))

    @one_by_one
    def test_peaks(self):
        """The largest growth within one call, inner sections included."""
        for name, piece in self.truth["memory"].items():
            self.bytes_near(self.sections[name]["memory"]["peak_delta_bytes"], piece["peak"], name + " peak")

    def test_nested(self):
        """The growth of inner is part of outer's total, but not of its self growth."""
        outer, inner = self.sections["outer"], self.sections["inner"]
        self.bytes_near(outer["memory"]["rss_delta_bytes"], 96 * MIB, "outer")
        self.bytes_near(outer["self_memory"]["rss_delta_bytes"], 32 * MIB, "outer self")
        self.assertEqual(outer["memory"]["rss_delta_bytes"],
                         outer["self_memory"]["rss_delta_bytes"] + inner["memory"]["rss_delta_bytes"])

    @one_by_one
    def test_faults(self):
        for name, account in self.truth["accounts"].items():
            self.check_faults(self.sections[name]["memory"], account, name)

    def test_address_space(self):
        for name, mapped, unmapped in (("heap", 128, 0), ("inner", 64, 0), ("shared", 64, 0), ("file", 64, 0), ("given", 64, 0),
                                       ("taken", 0, 64), ("churn", 128, 128)):
            self.bytes_near(self.own(name)["mapped_bytes"], mapped * MIB, name + " mapped")
            self.bytes_near(self.own(name)["unmapped_bytes"], unmapped * MIB, name + " unmapped")

    def test_freed_on_another_thread(self):
        self.bytes_near(self.own("given")["anon_delta_bytes"], 64 * MIB, "given")
        self.bytes_near(self.own("taken")["anon_delta_bytes"], -64 * MIB, "taken")
        self.assertEqual(self.sections["taken"]["growth"]["calls"], 0)

    @one_by_one
    def test_one_call_in_a_thousand(self):
        growth, piece = self.sections["rare"]["growth"], self.truth["memory"]["rare"]
        self.assertIn(growth["calls"], range(RARE_CALLS - STORM_FAULTS, RARE_CALLS + 1))
        for key in ("p50_bytes", "p90_bytes", "p99_bytes"):
            self.near(growth[key], RARE_USUAL, RARE_USUAL, 0.1, 0, "rare " + key)
        self.near(growth["max_bytes"], piece["peak"], piece["peak"], 0.1, 0, "rare max")
        faults = self.sections["rare"]["faults"]
        self.near(faults["p50"], *[RARE_USUAL / PAGE] * 2, 0.1, 0, "rare faults p50")
        self.near(faults["max"], *[piece["peak"] / PAGE] * 2, 0.1, 0, "rare faults max")

    def test_distributions_hold_every_call(self):
        for name in self.truth["memory"]:
            for spread in (self.sections[name]["growth"], self.sections[name]["faults"]):
                histogram = spread["histogram"]
                counted = sum(count for _, count in histogram["buckets"])
                self.assertIn(spread["calls"], (counted, counted + histogram["zero_count"]), name)

    def test_huge_pages(self):
        """A fault of a huge page brings 512 pages, and they count as such."""
        huge = self.truth["smaps"]["huge"]["huge"]
        if huge < 32 * MIB:
            self.skipTest("the kernel gave huge pages for %d of 64 MiB" % (huge >> 20))
        self.bytes_near(self.own("huge")["anon_delta_bytes"], 64 * MIB, "huge")
        self.assertLess(self.own("huge")["minor_faults"], 64 * MIB / PAGE / 2)

    def test_wall_ledgers_close(self):
        """The wall ledger of the same sections closes, too."""
        for name, account in self.truth["accounts"].items():
            self.check_cpu(self.sections[name], account)
        self.check_closes(self.report)


@needs_bpf
class Sum(LedgerCase):
    """The parts of the process's growth, compared with its RSS at both ends and with smaps."""

    @classmethod
    def setUpClass(cls):
        with Target("memory", hold=True) as target:
            cls.report, cls.truth = profile(target, "--max-overhead", 100)
        cls.memory = cls.report["memory"]

    def change(self):
        return self.memory["rss_end_bytes"] - self.memory["rss_start_bytes"]

    def test_the_parts_are_the_whole(self):
        parts = ("sections_bytes", "outside_bytes", "others_bytes", "unexplained_bytes")
        self.assertEqual(sum(self.memory[part] for part in parts), self.change())

    def test_little_is_unexplained(self):
        self.near(self.memory["unexplained_bytes"], 0, 0, 0, SHARE * TOUCHED, "unexplained")

    def test_sections_are_the_sum_of_sections(self):
        found = [s for s in self.report["sections"] if s["name"] != "(outside)"]
        self.assertEqual(self.memory["sections_bytes"], sum(s["self_memory"]["rss_delta_bytes"] for s in found))
        self.assertEqual(self.memory["outside_bytes"], self.report["sections"][-1]["self_memory"]["rss_delta_bytes"])

    def test_against_smaps(self):
        change = self.truth["smaps"]["all"]["rss"]
        self.near(self.change(), change, change, 0, SHARE * TOUCHED, "RSS")
        explained = self.memory["sections_bytes"] + self.memory["outside_bytes"]
        self.near(explained, change, change, 0, SHARE * TOUCHED, "sections and outside")

    def test_peak(self):
        """At the end, the growth of the process is all pieces but `given`, which was freed."""
        self.near(self.memory["rss_peak_bytes"] - self.memory["rss_start_bytes"], *[TOUCHED] * 2, SHARE, MIB, "peak")
