# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""`report A.json B.json ...`: several sessions as one. The test adds them up itself, from the documents or from the calls."""
import copy
import json
import math
import os
import random
from collections import Counter

from bad_input import BadInput
from launch import Profiler, Target, run
from needs import needs_bpf
from paths import golden
from saved_sessions import bucket, save, section, session

NAMES = ("load", "encode", "decode", "score")
PERCENTILES = {"p50_s": 0.5, "p90_s": 0.9, "p95_s": 0.95, "p99_s": 0.99, "p999_s": 0.999}


def percentile(calls, q):
    """The smallest duration that a share q of all calls do not exceed."""
    return sorted(calls)[max(math.ceil(q * len(calls) - 1e-9), 1) - 1]


def of_calls(name, calls):
    """A section as a session has it that these calls are of."""
    total, counts = math.fsum(calls), Counter(bucket(c) for c in calls)
    row = section(name, total / len(calls), count=len(calls))
    row.update(total_s=total, self_s=total, mean_s=total / len(calls), min_s=min(calls), max_s=max(calls),
               histogram={"scale": 5, "zero_count": 0, "buckets": sorted(map(list, counts.items()))})
    row.update({key: percentile(calls, q) for key, q in PERCENTILES.items()})
    return row


class Merging(BadInput):
    def merge(self, *paths, status=0):
        done = run("report", *paths, "-f", "json", timeout=60)
        self.assertEqual((done.returncode, done.stderr), (status, b""))
        return json.loads(done.stdout)

    def drawn(self, seed):
        """Calls of sections, drawn at random, each with a session of its own."""
        rng = random.Random(seed)
        return {name: [rng.lognormvariate(math.log(0.001 * (k + 1)), 1) for _ in range(rng.randrange(2, 400))]
                for k, name in enumerate(NAMES) if rng.random() < 0.8}

    def document(self, name, calls, **more):
        return save(self.path(name), session([of_calls(*item) for item in calls.items()], **more))

    def near(self, a, b, way=""):
        """Equal but for the rounding of sums."""
        if isinstance(a, float) and isinstance(b, (int, float)):
            self.assertTrue(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12), (way, a, b))
        elif isinstance(a, dict) and isinstance(b, dict):
            self.assertEqual(set(a), set(b), way)
            for key in a:
                self.near(a[key], b[key], "%s.%s" % (way, key))
        elif isinstance(a, list) and isinstance(b, list):
            self.assertEqual(len(a), len(b), way)
            for i, (x, y) in enumerate(zip(a, b)):
                self.near(x, y, "%s[%d]" % (way, i))
        else:
            self.assertEqual(a, b, way)


class Sums(Merging):
    def test_halves_are_the_whole(self):
        """All calls in one session, or divided among several: the same counts, totals, extremes, histograms and percentiles."""
        for seed in range(10):
            rng, parts = random.Random(seed), [self.drawn("%d %d" % (seed, i)) for i in range(2 + seed % 4)]
            whole = {name: [c for part in parts for c in part.get(name, ())] for name in NAMES}
            whole = {name: calls for name, calls in whole.items() if calls}
            paths = [self.document("part%d.json" % i, part) for i, part in enumerate(parts)]
            rng.shuffle(paths)
            merged = {s["name"]: s for s in self.merge(*paths)["sections"]}
            self.assertEqual(set(merged), set(whole))
            for name, calls in whole.items():
                want, got = of_calls(name, calls), merged[name]
                for key in "count", "total_s", "self_s", "mean_s", "min_s", "max_s", "histogram", "open":
                    self.near(want[key], got[key], "%s.%s" % (name, key))
                for key, value in want["wall"].items():
                    self.near(math.fsum(of_calls(name, p[name])["wall"][key] for p in parts if name in p), got["wall"][key], key)
                for key in PERCENTILES:
                    self.assertLess(abs(got[key] / want[key] - 1), 0.011, (name, key))

    def test_order_and_grouping(self):
        """Sessions that were merged can be merged again: the figures are those of merging all at once, in any order."""
        for seed in range(3):
            paths = [self.document("s%d.json" % i, self.drawn("%d %d" % (seed, i))) for i in range(4)]
            groups = []
            for i, group in enumerate((paths[:2], paths[2:])):
                groups.append(save(self.path("group%d.json" % i), self.merge(*group)))
            at_once, in_groups = self.merge(*paths), self.merge(*groups)
            self.near(at_once, in_groups)
            backwards = self.merge(*reversed(paths))
            for key in "window", "memory", "lost", "bottlenecks":
                self.near(at_once[key], backwards[key], key)
            for a, b in zip(at_once["sections"], backwards["sections"]):
                a.pop("sessions"), b.pop("sessions")
                self.near(a, b)

    def test_one_session_of_each_kind(self):
        """Merged with an empty session, a session keeps its counts, times, functions and losses."""
        empty = save(self.path("empty.json"), session([], lost={k: 0 for k in ("sections", "records", "samples", "stacks", "names", "processes")}))
        for name in "evaluation", "functions", "processes", "measured":
            with open(golden(name + ".json")) as f:
                doc = json.load(f)
            merged = self.merge(golden(name + ".json"), empty)
            self.assertEqual(len(merged["sections"]), len(doc["sections"]))
            got = {(s["name"], s["kind"]): s for s in merged["sections"]}
            for s in doc["sections"]:
                for key in "count", "total_s", "self_s", "mean_s", "min_s", "max_s", "errors", "items", "histogram", "wall", "memory", "parent":
                    if key != "parent" or s[key]:
                        self.near(s[key], got[s["name"], s["kind"]][key], "%s %s.%s" % (name, s["name"], key))
            for key in PERCENTILES:
                for s in doc["sections"]:
                    if s["count"]:
                        self.near(s[key], got[s["name"], s["kind"]][key], "%s %s.%s" % (name, s["name"], key))
            self.near(doc["lost"], merged["lost"])
            self.near(sum(f["self_s"] or 0 for f in doc["functions"]), float(sum(f["self_s"] or 0 for f in merged["functions"])))
            self.assertEqual(len(doc["stacks"]), len(merged["stacks"]))

    def test_twice(self):
        """Two sessions with the same figures: everything that is added up is twice as much, and means stay."""
        with open(golden("functions.json")) as f:
            doc = json.load(f)
        other = copy.deepcopy(doc)
        other["window"]["started_at"] += 1000
        merged = self.merge(golden("functions.json"), save(self.path("other.json"), other))
        got = {s["name"]: s for s in merged["sections"]}
        for s in doc["sections"]:
            for key in "count", "total_s", "self_s":
                self.near(got[s["name"]][key], s[key] and s[key] * 2, key)
            self.near(got[s["name"]]["mean_s"], s["mean_s"])
        whole = {(f["section"], f["function"], f["file"], f["line"]): f for f in merged["functions"]}
        for f in doc["functions"]:
            if f["cumulative_s"] is not None:
                self.near(float(whole[f["section"], f["function"], f["file"], f["line"]]["self_s"]), f["self_s"] * 2.0)
        self.near(math.fsum(s[1] + s[2] for s in merged["stacks"]), 2 * math.fsum(s[1] + s[2] for s in doc["stacks"]))
        for value in "sections", "records":
            self.assertEqual(merged["lost"][value], doc["lost"][value] * 2)


