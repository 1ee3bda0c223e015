# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The short forms of a report: Markdown of some KiB, and a summary of at most 4 KiB of JSON."""
import html.parser
import json
import os
import random
import re
import shutil
import subprocess
import unittest

from bad_input import GOLDEN, BadInput
from launch import run
from paths import TOP, golden
from saved_sessions import save, section, session

try:
    import jsonschema
except ImportError:
    jsonschema = None

MOST_SUMMARY, MOST_MARKDOWN = 4096, 16384
CMARK = shutil.which("cmark-gfm")
HOSTILE = ["a|b `c` [x](http://y) <script>alert(1)</script> @someone *d* _e_ #12 ~~f~~ ![i](j) www.example.com https://example.com",
           "\\|\\`\\", "| --- |", "&lt;b&gt;", "\u202e\u2028evil", "\U0001f600" * 500, '"' * 3000, "\\" * 3000, "x" * 100000]


class Elements(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.cells, self.words = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag == "tr":
            self.cells.append(0)
        if tag in ("td", "th"):
            self.cells[-1] += 1

    def handle_data(self, data):
        self.words += data


class Brief(BadInput):
    def report(self, path, *args):
        done = run("report", path, *args)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout.decode()

    def hostile(self):
        """A session whose every text is one that means something to a reader of Markdown or JSON, or is very long."""
        sections = [section(name, 0.01 / (i + 1), parent=HOSTILE[0] if i else None) for i, name in enumerate(HOSTILE)]
        sections += [section("s%d" % i, 1e-5) for i in range(300)]
        bottlenecks = [{"section": name, "total_s": 5.0, "share": 0.5, "cause": "cpu", "evidence": name, "suggestion": name} for name in HOSTILE]
        return save(self.path("hostile.json"), session(
            sections, bottlenecks=bottlenecks, notes=HOSTILE * 20, caches=[{"name": name, "hit_rate": 0.5} for name in HOSTILE],
            target={"pid": 1, "comm": HOSTILE[0], "command": HOSTILE[0] * 50, "started_at": 1e9, "markers": True}))


class Summary(Brief):
    def summary(self, path):
        text = self.report(path, "--summary")
        self.assertLessEqual(len(text.encode()), MOST_SUMMARY)
        self.assertEqual(text.count("\n"), 1)
        return json.loads(text)

    def test_same_figures(self):
        """The figures are those of the session, to five digits, and what is left out is counted."""
        for name in "evaluation", "functions", "processes", "measured":
            with open(golden(name + ".json")) as f:
                doc = json.load(f)
            brief = self.summary(golden(name + ".json"))
            self.assertEqual(brief["duration_s"], float("%.5g" % doc["window"]["duration_s"]))
            for kind in "sections", "bottlenecks", "caches", "notes":
                self.assertEqual(len(brief[kind]) + brief["left_out"][kind], len(doc[kind]))
            for row, whole in zip(brief["sections"], doc["sections"]):
                for key in "count", "total_s", "mean_s", "p99_s":
                    want = whole[key]
                    self.assertEqual(row[key], want if want is None or isinstance(want, int) else float("%.5g" % want), key)
            self.assertIn("cost", brief["answer"])

    def test_bounded(self):
        """Whatever the session holds, the document is valid, and has at most 4096 bytes."""
        brief = self.summary(self.hostile())
        self.assertEqual(len(brief["sections"]) + brief["left_out"]["sections"], len(HOSTILE) + 300)
        rng = random.Random(1)
        for _ in range(30):
            names = ["".join(rng.choice('a"\\é\U0001f600<') for _ in range(rng.randrange(1, 400))) for _ in range(rng.randrange(1, 40))]
            path = save(self.path("r.json"), session([section(name, rng.random()) for name in names], notes=names))
            brief = self.summary(path)
            for row, name in zip(brief["sections"], names):
                self.assertTrue(row["name"] == name or (row["name"].endswith("…") and name.startswith(row["name"][:-1])))

    def test_ways_to_ask(self):
        texts = {self.report(GOLDEN, "--summary"), self.report(GOLDEN, "-f", "summary")}
        self.report(GOLDEN, "-o", self.path("x.summary.json"))
        with open(self.path("x.summary.json")) as f:
            texts.add(f.read())
        self.assertEqual(len(texts), 1)
        self.one_line(run("report", GOLDEN, "--summary", "-f", "json"), 2, "--summary")
        self.one_line(run("report", self.path("x.summary.json")), 1, "not a session")

    @unittest.skipUnless(jsonschema, "there is no python3-jsonschema")
    def test_schema(self):
        with open(os.path.join(TOP, "user", "docs", "summary.schema.json")) as f:
            schema = json.load(f)
        jsonschema.Draft202012Validator.check_schema(schema)
        for path in golden("evaluation.json"), golden("measured.json"), self.hostile():
            brief = self.summary(path)
            jsonschema.validate(brief, schema)
            self.assertEqual(set(brief), set(schema["properties"]))
            self.assertEqual({key for row in brief["sections"] for key in row} - set(schema["properties"]["sections"]["items"]["properties"]), set())


class Markdown(Brief):
    def test_answer_first(self):
        text = self.report(golden("evaluation.json"), "-f", "md")
        self.assertTrue(text.startswith("* **slowest**: evaluation"), text[:200])
        for words in "| section | total |", "| forward\\_pass | 27.8 s |", "Bottlenecks:", "profiled by dcbs-bpfprof":
            self.assertIn(words, text)
        self.report(GOLDEN, "-o", self.path("x.md"))
        with open(self.path("x.md")) as f:
            self.assertEqual(f.read(), self.report(GOLDEN, "-f", "md"))

    def test_bounded(self):
        text = self.report(self.hostile(), "-f", "md")
        self.assertLess(len(text.encode()), MOST_MARKDOWN)
        self.assertRegex(text, r"\n\d+ more sections\.\n")
        self.assertNotRegex(text, "<(?!!-- -->)")
        self.assertNotIn(HOSTILE[0], text)

    @unittest.skipUnless(CMARK, "there is no cmark-gfm")
    def test_names_stay_names(self):
        """GitHub's own reader finds no link, picture, code or markup in it, and cells of a table are as many as columns."""
        done = subprocess.run([CMARK, "--unsafe", "-e", "table", "-e", "autolink", "-e", "strikethrough"], stdout=subprocess.PIPE,
                              input=self.report(self.hostile(), "-f", "md").encode(), check=True)
        page = Elements(done.stdout.decode())
        self.assertEqual(set(page.tags) - set("ul li strong p table thead tbody tr th td".split()), set())
        self.assertEqual(set(page.cells), {7})
        self.assertGreater(len(page.cells), 3)
        self.assertIn(HOSTILE[0][:40], page.words)
        comments = re.sub("<!--.*?-->", "\0", done.stdout.decode())
        self.assertNotRegex(comments, r"@someone|#12|www\.example|https://example")
