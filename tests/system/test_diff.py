# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""`dcbs-bpfprof diff`: what it finds is what was planted, it names nothing else, and it says so where it cannot tell."""
import csv
import io
import json
import math
import random
import time
import xml.etree.ElementTree

from bad_input import EVIL, GOLDEN, controls
from diff_sides import Sides
from launch import run
from needs import needs_bpf
from paths import target_program
from saved_sessions import save, section, session


class Evidence(Sides):
    def test_planted_change_is_found_and_nothing_else(self):
        """+20 % in one section, five sessions on each side: the section is named, its interval has the truth, the others are quiet."""
        right = 0
        for seed in range(10):
            doc = self.diff(self.sessions("old", 5, seed=seed), self.sessions("new", 5, {"decode": 1.2}, seed=seed))
            right += self.verdicts(doc) == {"load": "no-change", "encode": "no-change", "decode": "slower", "score": "no-change"}
            decode = self.of(doc, "decode", "mean")
            self.assertLess(decode["low"], decode["change"])
            self.assertLess(decode["change"], decode["high"])
        self.assertGreaterEqual(right, 9)

    def test_equal_programs(self):
        """Twenty pairs of sides of one program: at most one is called slower, and no limit is exceeded."""
        slower = 0
        for seed in range(20):
            old, new = self.sessions("old", 5, seed=seed), self.sessions("new", 5, seed=seed)
            doc = self.diff(old, new, "--fail-if", "*:mean>+5%")
            slower += "slower" in self.verdicts(doc).values()
        self.assertLessEqual(slower, 1)

    def test_faster(self):
        doc = self.diff(self.sessions("old", 6), self.sessions("new", 6, {"score": 0.5}))
        self.assertEqual(self.verdicts(doc)["score"], "faster")
        self.assertAlmostEqual(self.of(doc, "score", "mean")["change"], -0.5, delta=0.1)

    def test_means_are_geometric(self):
        """The change is exactly that of the geometric means over the sessions."""
        means = [0.010, 0.012, 0.009, 0.011], [0.013, 0.012, 0.015, 0.014]
        old, new = ([save(self.path("%d%d.json" % (side, i)), session([section("decode", mean)])) for i, mean in enumerate(values)]
                    for side, values in enumerate(means))
        mean = self.of(self.diff(old, new), "decode", "mean")
        geometric = [math.exp(sum(map(math.log, values)) / 4) for values in means]
        self.assertAlmostEqual(mean["old"], geometric[0], delta=1e-8)
        self.assertAlmostEqual(mean["change"], geometric[1] / geometric[0] - 1, delta=1e-8)
        self.assertEqual((mean["old_sessions"], mean["new_sessions"]), (4, 4))

    def test_too_few_sessions(self):
        for old, new in (1, 1), (1, 5), (2, 2), (3, 3):
            doc = self.diff(self.sessions("old", old), self.sessions("new", new, {"decode": 10}))
            self.assertEqual(set(self.verdicts(doc).values()), {"cannot-tell"}, (old, new))
        text = run("diff", *self.sessions("old", 3), "--", *self.sessions("new", 3, {"decode": 10})).stdout.decode()
        self.assertIn("need at least 4 sessions on each side", text)
        self.assertIn("cannot tell from noise", run("diff", *self.sessions("old", 1), *self.sessions("new", 1)).stdout.decode())

    def test_small_sections_and_small_effects(self):
        old = [[section("all", 0.01 * f), section("tiny", 1e-6 * f)] for f in (1, 1.001, 0.999, 1.0005)]
        new = [[section("all", 0.0102 * f), section("tiny", 5e-6 * f)] for f in (1, 1.001, 0.999, 1.0005)]
        paths = [[save(self.path("%d%d.json" % (side, i)), session(s)) for i, s in enumerate(sections)] for side, sections in enumerate((old, new))]
        self.assertEqual(self.verdicts(self.diff(*paths)), {"all": "no-change", "tiny": "too-short"})
        doc = self.diff(*paths, "--min-effect", "1%", "--min-time", "0")
        self.assertEqual(self.verdicts(doc), {"all": "slower", "tiny": "slower"})

    def test_the_same_session_twice(self):
        paths = self.sessions("old", 2)
        self.one_line(run("diff", paths[0], paths[1], "--", paths[0]), 1, "same session", "--force")
        self.one_line(run("diff", paths[0], paths[0]), 1, "same session")
        self.assertEqual(run("diff", paths[0], paths[0], "--force").returncode, 0)

    def test_per(self):
        """Twice the work in twice the time is no change a call or an item."""
        old = [save(self.path("o%d.json" % i), session([section("decode", 0.01 + i / 1e5, count=100, items=100)])) for i in range(4)]
        new = [save(self.path("n%d.json" % i), session([section("decode", 0.01 + i / 1e5, count=200, items=400)], 20)) for i in range(4)]
        change = {per: self.of(self.diff(old, new, "-m", "self", "--per", per), "decode", "self")["change"]
                  for per in ("call", "item", "second", "run")}
        self.assertAlmostEqual(change["call"], 0, delta=1e-6)
        self.assertAlmostEqual(change["item"], -0.5, delta=1e-6)
        self.assertAlmostEqual(change["second"], 0, delta=1e-6)
        self.assertAlmostEqual(change["run"], 1, delta=1e-6)


