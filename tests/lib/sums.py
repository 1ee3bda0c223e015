# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Holds every figure of a JSON document against the whole that it is a part of, without a look at how the profiler does that."""
import collections

SLACK_SHARE, SLACK_S = 0.02, 0.01       # counters are read while the target runs, one after the other
ACCOUNTS_SHARE, ACCOUNTS_S = 0.05, 0.05     # between the ledger of the CPU time and the kernel's account of it
SWITCH_S = 2e-6                         # the scheduler counts a slice from another moment than the one at which programs see it
SIGNED = ("delta_bytes", "residue_s", "ledger_cpu_s")
SIGNED_KEYS = {"late_growth_bytes", "sections_bytes", "outside_bytes", "others_bytes", "unexplained_bytes", "exit_bytes"}
MOST = 1 << 60


def numbers(value, path=""):
    """Yields (path, number) for all numbers of a document, but those of histograms."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key != "histogram":
                yield from numbers(inner, path + "." + key)
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from numbers(inner, "%s[%d]" % (path, i))
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield path, value


def known(value):
    return value if value is not None else float("nan")


class Sums:
    """The contradictions of a document, one sentence each, in `broken`."""

    def __init__(self, document, accounts=True):
        """accounts=False: the ledger is not compared with the kernel's account of CPU time."""
        self.document, self.broken, self.accounts = document, [], accounts
        self.window_s = document["window"]["duration_s"]
        self.lost = any(document["lost"][what] for what in ("sections", "records", "processes"))
        self.check_range()
        for section in document["sections"]:
            self.check_section(section)
        if not self.lost:
            self.check_threads()
            self.check_outside()
            self.check_functions()
        self.check_memory()
        self.check_shares()
        self.broken += [note for note in document["notes"] if note.startswith("Figures contradict")]

    def part(self, where, part, whole, share=SLACK_SHARE, slack=SLACK_S):
        """Unknown figures are NaN, for which nothing holds."""
        part, whole = known(part), known(whole)
        if part > whole + abs(whole) * share + slack:
            self.broken.append("%s: %.6f of %.6f" % (where, part, whole))

    def same(self, where, a, b, **slack):
        self.part(where, a, b, **slack)
        self.part(where, b, a, **slack)

    def check_range(self):
        for path, value in numbers(self.document):
            key = path.rsplit(".", 1)[-1].split("[")[0]
            if abs(value) >= MOST or (value < 0 and not key.endswith(SIGNED) and key not in SIGNED_KEYS):
                self.broken.append("%s is %r" % (path, value))

    # ---- sections ----

    def check_wall(self, where, wall, parts, total_s):
        self.same(where + ": the parts", sum(known(s) for cause, s in wall.items() if cause not in ("worker_cpu_s", "residue_s")),
                  known(total_s) - known(wall["residue_s"]))
        self.part(where + ": sync", parts["sync_s"], wall["disk_s"])
        self.part(where + ": pipe, child, stopped", known(parts["pipe_s"]) + known(parts["child_s"]) + known(parts["stopped_s"]),
                  wall["other_s"])

    def check_calls(self, section):
        where, ascending = section["name"], [section[key + "_s"] for key in ("min", "p50", "p90", "p95", "p99", "p999", "max")]
        for shorter, longer in zip(ascending, ascending[1:]):
            self.part(where + ": percentiles", shorter, longer, share=0, slack=1e-9)
        self.part(where + ": min and mean", section["min_s"], section["mean_s"], slack=1e-9)
        self.part(where + ": mean and max", section["mean_s"], section["max_s"], slack=1e-9)
        if section["error_s"] is None and section["count"] is not None:
            counted = section["histogram"]["zero_count"] + sum(n for _, n in section["histogram"]["buckets"])
            self.part(where + ": calls in the histogram", counted, section["count"], share=0, slack=0)
            calls = section["count"] + section["open"] + section["open_at_start"]
            if not self.lost:
                self.part(where + ": total and window", section["total_s"], self.window_s * calls)

    def check_section(self, section):
        where = section["name"]
        self.part(where + ": self", section["self_s"], section["total_s"])
        self.check_wall(where, section["wall"], section["wall_parts"], section["total_s"])
        self.check_wall(where + ", self", section["self_wall"], section["self_wall_parts"], section["self_s"])
        self.check_calls(section)
        for memory in section["memory"], section["self_memory"]:
            kinds = sum(known(memory[kind + "_delta_bytes"]) for kind in ("anon", "file", "shmem"))
            self.same(where + ": kinds of memory", kinds, memory["rss_delta_bytes"], share=0, slack=0)
            self.same(where + ": grown and shrunk", known(memory["grown_bytes"]) - known(memory["shrunk_bytes"]),
                      memory["rss_delta_bytes"], share=0, slack=1)
        if section["in_flight"] and section["in_flight"]["mean"] is not None:
            self.part(where + ": in flight", section["in_flight"]["mean"], section["in_flight"]["max"], slack=1)

    # ---- the others ----

    def check_threads(self):
        for thread in self.document["threads"]:
            where = "thread " + thread["name"]
            self.part(where, thread["wall_s"], self.window_s * thread["threads"])
            self.part(where + ": CPU time", thread["kernel_cpu_s"], thread["wall_s"])
            self.check_wall(where, thread["wall"], thread["wall_parts"], thread["wall_s"])
        cpu, overhead = self.document["wall_check"], self.document["overhead"]
        if self.accounts and not overhead["reduced"]:
            # The kernel counts the profiler's programs at a switch as time of the thread; the ledger begins after them.
            programs_s = (overhead["target_cpu_share"] or 0) * self.window_s
            slack_s = ACCOUNTS_S + SWITCH_S * (overhead["switches"] or 0) + programs_s
            self.same("CPU time of all threads", cpu["ledger_cpu_s"], cpu["kernel_cpu_s"], share=ACCOUNTS_SHARE, slack=slack_s)

    def check_outside(self):
        parts = self.document["outside"]
        whole = [s["total_s"] for s in self.document["sections"] if s["name"] == "(outside)" and s["count"] is None]
        for part in parts:
            self.part("(outside) of a role", part["total_s"], part["wall_s"])
            self.part("(outside), a role's threads", part["wall_s"], self.window_s * part["threads"])
            self.check_wall("(outside) of a role", part["wall"], part["wall_parts"], part["total_s"])
        if parts and whole:
            self.same("(outside) of all roles", sum(known(part["total_s"]) for part in parts), whole[0])

    def check_functions(self):
        """The functions of a section have its time, less that in which its coroutines were suspended; so have its stacks, of its own."""
        if self.document["wall_check"]["ledger_cpu_s"] is None:
            return
        self_s, whole_s = collections.Counter(), collections.Counter()
        for function in self.document["functions"]:
            self.part(function["function"] + ": self", function["self_s"], function["cumulative_s"])
            self_s[function["section"]] += function["self_s"]
        for section in self.document["sections"]:
            residue_s = known(section["wall"]["residue_s"])
            whole_s[section["name"]] += known(section["total_s"]) - min(residue_s, 0) - known(section["wall"]["await_s"])
        for name, seconds in self_s.items():
            self.same(name + ": functions", seconds, whole_s[name])

    def check_memory(self):
        memory = self.document["memory"]
        parts = sum(known(memory[part + "_bytes"]) for part in ("sections", "outside", "others", "unexplained"))
        self.same("memory", parts, known(memory["rss_end_bytes"]) - known(memory["rss_start_bytes"]), share=0, slack=0)
        self.part("memory: end and peak", memory["rss_end_bytes"], memory["rss_peak_bytes"], share=0, slack=0)

    def check_shares(self):
        self.part("neighbours", sum(n["cpu_share"] for n in self.document["neighbours"]), 1, slack=1e-6)
        for path, value in numbers(self.document):
            if path.endswith("cpu_share") and "neighbours" in path or path.endswith(("busy_share", "hit_rate", "share_bound")):
                self.part(path, value, 1, slack=1e-6)