class Skew(Merging):
    def test_slowest_session(self):
        paths = [save(self.path("run%d.json" % i), session([section("decode", mean)], host={"name": "gpu-%d" % i, "kernel": "6.1"}))
                 for i, mean in enumerate((0.010, 0.014, 0.011))]
        doc = self.merge(*paths)
        skew = doc["sections"][0]["sessions"]
        self.assertEqual((skew["count"], skew["slowest"]["session"], skew["fastest"]["session"]), (3, 1, 0))
        self.assertAlmostEqual(skew["skew"], 1.4)
        self.assertEqual([(os.path.basename(s["name"]), s["host"]) for s in doc["sessions"]], [("run%d.json" % i, "gpu-%d" % i) for i in range(3)])
        text = run("report", *paths).stdout.decode()
        self.assertRegex(" ".join(text.split()), r"slowest session: \S*run1\.json \(host gpu-1\), mean 14\.0 ms; fastest: \S*run0\.json \(host "
                                                 r"gpu-0\), mean 10\.0 ms; 1\.40 times")
        self.assertIn("SESSIONS", text)
        again = save(self.path("merged.json"), doc)
        self.near(self.merge(again), doc)


class Unknown(Merging):
    def test_differences_are_told(self):
        one = save(self.path("a.json"), session([section("decode", 0.01)], version="0.1.0", frequency_hz=99))
        two = save(self.path("b.json"), session([{**section("decode", 0.01), "count": None, "total_s": None}], version="0.2.0",
                                                  frequency_hz=49))
        doc = self.merge(one, two)
        self.assertIn("The sessions differ in: profiler's version, frequency of samples.", doc["notes"])
        self.assertTrue(any("are not merged" in note for note in doc["notes"]))
        for key in "count", "total_s", "errors":
            self.assertIsNone(doc["sections"][0][key], key)
        for key in "rss_start_bytes", "rss_end_bytes", "rss_peak_bytes":
            self.assertIsNone(doc["memory"][key])
            self.assertEqual(doc["sessions"][1]["memory"][key], 1 << 28)

    def test_refused(self):
        one = save(self.path("a.json"), session([section("decode", 0.01)]))
        copied = self.path("copy.json")
        with open(one) as f, open(copied, "w") as to:
            to.write(f.read())
        self.one_line(run("report", one, copied), 1, "a.json", "copy.json", "same session")
        self.one_line(run("report", one, self.path("none.json")), 1, "none.json")
        self.one_line(run("report", *[one] * 65), 2, "64")

    def test_formats(self):
        """Every format takes a merged report, and the text has no line of a single session."""
        paths = [golden("functions.json"), save(self.path("other.json"), session([section("decode", 0.01)]))]
        for fmt in "text", "json", "html", "md", "summary", "folded", "svg", "speedscope", "trace":
            done = run("report", *paths, "-f", fmt)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(done.stdout)


@needs_bpf
class Live(Merging):
    def test_counts_of_two_runs(self):
        """Two runs of a program that counts for itself."""
        truths, paths = [], [self.path("run%d.json" % i) for i in range(2)]
        for path in paths:
            with Target("sections") as target, Profiler("-p", target.pid, "-o", path, wait_for=target.pid) as profiler:
                target.go()
                truths.append(target.result())
                target.line()
                target.end()
                profiler.report()
        merged = {s["name"]: s for s in self.merge(*paths)["sections"]}
        for name in truths[0]["sections"]:
            self.assertEqual(merged[name]["count"], sum(truth["sections"][name]["count"] for truth in truths), name)
