# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Figures for Prometheus in a file: read by a reader of the test's own and by promtool."""
import json
import os
import tempfile
import threading
import unittest

from launch import Profiler, Target, run
from needs import needs_bpf
from paths import golden
from prometheus import PROMTOOL, Metrics, lint
from reports import save_session

CAUSES = "cpu runqueue throttled steal gil lock disk network fault sleep gpu await other".split()


def rendered(path):
    done = run("report", path, "-f", "prom")
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout.decode()


class Prom(unittest.TestCase):
    def changed(self, name, change):
        with open(golden(name)) as f:
            session = json.load(f)
        change(session)
        return save_session(self, session)

    def check_section(self, metrics, section):
        labels = {"section": section["name"]}
        if section["kind"] != "section":
            labels["kind"] = section["kind"]
        self.assertEqual(metrics.get("dcbs_section_open_seconds_total", **labels), section["total_s"], labels)
        if section["count"] is None or section.get("error_s") is not None:
            self.assertIsNone(metrics.get("dcbs_section_seconds_count", **labels))
            return
        buckets = section["histogram"]["buckets"]
        self.assertEqual(metrics.get("dcbs_section_seconds_count", **labels), section["count"])
        self.assertAlmostEqual(metrics.get("dcbs_section_seconds_sum", **labels), (section["mean_s"] or 0) * section["count"], 6)
        for n in range(14, 40, 2):
            upto = section["histogram"]["zero_count"] + sum(count for index, count in buckets if index + 1 <= 32 * n)
            self.assertEqual(metrics.get("dcbs_section_seconds_bucket", le="%.15g" % (2 ** n / 1e9), **labels), upto)

    def test_sessions(self):
        for name in "evaluation.json", "functions.json", "measured.json", "processes.json":
            with self.subTest(name), open(golden(name)) as f:
                session = json.load(f)
                metrics = Metrics(rendered(golden(name)))
                metrics.check_histograms()
                for section in session["sections"]:
                    self.check_section(metrics, section)
                for counter, key in (("hits", "hits"), ("misses", "misses")):
                    for cache in session["caches"]:
                        self.assertEqual(metrics.get("dcbs_cache_%s_total" % counter, cache=cache["name"]), cache[key])
                self.assertEqual(metrics.get("dcbs_rss_bytes"), session["memory"]["rss_end_bytes"])

    def test_causes(self):
        """The causes of a section add up to its self time; one that was not measured is unknown, not 0."""
        with open(golden("measured.json")) as f:
            session = json.load(f)
        metrics = Metrics(rendered(golden("measured.json")))
        known = [s for s in session["sections"] if s["self_wall"] and s["self_wall"]["cpu_s"] is not None]
        self.assertTrue(known)
        for section in known:
            want = {c: section["self_wall"].get(c + "_s") or 0 for c in CAUSES}
            for cause, seconds in want.items():
                found = metrics.get("dcbs_section_self_seconds_total", section=section["name"], cause=cause)
                self.assertEqual(found, seconds if seconds > 0 else None, (section["name"], cause))
        unmeasured = Metrics(rendered(golden("evaluation.json")))
        self.assertEqual(unmeasured.labels("dcbs_section_self_seconds_total", "cause"), {"unknown"})

    def test_hostile_names(self):
        names = ['a"b', "a\\", "x{y}", "a,b=\"c\"", "gr\u00f6\u00dfe", " ", "#", "a\\n"]

        def change(session):
            session["sections"] = [dict(session["sections"][0], name=n) for n in names]
        metrics = Metrics(rendered(self.changed("evaluation.json", change)))
        self.assertEqual(metrics.labels("dcbs_section_open_seconds_total", "section"), set(names))

    @unittest.skipUnless(PROMTOOL, "there is no promtool")
    def test_promtool(self):
        for name in "evaluation.json", "functions.json", "measured.json", "processes.json":
            self.assertEqual(lint(rendered(golden(name))), "", name)


@needs_bpf
class Measured(unittest.TestCase):
    def test_kept_up_to_date(self):
        """Whoever reads the file while it is brought up to date finds a whole one, whose counts only grow; the last one has the
        counts of the program. All may read it, and only its owner the session."""
        with tempfile.TemporaryDirectory() as folder:
            path, saved = os.path.join(folder, "x.prom"), os.path.join(folder, "x.json")
            seen, over = [], threading.Event()

            def look():
                while not over.wait(0.05):
                    if os.path.exists(path):
                        with open(path) as f:
                            seen.append(f.read())
            thread = threading.Thread(target=look)
            with Target("sections", hold=True) as target, \
                    Profiler("-p", target.pid, "--checkpoint", "0.2", "-o", path, "-o", saved, wait_for=target.pid) as profiler:
                thread.start()
                target.go()
                truth = target.result()
                target.line()
                target.end()
                report = profiler.report()
                over.set()
                thread.join()
            with open(path) as f:
                last = f.read()
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o644 & ~self.umask())
            self.assertEqual(os.stat(saved).st_mode & 0o777, 0o600)
            self.assertEqual(rendered(saved), last)
        before = {}
        for text in [*seen, last]:
            metrics = Metrics(text)
            metrics.check_histograms()
            counts = {k: v for k, v in metrics.values.items() if k[0] == "dcbs_section_seconds_count"}
            for key, value in before.items():
                self.assertGreaterEqual(counts[key], value, key)
            before = counts
        for name in {s["name"] for s in report["sections"]} & set(truth["sections"]):
            self.assertEqual(metrics.get("dcbs_section_seconds_count", section=name), truth["sections"][name]["count"])

    @staticmethod
    def umask():
        mask = os.umask(0o22)
        os.umask(mask)
        return mask