class Explained(Sides):
    def nested(self, factor, cpu=0.8, functions=()):
        inner, outer = 0.006 * factor, 0.004 + 0.006 * factor
        return session([section("question", outer, cpu=cpu), section("forward_pass", inner, cpu=cpu, parent="question"),
                        section("other", 0.001)], functions=list(functions))

    def sides(self, old, new):
        return ([save(self.path("o%d.json" % i), doc) for i, doc in enumerate(old)],
                [save(self.path("n%d.json" % i), doc) for i, doc in enumerate(new)])

    def test_because_of_a_section_inside(self):
        paths = self.sides([self.nested(1 + i / 1000) for i in range(4)], [self.nested(1.5 + i / 1000) for i in range(4)])
        question = next(s for s in self.diff(*paths)["compared"] if s["name"] == "question")
        self.assertEqual(question["because"], "forward_pass")
        text = run("diff", *paths[0], "--", *paths[1]).stdout.decode()
        self.assertRegex(text, r"slower +question: mean \+30.*because of\s+forward_pass")

    def test_causes_add_up_to_the_change(self):
        paths = self.sides([self.nested(1 + i / 1000, cpu=0.9) for i in range(4)], [self.nested(1.5 + i / 1000, cpu=0.5) for i in range(4)])
        for s in self.diff(*paths)["compared"]:
            if s["kind"] != "section":
                continue
            mean = next(m for m in s["metrics"] if m["metric"] == "mean")
            change = sum(c["new_s"] - c["old_s"] for c in s["causes"].values())
            self.assertAlmostEqual(change, mean["new"] - mean["old"], delta=1e-8)

    def test_functions(self):
        """A function that changed is shown; one whose change is within the error of samples is not."""
        def functions(hot, noise):
            return [{"section": "forward_pass", "function": name, "file": "/lib/x.so", "line": None, "self_s": s, "cumulative_s": s,
                     "self_s_error": error, "cumulative_s_error": error} for name, s, error in (("sgemm_", hot, 0.05), ("memcpy", noise, 0.3))]
        paths = self.sides([self.nested(1 + i / 1000, functions=functions(3 + i / 100, 1 + i / 10)) for i in range(4)],
                           [self.nested(1.5 + i / 1000, functions=functions(6 + i / 100, 1.2 + i / 10)) for i in range(4)])
        found = next(s for s in self.diff(*paths)["compared"] if s["name"] == "forward_pass")["functions"]
        self.assertEqual([f["function"] for f in found], ["sgemm_"])
        self.assertAlmostEqual(found[0]["new_s"] - found[0]["old_s"], 3e-3, delta=1e-6)

    def test_functions_without_an_error(self):
        """A function that was sampled in waits alone has no error. One session of it does not tell a change; several do."""
        def waits(s):
            return [{"section": "forward_pass", "function": "poll", "file": "/lib/x.so", "line": None, "self_s": s, "cumulative_s": s,
                     "self_s_error": None, "cumulative_s_error": None}]
        paths = self.sides([self.nested(1 + i / 1000, functions=waits(3 + i / 100)) for i in range(4)],
                           [self.nested(1.5 + i / 1000, functions=waits(6 + i / 100)) for i in range(4)])
        for nr, names in (1, []), (4, ["poll"]):
            found = next(s for s in self.diff(paths[0][:nr], paths[1][:nr])["compared"] if s["name"] == "forward_pass")["functions"]
            self.assertEqual([f["function"] for f in found], names)

    def test_warnings(self):
        other = {"name": "other", "kernel": "6.12", "cpu": "CPU", "cpus": 8, "cgroup": {"cpu_limit": 2.0}, "versions": {}}
        doc = self.diff(self.sessions("old", 1), self.sessions("new", 1, host=other, frequency_hz=999, lost={"records": 12}))
        for word in "host differs", "kernel differs", "number of CPUs differs", "CPU quota differs", "frequency", "lost":
            self.assertTrue([w for w in doc["warnings"] if word in w], word)
        self.assertEqual(self.diff(self.sessions("old", 2), self.sessions("new", 2))["warnings"], [])

    def test_warning_of_a_busy_machine(self):
        def busy(share):
            s = section("decode", 0.01)
            s["self_wall"].update(cpu_s=10 * (1 - share), lock_s=0.0, runqueue_s=10 * share)
            return session([s])
        paths = self.sides([busy(0.03)], [busy(0.64)])
        self.assertRegex(" ".join(self.diff(*paths)["warnings"]), "NEW waited 64.0% .*OLD 3.0%.*--metric cpu")

    def test_only_on_one_side(self):
        paths = self.sides([session([section("a", 0.01), section("gone", 0.01)])], [session([section("a", 0.01), section("fresh", 0.01)])])
        text = run("diff", *paths[0], *paths[1]).stdout.decode()
        self.assertRegex(text, r"ONLY IN OLD\ngone[^\n]*\n\nONLY IN NEW\nfresh")


