# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Flame graphs of a saved session, read by other parsers, and by a browser if there is one."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

from browser import Browser
from launch import BUDGET, Target, profile, run
from needs import needs_bpf
from paths import BUILD, PROFILER, PYTHON, golden
from reports import save_session

SESSION = golden("functions.json")
SVG = "{http://www.w3.org/2000/svg}"
CHROMIUM = os.environ.get("DCBS_CHROMIUM") or shutil.which("chromium")

# Does what a user does, in this order, and leaves what it saw in the title of the document.
USER = """
var seen = [], all = Array.from(document.querySelectorAll(".f"));
function frame(name) { return all.find(e => e.querySelector("title").textContent.startsWith(name)); }
function shown() { return all.filter(e => e.style.display !== "none").length; }
function search(s) {
	document.getElementById("search").value = s;
	document.getElementById("search").dispatchEvent(new Event("input"));
	seen.push(document.querySelectorAll(".m").length, document.getElementById("found").textContent);
}
seen.push(shown());
frame("Block.forward").dispatchEvent(new MouseEvent("click"));
seen.push(shown(), frame("Block.forward").getAttribute("width"), frame("forward_pass").getAttribute("width"));
search("^take_gil");
search("(");
document.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape"}));
seen.push(shown(), frame("Block.forward").querySelector("text").textContent);
document.querySelector("title").textContent = "seen " + JSON.stringify(seen);
"""


