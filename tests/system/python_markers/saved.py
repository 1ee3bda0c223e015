# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Saved sessions in Python: dcbs_profiler.load()."""
import gzip
import html.parser
import json
import os
import subprocess
import sys
import tempfile
import unittest

import dcbs_profiler
from paths import golden

HOSTILE = "<img src=x onerror='alert(1)'>\"&\x1b[31m\u202e"


class Tags(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = set(), set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes |= {key for key, _ in attributes}

    def handle_data(self, data):
        self.text += data


class Saved(unittest.TestCase):
    def setUp(self):
        with open(golden("functions.json")) as f:
            self.document = json.load(f)

    def load(self, content):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "run.json")
            with open(path, "w") as f:
                f.write(content if isinstance(content, str) else json.dumps(content))
            return dcbs_profiler.load(path)

    def test_tables(self):
        session = dcbs_profiler.load(golden("functions.json"))
        self.assertEqual(session.document, self.document)
        for name in "sections", "functions", "bottlenecks", "operators", "caches", "threads", "event_loops":
            rows = getattr(session, name)
            self.assertEqual(len(rows), len(self.document[name]), name)
            self.assertFalse([v for row in rows for v in row.values() if isinstance(v, (dict, list))], name)
        for row, section in zip(session.sections, self.document["sections"]):
            self.assertEqual((row["name"], row["total_s"]), (section["name"], section["total_s"]))
            self.assertEqual(row["wall.cpu_s"], section["wall"]["cpu_s"])
            self.assertEqual(row["memory.rss_delta_bytes"], section["memory"]["rss_delta_bytes"])
        self.assertEqual(session.duration_s, self.document["window"]["duration_s"])

    def test_compressed(self):
        with tempfile.TemporaryDirectory() as folder:
            path, whole = os.path.join(folder, "run.json.gz"), gzip.compress(json.dumps(self.document).encode())
            for data, good in (whole, True), (whole[:-20], False), (whole[:99] + b"?" * 99 + whole[198:], False):
                with open(path, "wb") as f:
                    f.write(data)
                if good:
                    self.assertEqual(dcbs_profiler.load(path).document, self.document)
                else:
                    with self.assertRaises(ValueError):
                        dcbs_profiler.load(path)

    def test_processes(self):
        one = dcbs_profiler.load(golden("functions.json"))
        self.assertEqual([p["pid"] for p in one.processes], [self.document["target"]["pid"]])
        with open(golden("processes.json")) as f:
            pids = [t["pid"] for t in json.load(f)["targets"]]
        self.assertEqual([p["pid"] for p in dcbs_profiler.load(golden("processes.json")).processes], pids)

    def test_unknown(self):
        """null is None in the tables, and "-" in the summary."""
        self.document["sections"][0]["mean_s"] = None
        session = self.load(self.document)
        self.assertIsNone(session.sections[0]["mean_s"])
        self.assertIn("<td>-</td>", session._repr_html_())

    def test_summary(self):
        shown = Tags(dcbs_profiler.load(golden("functions.json"))._repr_html_())
        for section in self.document["sections"]:
            self.assertIn(section["name"], shown.text)
        self.assertIn(self.document["bottlenecks"][0]["suggestion"], shown.text)

    def test_hostile_names(self):
        ours = Tags(self.load(self.document)._repr_html_())
        for section in self.document["sections"]:
            section["name"] = HOSTILE
        for b in self.document["bottlenecks"]:
            b["section"] = b["evidence"] = b["suggestion"] = HOSTILE
        self.document["target"]["command"] = HOSTILE
        self.document["sections"][0]["count"] = HOSTILE
        shown = Tags(self.load(self.document)._repr_html_())
        self.assertEqual((shown.tags, shown.attributes), (ours.tags, ours.attributes))
        self.assertIn("<img src=x", shown.text)
        self.assertNotIn("\x1b", shown.text)
        self.assertNotIn("\u202e", shown.text)

    def test_any_document(self):
        """A document that is damaged is shown as far as it goes."""
        damages = {"window": 7}, {"sections": [1, {}]}, {"bottlenecks": None}, {"target": []}, {"notes": {}}, {"threads": "x"}
        for damage in damages:
            session = self.load({**self.document, **damage})
            self.assertTrue(session._repr_html_() and repr(session) and isinstance(session.processes, list))
            self.assertTrue(isinstance(session.notes, list) and isinstance(session.threads, list))

    def test_refused(self):
        for content, words in (("[]", "no session"), ("{", "no JSON"), ("{}", "no session"), ("[" * 200000, "no JSON"),
                               ({**self.document, "schema": 99}, "schema 99"), ({**self.document, "tool": "x"}, "no session")):
            with self.assertRaisesRegex(ValueError, words):
                self.load(content)
        with self.assertRaises(OSError):
            dcbs_profiler.load("/nonexistent/run.json")

    def test_import(self):
        """An evaluation that loads no session does not pay for the reader."""
        code = "import sys, dcbs_profiler; sys.exit('html' in sys.modules or 'pandas' in sys.modules)"
        done = subprocess.run([sys.executable, "-S", "-c", code])
        self.assertEqual(done.returncode, 0)