class Formats(Sides):
    def sides(self):
        return self.sessions("old", 4), self.sessions("new", 4, {"decode": 2})

    def test_csv(self):
        old, new = self.sides()
        lines = list(csv.DictReader(io.StringIO(run("diff", *old, "--", *new, "-f", "csv").stdout.decode(), newline="")))
        found = {(line["name"], line["metric"]): line for line in lines}
        self.assertEqual(found["decode", "mean"]["verdict"], "slower")
        self.assertAlmostEqual(float(found["decode", "mean"]["change"]), 1, delta=0.2)
        self.assertEqual(found["decode", "p99"]["change"], "")     # 500 calls a session are too few

    def test_junit(self):
        old, new = self.sides()
        done = run("diff", *old, "--", *new, "-f", "junit", "--fail-if", "decode:mean>+10%", "--fail-if", "load:mean>+10%")
        suite = xml.etree.ElementTree.fromstring(done.stdout)
        self.assertEqual((done.returncode, suite.get("tests"), suite.get("failures")), (3, "2", "1"))
        failed = [case.get("classname") for case in suite if case.find("failure") is not None]
        self.assertEqual(failed, ["decode"])

    def test_markdown_is_safe(self):
        """A name that is markup stays a name, and no cell ends within it."""
        evil = "a|b `c` [x](http://y) <script> @someone *d*"
        paths = [save(self.path("%s%d.json" % (side, i)), session([section(evil, 0.01 * (1 + i / 100) * factor)]))
                 for side, factor in (("o", 1), ("n", 2)) for i in range(4)]
        text = run("diff", *paths[:4], "--", *paths[4:], "-f", "md").stdout.decode()
        for word in "<script>", "@someone", "](http", "`c`", "*d*":
            self.assertNotIn(word, text.replace("\\*", "").replace("\\`", "").replace("\\]", ""))
        row = next(line for line in text.splitlines() if line.startswith("| a"))
        self.assertEqual(row.replace("\\|", "").count("|"), 8)
        self.assertTrue(text.startswith("* **slower**: "))

    def test_html(self):
        """The page has no script and no link, and a picture of the calls of both sides whose bars add up to all calls."""
        evil = '</title><script>alert(1)</script>"\'><img src=x>'
        old, new = ([save(self.path("%s%d.json" % (side, i)), session([section(evil, mean * (1 + i / 100)), section("decode", 0.01)]))
                     for i in range(4)] for side, mean in (("o", 0.01), ("n", 0.02)))
        done = run("diff", *old, "--", *new, "-f", "html")
        page = done.stdout.decode()
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        for word in "<script", "<img", "<a ", "<link", "url(":
            self.assertNotIn(word, page)
        self.assertIn("default-src 'none'", page)
        self.assertIn("<dt>slower</dt>", page)
        charts = page.split("<svg ")[1:]
        self.assertEqual(len(charts), 2)
        for chart in charts:
            tree = xml.etree.ElementTree.fromstring("<svg " + chart.split("</svg>")[0] + "</svg>")
            sides = {g.get("class"): [float(r.find("title").text.split()[1].rstrip("%")) for r in g] for g in tree.iter("g")}
            self.assertEqual(set(sides), {"old", "new"})
            for shares in sides.values():
                self.assertAlmostEqual(sum(shares), 100, delta=1)

    def test_text_begins_with_the_verdict(self):
        old, new = self.sides()
        lines = run("diff", *old, "--", *new).stdout.decode().splitlines()
        self.assertTrue(lines[0].startswith("OLD ") and lines[1].startswith("NEW "))
        self.assertRegex(lines[3], r"slower +decode: mean \+\d")
        self.assertTrue(all(len(line) <= 130 for line in lines), lines)

    def test_sections_and_order(self):
        old, new = self.sides()
        doc = self.diff(old, new, "--sections", "*code", "--sort", "name")
        self.assertEqual([s["name"] for s in doc["compared"]], ["decode", "encode"])

    def test_help(self):
        done = run("diff", "--help")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        for word in b"--fail-if", b"--metric", b"--inconclusive", b"OLD.json":
            self.assertIn(word, done.stdout)