def render(path, form, *options):
    done = subprocess.run([PROFILER, "report", path, "-f", form, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout


class Flame(unittest.TestCase):
    def setUp(self):
        with open(SESSION) as f:
            self.session = json.load(f)
        self.time_s = sum(s[1] + s[2] for s in self.session["stacks"])

    def hostile(self):
        """Names that would end an attribute, a comment or a script, or begin one."""
        names = ["<script>alert(1)</script>", "]]>", "a;b", "&amp;", "\"'", "</title></svg>", "-->", "x\u202ey", " 7", "a\\b"]
        session = dict(self.session, frames=[{"function": n, "file": "/tmp/" + n, "line": 1, "python": True} for n in names])
        session["stacks"] = [[n, 1, 0, 1, [i]] for i, n in enumerate(names)]
        return save_session(self, session), names

    def test_folded(self):
        lines = [re.fullmatch(r"(.+) (\d+)", line) for line in render(SESSION, "folded").splitlines()]
        self.assertTrue(all(lines))
        self.assertAlmostEqual(sum(int(m[2]) for m in lines) / 1e6, self.time_s, 4)
        self.assertEqual(len({m[1] for m in lines}), len(lines))
        waiting = sum(int(m[2]) for m in lines if m[1].split(";")[-1].startswith("[waiting"))
        self.assertAlmostEqual(waiting / 1e6, sum(s[2] for s in self.session["stacks"]), 4)

    def test_svg(self):
        root = ElementTree.fromstring(render(SESSION, "svg").encode())
        frames = [e for e in root.iter(SVG + "svg") if "f" in e.get("class", "").split()]
        self.assertEqual(frames[0].find(SVG + "title").text, "all sections\n%.6f s, 3,560 samples" % self.time_s)
        self.assertEqual(len([f for f in frames if "s" in f.get("class").split()]), 5)
        for element in root.iter():
            for key, value in element.items():
                self.assertNotIn("href", key)
                self.assertFalse(value.startswith("http"), "%s=%s" % (key, value))

    def test_any_size(self):
        """With any numbers the SVG is a valid document, without the frames that are too narrow to be seen."""
        for times in (1, 1e-3, 1e-5), (1e17, 1e-9, 0), (0, 0, 0), (1e-12, 1e-12, 1e-12):
            with self.subTest(times):
                stacks = [["s", t, 0, 0, [i]] for i, t in enumerate(times)]
                root = ElementTree.fromstring(render(save_session(self, dict(self.session, stacks=stacks)), "svg").encode())
                functions = [e for e in root.iter(SVG + "svg") if e.get("class", "").startswith("f p")]
                self.assertEqual(len(functions), sum(t >= 1e-4 * sum(times) for t in times if t))

    def test_many_frames(self):
        """More frames than a browser draws with ease: the narrowest are left out."""
        stacks = [["s", 1 + i % 2, 0, 1, [i % 10, i // 10 % 10, i // 100 % 10, i // 1000 % 10]] for i in range(9000)]
        drawn = render(save_session(self, dict(self.session, stacks=stacks)), "svg")
        self.assertIn("narrower than", drawn)
        self.assertTrue(1000 < drawn.count('<svg class="f ') <= 15002)
        ElementTree.fromstring(drawn.encode())

    def test_speedscope(self):
        doc = json.loads(render(SESSION, "speedscope"))
        frames = doc["shared"]["frames"]
        self.assertEqual(doc["$schema"], "https://www.speedscope.app/file-format-schema.json")
        self.assertAlmostEqual(sum(sum(p["weights"]) for p in doc["profiles"][1:]), self.time_s, 9)
        self.assertAlmostEqual(sum(doc["profiles"][0]["weights"]), self.time_s, 9)
        for profile in doc["profiles"]:
            self.assertEqual((profile["type"], profile["unit"], profile["startValue"]), ("sampled", "seconds", 0))
            self.assertEqual(len(profile["samples"]), len(profile["weights"]))
            self.assertAlmostEqual(profile["endValue"], sum(profile["weights"]), 9)
            self.assertTrue(all(0 <= i < len(frames) for sample in profile["samples"] for i in sample))
        self.assertEqual(frames[doc["profiles"][1]["samples"][0][0]]["name"], "_run_module_as_main")
        everything, first = doc["profiles"][:2]
        self.assertEqual((doc["activeProfileIndex"], everything["name"]), (0, "(all sections)"))
        self.assertEqual(frames[everything["samples"][0][0]]["name"], first["name"])
        self.assertEqual(everything["samples"][0][1:], first["samples"][0])

    def test_hostile_names(self):
        path, names = self.hostile()
        root = ElementTree.fromstring(render(path, "svg").encode())
        known = {SVG + t for t in ("svg", "title", "style", "rect", "text", "g", "foreignObject", "script")}
        self.assertEqual({e.tag for e in root.iter() if "xhtml" not in e.tag}, known)
        self.assertEqual(len(list(root.iter(SVG + "script"))), 1)
        titles = "\n".join(t.text for t in root.iter(SVG + "title"))
        for name in names:
            self.assertIn(name.replace("\u202e", r"\xE2\x80\xAE"), titles)
        lines = render(path, "folded").splitlines()
        self.assertEqual(len(lines), len(names))
        self.assertTrue(all(line.count(";") == 1 and line.endswith(" 1000000") for line in lines), lines)
        profiles = json.loads(render(path, "speedscope"))["profiles"]
        self.assertEqual([p["name"] for p in profiles[1:]], [n.replace("\u202e", r"\xE2\x80\xAE") for n in names])

    def test_order(self):
        for key, field, sign in (("tottime", "self_s", -1), ("cumtime", "cumulative_s", -1), ("name", "function", 1)):
            with self.subTest(key):
                functions = json.loads(render(SESSION, "json", "-S", key))["functions"]
                values = [f[field] for f in functions if f["section"] == "forward_pass"]
                self.assertEqual(values, sorted(values, reverse=sign < 0))
                self.assertEqual(len(functions), len(self.session["functions"]))

    @unittest.skipUnless(CHROMIUM, "there is no chromium")
    def test_browser(self):
        with tempfile.TemporaryDirectory() as folder:
            drawn = render(SESSION, "svg")
            path = os.path.join(folder, "x.svg")
            with open(path, "w") as f:
                f.write(drawn[:drawn.rindex("</svg>")] + "<script><![CDATA[%s]]></script></svg>" % USER)
            done = subprocess.run([CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=" + folder,
                                   "--window-size=1200,500", "--dump-dom", "file://" + path], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True, timeout=120)
        frames = drawn.count('<svg class="f ')
        seen = json.loads(re.search(r"<title>seen (\[.*?\])</title>", done.stdout)[1])
        self.assertEqual(seen, [frames, 19, "100%", "100%", 1, "matched: 7.4%", 0, "", frames, "Block.forward (model.py)"])

    @unittest.skipUnless(CHROMIUM, "there is no chromium")
    def test_narrow_and_dark(self):
        """At 500 pixels nothing that is to be used lies beyond the edge, and the dark picture is light on dark."""
        light = "(e => getComputedStyle(e).fill.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0))(document.querySelector('%s'))"
        beyond = "[...document.querySelectorAll('input, button, #details, .f')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).length"
        browser = Browser(width=500, height=600, dark=True)
        self.addCleanup(browser.close)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "x.svg")
            with open(path, "w") as f:
                f.write(render(SESSION, "svg"))
            browser.open(path)
        self.assertEqual(browser.see(beyond), 0)
        self.assertLess(browser.see(light % ".b"), 150)
        self.assertGreater(browser.see(light % ".h"), 600)
        browser.click("[...document.querySelectorAll('.f')].find(e => e.textContent.startsWith('Block.forward'))")
        self.assertIn("hottest line in forward_pass", browser.see("document.getElementById('details').textContent"))
        self.assertEqual(browser.see("document.getElementById('details').scrollWidth > document.getElementById('details').clientWidth"), False)
        self.assertEqual((browser.see(beyond), browser.errors), (0, []))


NESTED = """
import time
from dcbs_profiler import PerformanceProfiler
section = PerformanceProfiler().profile_section
def compute(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
with section("before"):
    pass
print("ready", flush=True)
input()
with section("outer"):
    compute(0.3)
    with section("middle"):
        compute(0.1)
        with section("inner"):
            compute(0.2)
            time.sleep(0.1)
    with section("last"):
        compute(0.2)
with section("beside"):
    compute(0.2)
print("{}", flush=True)
input()
"""


@needs_bpf
class NestedSections(unittest.TestCase):
    """Sections inside one another, drawn inside one another, with the exact times that the report has."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.path = os.path.join(folder.name, "x.json")
        with Target("-c", NESTED, python=True) as target:
            report, _ = profile(target, "-F", "499", "-o", cls.path)
        cls.sections = {s["name"]: s for s in report["sections"]}

    def test_folded(self):
        times = {name: 0 for name in self.sections}
        for line in render(self.path, "folded").splitlines():
            frames, us = line.rsplit(" ", 1)
            chain = [name for name in frames.split(";") if name in self.sections]
            self.assertEqual(frames.split(";")[:len(chain)], chain)
            self.assertIn(chain, [["outer"], ["outer", "middle"], ["outer", "middle", "inner"], ["outer", "last"], ["beside"], ["(outside)"]])
            for name in chain:
                times[name] += int(us) / 1e6
        for name in "outer", "middle", "inner", "last", "beside":
            self.assertAlmostEqual(times[name], self.sections[name]["total_s"], delta=0.01 * self.sections[name]["total_s"])

    def test_svg(self):
        """A section lies within the width of the section around it, and its time is the report's."""
        root = ElementTree.fromstring(render(self.path, "svg").encode())
        places = {}
        for e in root.iter(SVG + "svg"):
            if "s" in e.get("class", "").split():
                left, name = float(e.get("x")[:-1]), e.find(SVG + "title").text.split("\n")[0]
                places[name] = left, left + float(e.get("width")[:-1]), float(e.get("y")), float(e.find(SVG + "title").text.split("\n")[1].split()[0])
        for inner, outer in ("middle", "outer"), ("inner", "middle"), ("last", "outer"):
            self.assertGreaterEqual(places[inner][0], places[outer][0] - 1e-4)
            self.assertLessEqual(places[inner][1], places[outer][1] + 1e-4)
            self.assertEqual(places[inner][2] - places[outer][2], 18)
            self.assertAlmostEqual(places[inner][3], self.sections[inner]["total_s"], delta=0.01 * self.sections[inner]["total_s"])

    def test_speedscope(self):
        """The first profile has all sections nested; the others have their own stacks, once each."""
        doc = json.loads(render(self.path, "speedscope"))
        everything, single = doc["profiles"][0], doc["profiles"][1:]
        self.assertAlmostEqual(sum(everything["weights"]), sum(sum(p["weights"]) for p in single), 6)
        for profile in single:
            self.assertAlmostEqual(sum(profile["weights"]), self.sections[profile["name"]]["self_s"],
                                   delta=0.01 * self.sections[profile["name"]]["self_s"] + 1e-3)
        names = [frame["name"] for frame in doc["shared"]["frames"]]
        inner = sum(w for s, w in zip(everything["samples"], everything["weights"]) if [names[i] for i in s[:3]] == ["outer", "middle", "inner"])
        self.assertAlmostEqual(inner, self.sections["inner"]["total_s"], delta=0.01 * self.sections["inner"]["total_s"])


@needs_bpf
class LostCallers(unittest.TestCase):
    def test_one_root(self):
        """If a stack is deeper than a sample reaches, and has no frame pointers, its outermost frame says that callers are missing."""
        with tempfile.TemporaryDirectory() as folder, Target("deep", 0.5, hold=True) as target:
            path = os.path.join(folder, "x.json")
            _, truth = profile(target, "-F", "499", "-o", path)
            lines = [line.rsplit(" ", 1) for line in render(path, "folded").splitlines()]
        computing = [(frames, int(us) / 1e6) for frames, us in lines if "kernel (deep.c)" in frames]
        self.assertEqual({frames.split(";")[1] for frames, _ in computing}, {"(callers unknown)"})
        self.assertAlmostEqual(sum(s for _, s in computing), truth["inside_s"], delta=0.15 * truth["inside_s"])
        whole = [frames for frames, _ in lines if ";main (deep.c)" in frames]
        self.assertEqual([frames for frames in whole if "(callers unknown)" in frames], [])


HOSTILE = ["<script>alert(1)</script>", "a;b", "]]>", "&amp;\"'", "</svg>", "x\ny", "-->", "a\\b", "\u202e", "7", "gr\u00f6\u00dfe", " "]
TARGET = """
import time
from dcbs_profiler import PerformanceProfiler
def compute(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
def rest(seconds):
    time.sleep(seconds)
for name in %s:
    with PerformanceProfiler().profile_section(name):
        compute(0.15)
        rest(0.05)
time.sleep(0.3)
""" % ascii(HOSTILE)
FORMATS = {"json": ".json", "html": ".html", "folded": ".folded", "svg": ".svg", "speedscope": ".speedscope.json", "text": ".txt"}


@needs_bpf
class Outputs(unittest.TestCase):
    """One run in all formats: they agree, and the saved session gives the same again."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.paths = {name: os.path.join(folder.name, "x" + suffix) for name, suffix in FORMATS.items()}
        outputs = [word for path in cls.paths.values() for word in ("-o", path)]
        cls.done = run("-F", "499", *BUDGET, *outputs, "--", PYTHON, "-c", TARGET, env=dict(os.environ, PYTHONPATH=os.path.join(BUILD, "python")))
        if cls.done.returncode:
            raise AssertionError(cls.done.stderr)
        cls.written = {}
        for name, path in cls.paths.items():
            with open(path, newline="") as f:
                cls.written[name] = f.read()
        cls.session = json.loads(cls.written["json"])

    def seconds(self, section):
        """The stacks of one section, and the stacks that wait."""
        stacks = [s for s in self.session["stacks"] if s[0] == section]
        return sum(s[1] + s[2] for s in stacks), sum(s[2] for s in stacks)

    def lines(self, section):
        start = section.replace(";", r"\x3B") + ";"
        return [line for line in self.written["folded"].splitlines() if line.startswith(start)]

    def names(self):
        names = [s["name"] for s in self.session["sections"]]
        self.assertEqual(len(names), len(HOSTILE) + 1)
        return names

    def test_again(self):
        for name in FORMATS:
            if name != "json":
                self.assertEqual(render(self.paths["json"], name), self.written[name], name)
        self.assertEqual(json.loads(render(self.paths["json"], "json")), self.session)

    def test_stacks(self):
        """The functions of a section account for all of its self time."""
        for section in self.session["sections"]:
            time_s, waiting_s = self.seconds(section["name"])
            self.assertAlmostEqual(time_s, section["self_s"], delta=0.01 * section["self_s"])
            if section["name"] != "(outside)":
                self.assertAlmostEqual(waiting_s, section["self_s"] - section["wall"]["cpu_s"], delta=0.01 * section["self_s"])
                functions = {self.session["frames"][i]["function"] for s in self.session["stacks"] if s[0] == section["name"] for i in s[4]}
                self.assertLessEqual({"<module>", "compute", "rest"}, functions)

    def test_folded(self):
        for name in self.names():
            lines, (time_s, waiting_s) = self.lines(name), self.seconds(name)
            rounded_s = 1e-6 * sum(s[0] == name for s in self.session["stacks"])    # some to no line
            self.assertAlmostEqual(sum(int(line.rsplit(" ", 1)[1]) for line in lines) / 1e6, time_s, delta=rounded_s)
            waits = [int(line.rsplit(" ", 1)[1]) for line in lines if line.rsplit(";", 1)[1].startswith("[waiting")]
            self.assertAlmostEqual(sum(waits) / 1e6, waiting_s, delta=rounded_s)
        self.assertEqual(sum(len(self.lines(name)) for name in self.names()), len(self.written["folded"].splitlines()))

    def test_svg(self):
        root = ElementTree.fromstring(self.written["svg"].encode())
        sections = [e for e in root.iter(SVG + "svg") if "s" in e.get("class", "").split()]
        titles = {e.find(SVG + "title").text for e in sections}
        for name in self.names():
            self.assertTrue([t for t in titles if t.startswith(name + "\n%.6f s" % (self.seconds(name)[0] + 1e-10))], (name, titles))
        self.assertEqual(len(list(root.iter(SVG + "script"))), 1)

    def test_speedscope(self):
        profiles = json.loads(self.written["speedscope"])["profiles"][1:]
        self.assertEqual(sorted(p["name"] for p in profiles), sorted(self.names()))
        for profile in profiles:
            self.assertAlmostEqual(sum(profile["weights"]), self.seconds(profile["name"])[0], places=9)

    def test_no_stacks(self):
        """--frequency 0: there are no stacks, and the message says so."""
        with tempfile.TemporaryDirectory() as folder:
            paths = {name: os.path.join(folder, "x" + FORMATS[name]) for name in ("folded", "svg", "speedscope", "json")}
            done = run("-q", "-F", "0", *[word for path in paths.values() for word in ("-o", path)], "--", "true")
            said = done.stderr.decode().splitlines()
            self.assertEqual(done.returncode, 0)
            self.assertEqual([line for line in said if "no stacks" in line],
                             ["dcbs-bpfprof: %s: no stacks, they are sampled with a --frequency above 0" % paths[name]
                              for name in ("folded", "svg", "speedscope")])
            self.assertEqual(os.path.getsize(paths["folded"]), 0)
            self.assertIn("no samples of the stack", render(paths["json"], "svg"))
            with open(paths["json"]) as f:
                session = json.load(f)
            self.assertEqual((session["functions"], session["stacks"]), ([], []))
