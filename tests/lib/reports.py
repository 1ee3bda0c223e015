# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Reads the JSON document, and compares it with the truth that a target prints (tests/targets/lib/truth.h)."""
import json
import os
import tempfile
import unittest

from needs import EMULATED


def sections(report):
    """The report's sections by name. A name occurs once; only a model's calls may stand beside a section of the same name."""
    found = {(s["name"], s["kind"]): s for s in report["sections"]}
    assert len(found) == len(report["sections"]), "twice in the report: %s" % sorted(s["name"] for s in report["sections"])
    return {name: s for (name, _), s in found.items()}


def few_samples(report):
    """Returns true if no more samples were lost than may be.

    A tick is lost if it interrupts another BPF program that works on the thread's sections. That is rare, except on an
    emulated machine.
    """
    return EMULATED or (report["lost"]["samples"] or 0) <= 1 + (report["overhead"]["samples"] or 0) // 200


def lost(report):
    """The counters under `lost` that are not 0, without rare losses of samples."""
    return {what: n for what, n in report["lost"].items() if n and not (what == "samples" and few_samples(report))}


def marked(report):
    """As sections(), without (outside)."""
    return {name: s for name, s in sections(report).items() if name != "(outside)"}


class ReportCase(unittest.TestCase):
    """Compares a report with a target's truth: a measured value lies between the target's `inside` and `around`."""

    PERCENTILES = ("p50", "p90", "p95", "p99", "p999")
    ERROR_NS = 200              # of a call, beyond the gap between the target's two clock reads
    BUCKET = 0.011              # half a bucket's width
    ROUNDING_NS = 1

    def check_lost(self, report, **expected):
        """Every counter under `lost` is as expected, 0 unless it is named; None stands for a counter that does not exist yet.

        The profiler reads names of Python code a moment after the sample. A target that lives for a second may be gone by
        then, so lost names of stacks are not compared.
        """
        for what, n in report["lost"].items():
            if what == "samples" and n is not None and few_samples(report):
                continue
            if what in expected or n is not None and what != "stacks":
                self.assertEqual(n, expected.get(what, 0), "lost.%s" % what)

    def check_count(self, section, truth):
        self.assertEqual(section["count"], truth["count"], section["name"])
        self.assertEqual(section["errors"], truth["errors"], section["name"])
        self.assertEqual(section["items"] or 0, truth["items"], section["name"])

    def between(self, value_s, low_ns, high_ns, what):
        self.assertIsNotNone(value_s, what)
        self.assertLessEqual(low_ns - self.ROUNDING_NS, value_s * 1e9, what)
        self.assertGreaterEqual(high_ns + self.ROUNDING_NS, value_s * 1e9, what)

    def check_total(self, section, low_ns, high_ns):
        """The time for which the section was open on a thread; recursion is counted once."""
        self.between(section["total_s"], low_ns, high_ns, section["name"] + " total")

    def check_times(self, section, truth):
        """The durations of the calls: mean, extremes and percentiles."""
        name, around, n = section["name"], truth["around"], truth["count"]
        self.between(section["mean_s"] * n, truth["total_ns"], around["total_ns"] + n, name + " sum")
        error_ns = section["mean_s"] * 1e9 - truth["total_ns"] / n
        self.assertLessEqual(abs(error_ns), self.ERROR_NS + (around["total_ns"] - truth["total_ns"]) / n, name + " mean")
        self.between(section["min_s"], truth["min_ns"], around["min_ns"], name + " min")
        self.between(section["max_s"], truth["max_ns"], around["max_ns"], name + " max")
        for p in self.PERCENTILES:
            low, high = truth[p + "_ns"] * (1 - self.BUCKET), around[p + "_ns"] * (1 + self.BUCKET)
            self.between(section[p + "_s"], low, high, "%s %s" % (name, p))

    def check_histogram(self, section):
        """The histogram holds every call; the percentiles and the total follow from its buckets."""
        name, n, histogram = section["name"], section["count"], section["histogram"]
        self.assertEqual(histogram["scale"], 5)
        buckets = [(-1e9, histogram["zero_count"])] * bool(histogram["zero_count"]) + histogram["buckets"]
        self.assertEqual(sum(count for _, count in buckets), n, name)
        self.assertEqual(buckets, sorted(buckets), name)
        self.assertTrue(all(count > 0 for _, count in buckets), name)
        low, high = (sum(count * 2 ** ((i + up) / 32) for i, count in buckets) for up in (0, 1))
        self.between(section["mean_s"] * n, low - n, high + n, name + " sum of the buckets")
        for p in self.PERCENTILES:
            self.between(section[p + "_s"], *self.bucket_of_rank(buckets, -(-n * int(p[1:].ljust(3, "0")) // 1000)), name + p)
        self.between(section["min_s"], *self.bucket_of_rank(buckets, 1), name + " min")
        self.between(section["max_s"], *self.bucket_of_rank(buckets, n), name + " max")

    @staticmethod
    def bucket_of_rank(buckets, rank):
        """The bounds in ns of the bucket that holds the call of this rank. Rank 1 is the shortest call."""
        for i, count in buckets:
            rank -= count
            if rank <= 0:
                return 2 ** (i / 32), 2 ** ((i + 1) / 32)
        return 0, 0


def save_session(case, session):
    """The path of a file with a session, which is there until the test case ends."""
    folder = tempfile.TemporaryDirectory()
    case.addCleanup(folder.cleanup)
    path = os.path.join(folder.name, "session.json")
    with open(path, "w") as f:
        json.dump(session, f)
    return path