class Wrong(Sides):
    def test_command_line(self):
        for args, word in ((["diff"], "OLD.json"), (["diff", "a.json"], "NEW.json"), (["diff", "--", "a.json"], "OLD.json"),
                           (["diff", "a", "b", "c"], "--"), (["diff", "a", "b", "--metric", "x"], "--metric"),
                           (["diff", "a", "b", "--fail-if", "x"], "--fail-if"), (["diff", "a", "b", "--per", "x"], "--per"),
                           (["diff", "a", "b", "--confidence", "2"], "--confidence"), (["diff", "a", "b", "-f", "svg"], "junit"),
                           (["diff", "a", "b", "--min-effect", "x"], "--min-effect"), (["diff", "a", "b", "--sort", "x"], "--sort"),
                           (["diff", "a", "b", "--inconclusive", "x"], "--inconclusive"), (["diff", "a", "b", "--fial-if"], "--fail-if"),
                           (["diff", "a", "b", "-p", "1"], "-p"), (["diff", *["a"] * 65, "--", "b"], "64")):
            with self.subTest(args[:5]):
                self.one_line(run(*args), 2, word)
        self.one_line(run(b"diff", b"a", b"b", b"--fail-if", EVIL), 2)

    def test_sessions(self):
        good = self.sessions("old", 1)[0]
        self.one_line(run("diff", good, self.path("none.json")), 1, "none.json", "No such file")
        for data, word in ((b"", "bad.json"), (b"\0" * 4096, "bad.json"), (b"{}", "not a session"), (b"[" * 100000, "bad.json"),
                           (b'{"tool": "dcbs-bpfprof", "schema": 7}', "schema 7")):
            with open(self.path("bad.json"), "wb") as f:
                f.write(data)
            for args in ((good, self.path("bad.json")), (self.path("bad.json"), good)):
                self.one_line(run("diff", *args, timeout=20), 1, word)
        with open(GOLDEN, "rb") as f:
            data = f.read().rstrip()
        for i in range(0, len(data), len(data) // 20):
            with open(self.path("cut.json"), "wb") as f:
                f.write(data[:i])
            self.one_line(run("diff", GOLDEN, self.path("cut.json"), timeout=20), 1, "cut.json")

    def test_nothing_in_common(self):
        a, b = (save(self.path(name), session([section(name, 0.01)])) for name in ("a", "b"))
        self.one_line(run("diff", a, b), 1, "no section")
        self.assertEqual(run("diff", a, b, "--force").returncode, 0)
        self.one_line(run("diff", a, b, "--force", "--fail-if", "x:mean>+5%"), 1, "--fail-if", "no session")

    def test_hostile_sessions(self):
        """Numbers that no run has, parents in a circle, and names with control characters: an answer, and no control character."""
        rng, evil = random.Random(1), EVIL.decode("utf-8", "replace").replace("\r\n", "")
        for _ in range(30):
            paths = []
            for side in "on":
                for i in range(4):
                    values = [rng.choice((0.0, 1e-300, 1e17, 0.01, None)) for _ in range(4)]
                    sections = [section(evil, 0.01, parent="b"), section("b", 0.01, parent=evil), section("c", 0.01, parent="c")]
                    for s in sections:
                        s.update(zip(("mean_s", "total_s", "self_s", "p50_s"), values), count=rng.choice((0, 1, 1 << 62, None)))
                        s["wall"].update(cpu_s=values[0], lock_s=values[1])
                    paths.append(save(self.path("%s%d.json" % (side, i)), session(sections, rng.choice((0.0, 1e-9, 10.0, 1e17)))))
            for fmt in "text", "json", "csv", "md", "junit", "html":
                done = run("diff", *paths[:4], "--", *paths[4:], "-v", "-f", fmt, "--fail-if", "*:mean>+5%", timeout=20)
                self.assertIn(done.returncode, (0, 1, 3), done.stderr)
                self.assertEqual(controls(done.stdout.replace(b"\r\n", b"\n")), [], fmt)
                if fmt == "json":
                    json.loads(done.stdout)


@needs_bpf
class Measured(Sides):
    def record(self, name, percent):
        """A session of the program, and what it says of itself."""
        path = self.path(name)
        done = run("-q", "-o", path, "--", target_program("versions"), "--percent", percent, "--rounds", 80)
        self.assertEqual(done.returncode, 0, done.stderr)
        return path, json.loads(done.stderr.decode().strip().splitlines()[-1])["sections"]

    def test_two_versions(self):
        """Sessions in turns. The section that does three times the work is slower, and the values are those of the program's own clock."""
        sides = [[], []]
        for i in range(4):
            for side, percent in enumerate((100, 300)):
                sides[side].append(self.record("%d%d.json" % (side, i), percent))
        doc = self.diff(*([path for path, _ in side] for side in sides), "-m", "cpu", "-m", "mean", "--min-effect", "50%")
        self.assertEqual(self.verdicts(doc, "cpu"), {"changed": "slower", "steady": "no-change"})
        self.assertAlmostEqual(self.of(doc, "changed", "cpu")["change"], 2, delta=0.3)
        for name in "steady", "changed":
            found = self.of(doc, name, "mean")
            for side, value in zip(sides, (found["old"], found["new"])):
                inside, around = (sum(math.log(times["total_ns"] / times["count"]) for times in all_times) / 4
                                  for all_times in zip(*((truth[name], dict(truth[name]["around"], count=truth[name]["count"]))
                                                         for _, truth in side)))
                self.assertTrue(inside - 1e-6 <= math.log(value * 1e9) <= around + 1e-6, (name, inside, value, around))
        warnings = " ".join(doc["warnings"])
        self.assertIn("the command differs", warnings)
        for word in "host differs", "kernel differs", "CPUs differs":
            self.assertNotIn(word, warnings)


class Large(Sides):
    def test_time(self):
        """500 sections and 20,000 functions: in the CPU time that reading both documents takes, and not much more."""
        paths = []
        for name in "old", "new":
            rng = random.Random(name)
            sections = [section("s%d" % i, 0.001 * rng.random() + 1e-4) for i in range(500)]
            functions = [{"section": "s%d" % (i // 40), "function": "f%d" % i, "file": "/lib/x%d.so" % (i % 7), "line": i, "self_s": rng.random(),
                          "cumulative_s": 1.0, "self_s_error": 0.01, "cumulative_s_error": 0.01} for i in range(20000)]
            paths.append(save(self.path(name + ".json"), session(sections, functions=functions)))
        times = []
        for args in (["report", paths[0]], ["diff", *paths]):
            best = math.inf
            for _ in range(2):
                start = time.monotonic()
                self.assertEqual(run(*args).returncode, 0)
                best = min(best, time.monotonic() - start)
            times.append(best)
        self.assertLess(times[1], 20 * times[0] + 1)
