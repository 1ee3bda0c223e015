# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The report as a page: what is in it, what cannot be in it, and what a user sees of it in a browser."""
import base64
import hashlib
import html.parser
import json
import os
import tempfile
import unittest

from browser import CHROMIUM, Browser
from paths import golden
from test_flame import render

SESSION = golden("functions.json")
MIB = 1 << 20
HOSTILE = ["<script>document.title = 'run'</script>", "<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>",
           "<!--", "]]>", "&amp;\"'`${1}", "\\", "\\u003c/script>", "x\u202ey", "javascript:alert(3)", " ", "7",
           "gr\u00f6\u00dfe", "</title></style>"]


class Reader(html.parser.HTMLParser):
    """The elements of a page as (tag, attributes), and the texts of its scripts and styles."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.texts, self.inside = [], [], None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.inside = tag
        if tag in ("script", "style"):
            self.texts.append([tag, dict(attributes), ""])

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside in ("script", "style"):
            self.texts[-1][2] += data

    def text(self, tag, name=None):
        return next(text for found, attributes, text in self.texts if found == tag and attributes.get("id") == name)

    def data(self, name):
        return json.loads(self.text("script", name))


class Sessions(unittest.TestCase):
    made = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        with open(SESSION) as f:
            self.session = json.load(f)

    def saved(self, session):
        path = os.path.join(self.folder, "session.json")
        with open(path, "w") as f:
            json.dump(session, f)
        return path

    def hostile(self):
        """A session in which all names are hostile."""
        session, names = json.loads(json.dumps(self.session)), HOSTILE
        session["target"].update(comm=names[0], command=" ".join(names))
        model = session["sections"][0]
        session["sections"] = [dict(model, name=name, parent=names[i - 1] if i % 3 else None) for i, name in enumerate(names)]
        session["functions"] = [dict(session["functions"][0], section=n, function=n, file="/tmp/" + n) for n in names]
        session["frames"] = [{"function": n, "file": "/tmp/" + n, "line": 1, "python": True} for n in names]
        session["stacks"] = [[n, 1, 0, 1, [i]] for i, n in enumerate(names)]
        session["bottlenecks"] = [dict(b, section=n, evidence=n, suggestion=n) for b, n in zip(session["bottlenecks"], names)]
        session["threads"] = [dict(session["threads"][0], name=n) for n in names]
        session["caches"] = [dict(session["caches"][0], name=n) for n in names]
        session["notes"] = names
        return session

    def many(self):
        """A session of 100,000 functions in 500 sections, with as many stacks, and a name of a megabyte."""
        session = json.loads(json.dumps(self.session))
        section = session["sections"][0]
        session["sections"] = [dict(section, name="section %d" % i, parent=None, total_s=500.0 - i) for i in range(500)]
        session["sections"][0]["name"] = "l\u00f6ng " * 10000
        session["bottlenecks"][0]["evidence"] = "\u00f6" * 30000
        session["functions"] = [{"section": "section %d" % (i // 200), "function": "f%d" % i, "cumulative_s": float(i % 1000),
                                 "self_s": 0.5} for i in range(100000)]
        session["frames"] = [{"function": "f%d" % i, "file": "/a/b.py", "line": i, "python": True} for i in range(100000)]
        session["stacks"] = [["section %d" % (i // 200), 1e-3 * (i % 1000), 0, 1, [i, (i + 7) % 100000]] for i in range(100000)]
        return session

    def many_page(self):
        """The page of many(); it is made once."""
        if not Sessions.made:
            Sessions.made = render(self.saved(self.many()), "html")
        return Sessions.made


def with_named_frames(session):
    """The session with frames in place of their indexes: the page has only frames of its stacks."""
    frames = session.pop("frames")
    for stack in session["stacks"]:
        stack[4] = [frames[i] for i in stack[4]]
    return session


def hash_of(text):
    """As a policy has it."""
    return "'sha256-%s'" % base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


class Page(Sessions):
    def test_sources(self):
        """The policy allows the page's own script and style, by their hashes, and nothing else; no element refers to anything."""
        page = Reader(render(SESSION, "html"))
        policy = next(a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
        self.assertEqual(policy, "default-src 'none'; script-src %s; style-src %s; base-uri 'none'; form-action 'none'" %
                         (hash_of(page.text("script")), hash_of(page.text("style"))))
        for tag, attributes in page.elements:
            self.assertFalse({"src", "href", "style", "srcset", "action"} & set(attributes), (tag, attributes))

    def test_session(self):
        """The page has the session as the JSON document has it."""
        page = Reader(render(SESSION, "html"))
        self.assertEqual(with_named_frames(page.data("session")), with_named_frames(json.loads(render(SESSION, "json"))))
        self.assertEqual(set(page.data("left-out").values()), {0})

    def test_answer(self):
        """The sentences of the report as text are in the page, and that report is, too."""
        text, page = render(SESSION, "text"), html.unescape(render(SESSION, "html"))
        self.assertIn(text, page)
        for line in text.splitlines():
            if line.startswith(("slowest ", "why ", "caches ", "cost ")):
                self.assertIn("<dd>" + line[9:], page)

    def test_hostile_names(self):
        page = Reader(render(self.saved(self.hostile()), "html"))
        ours = Reader(render(SESSION, "html"))
        self.assertEqual({tag for tag, _ in page.elements}, {tag for tag, _ in ours.elements})
        self.assertEqual([tag for tag, _ in page.elements if tag == "script"], ["script"] * 3)
        self.assertEqual((page.text("script"), page.text("style")), (ours.text("script"), ours.text("style")))
        expected = [n.replace("\u202e", r"\xE2\x80\xAE") for n in HOSTILE]
        self.assertEqual([s["name"] for s in page.data("session")["sections"]], expected)
        self.assertEqual(page.data("session")["notes"], expected)

    def test_many_functions(self):
        """A page is bounded: it has the functions and stacks with most time, and says what it left out."""
        written = self.many_page()
        self.assertLess(len(written), 8 * MIB)
        page = Reader(written)
        session, left = page.data("session"), page.data("left-out")
        self.assertEqual((len(session["functions"]), left["functions"]), (4000, 96000))
        self.assertTrue(all(f["cumulative_s"] >= 960 for f in session["functions"]))
        self.assertEqual((len(session["sections"]), left["sections"]), (300, 200))
        self.assertEqual(len(session["stacks"]) + left["stacks"], 100000)
        kept_s = sum(s[1] for s in session["stacks"])
        self.assertAlmostEqual(kept_s + left["stacks_s"], sum(1e-3 * (i % 1000) for i in range(100000)), 3)
        self.assertTrue(all(session["frames"][i]["function"] for s in session["stacks"] for i in s[4]))
        self.assertLess(max(len(s["name"]) for s in session["sections"]), 1100)
        self.assertLess(max(len(line) for line in written[:written.index("<pre>")].splitlines()), 5000)
        self.assertNotIn("\\xC3", written)

    def test_any_session(self):
        """Sessions without data are pages, too."""
        for name in "evaluation", "measured", "processes":
            page = Reader(render(golden(name + ".json"), "html"))
            session = json.loads(render(golden(name + ".json"), "json"))
            self.assertEqual(with_named_frames(page.data("session")), with_named_frames(session))


def with_slices(session, ends=False):
    """A session as a profiler with time slices writes it: the second half of the window is slower, one slice is unknown.

    With `ends` the slices differ in length: the last one ends after 40 s, the one before after 36.1 s.
    """
    nr = 20
    session["slices"] = {"width_s": session["window"]["duration_s"] / nr, "count": nr,
                         "rss_bytes": [100 * MIB + i * MIB for i in range(nr)]}
    session["slices"]["rss_bytes"][3] = None
    if ends:
        session["slices"].update(end_s=[(i + 1) ** 2 * 0.1 for i in range(nr)], left_out=3)
    for section in session["sections"]:
        total = [0.5 + (i >= nr / 2) for i in range(nr)]
        section["slices"] = {"count": [10] * nr, "total_s": total, "cpu_s": [t / 2 for t in total],
                             "gil_s": [t / 2 for t in total]}
        section["slices"]["total_s"][3] = section["slices"]["count"][3] = None
        section["slowest"] = [{"at_s": 1.5, "duration_s": 0.4, "pid": 4242, "tid": 4243, "items": None, "flow": True,
                               "wall": {"cpu_s": 0.3, "disk_s": 0.1}, "frames": ["main", "<b>inner</b>"]},
                              {"at_s": 3.5, "duration_s": 0.3, "pid": 4242, "tid": 4242, "items": 7, "flow": False,
                               "wall": None, "frames": None}]
    return session


@unittest.skipUnless(CHROMIUM, "there is no chromium")
class InBrowser(Sessions):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        super().setUp()
        self.browser.errors.clear()
        self.browser.requests.clear()

    def tearDown(self):
        """The page asks for nothing, and its script and its policy have no complaint."""
        self.assertEqual(self.browser.requests, [])
        self.assertEqual(self.browser.errors, [])

    def show(self, path, edit=None):
        """Opens the page of a saved session. `edit` changes the session in the page."""
        return self.show_page(render(path, "html"), edit)

    def show_page(self, page, edit=None):
        if edit:
            start = page.index(">", page.index('id="session"')) + 1
            end = page.index("</script>", start)
            page = page[:start] + json.dumps(edit(json.loads(page[start:end]))).replace("<", "\\u003c") + page[end:]
        place = os.path.join(self.folder, "page.html")
        with open(place, "w") as f:
            f.write(page)
        self.browser.open(place)
        return self.browser

    def choose(self, name, word):
        """Chooses from a list, as a click on it and on the word does."""
        self.browser.see("(e => { e.value = Array.from(e.options).find(o => o.text === '%s').value; "
                         "e.dispatchEvent(new Event('change')); })(document.getElementById('%s'))" % (word, name))

    def test_clicks(self):
        browser = self.show(SESSION)
        rows = "document.querySelectorAll('#sections tbody:first-of-type > tr.opens').length"
        self.assertEqual(browser.see(rows), len(self.session["sections"]))
        named = "Array.from(document.querySelectorAll('#sections tr.opens')).find(e => e.cells[0].textContent === '%s')"
        details = "document.querySelectorAll('#sections tr.detail').length"
        self.assertEqual(browser.see(details), 1)      # the slowest section is open
        browser.click(named % "answer_question" + ".cells[0]")
        self.assertEqual(browser.see(details), 2)
        self.assertIn("98.6 ms", browser.see(named % "answer_question" + ".nextSibling.textContent"))
        browser.click(named % "answer_question" + ".cells[0]")
        self.assertEqual(browser.see(details), 1)

    def test_order(self):
        browser = self.show(SESSION)
        rows = "document.querySelectorAll('#functions tr.opens').length"
        one = browser.see(rows)
        self.choose("functions-section", "all sections")
        self.assertGreater(browser.see(rows), one)
        head = "Array.from(document.querySelectorAll('#functions th button')).find(e => e.textContent === '%s')"
        column = "Array.from(document.querySelectorAll('#functions tbody tr.opens'), e => e.cells[%d].textContent)"
        browser.click(head % "function")
        names = browser.see(column % 0)
        self.assertEqual(names, browser.see("%s.slice().sort((a, b) => a.localeCompare(b))" % (column % 0)))
        browser.click(head % "total")
        self.assertEqual(browser.see(column % 5)[0], "1m02s")
        self.assertEqual(browser.see(head % "total" + ".parentNode.getAttribute('aria-sort')"), "descending")

    def test_search(self):
        browser = self.show(SESSION)
        browser.press("/")
        self.assertEqual(browser.see("document.activeElement.id"), "search")
        for letter in "sgemm":
            browser.press(letter)
        browser.wait("document.querySelector('.found').textContent")
        shown = browser.see("Array.from(document.querySelectorAll('#functions tr.opens'), e => e.cells[0].textContent)")
        self.assertTrue(shown and all("sgemm" in name for name in shown), shown)
        self.assertRegex(browser.see("document.querySelector('.found').textContent"), r"matched: \d")
        browser.press("Escape")
        self.assertEqual(browser.see("document.getElementById('search').value"), "")
        self.assertGreater(browser.see("document.querySelectorAll('#functions tr.opens').length"), len(shown))

    def test_flame(self):
        browser = self.show(SESSION)
        frame = "Array.from(document.querySelectorAll('.frame')).find(e => e.node.name === '%s' && e.node.kind === '%s')"
        time_s = sum(s[1] + s[2] for s in self.session["stacks"])
        self.assertAlmostEqual(browser.see("flame.root.time"), time_s, 6)
        around = browser.see(frame % ("forward_pass", "section") + ".node.parent.name")
        self.assertEqual(around, next(s["parent"] for s in self.session["sections"] if s["name"] == "forward_pass"))
        browser.click(frame % ("forward_pass", "section"))
        self.assertEqual(browser.see(frame % ("forward_pass", "section") + ".style.width"), "100%")
        self.assertIn("forward_pass", browser.see("document.querySelector('.details').textContent"))
        browser.see("document.querySelector('.flame').focus()")
        browser.press("ArrowDown")
        self.assertEqual(browser.see("flame.current.parent.name"), "forward_pass")
        browser.press("Escape")
        self.assertEqual(browser.see("flame.zoomed.name"), "all sections")

    def test_awaiting_and_gpu(self):
        """Where coroutines are suspended, and what was timed in a GPU's driver, as the session has it; names stay text."""
        inner, gpu = {"function": "get", "file": "/a/queues.py", "line": 186}, {"driver_s": 2.0, "wait_s": 1.5, "d2h_bytes": None}
        places = [{"function": "ask <b>", "file": "/srv/ask.py", "line": 17, "tasks": {"mean": 12.5, "max": 30}, "inner": inner},
                  {"function": "rest", "file": None, "line": None, "tasks": {"mean": 2.0, "max": 4}, "inner": None}]
        def edit(session):
            session.update(awaiting={"looks": 40, "others": 1.5, "more": True, "places": places}, gpu_libraries=["libcuda"])
            session["sections"][0]["gpu"] = dict(gpu, level=1, syncs=321, syncs_idle=45, h2d_bytes=3 * MIB, copy_gb_per_s=1.25, spin_s=0.75)
            return session
        browser = self.show(SESSION, edit)
        cells = "Array.from(document.querySelectorAll('#%s tbody tr%s'), e => Array.from(e.cells, c => c.textContent))"
        self.assertEqual(browser.see(cells % ("awaiting", "")), [
            ["12.5", "30", "ask <b>", "ask.py:17", "get", "queues.py:186"], ["2.00", "4", "rest", "-", "-", "-"]])
        self.assertEqual(browser.see(cells % ("gpu", ".opens"))[0][-5:], ["321", "45", "3.00 MiB", "-", "1.25"])

    def test_keys(self):
        browser = self.show(SESSION)
        browser.press("?")
        self.assertTrue(browser.see("document.querySelector('dialog').open"))
        browser.press("Escape")
        browser.wait("!document.querySelector('dialog').open")
        browser.press("ArrowDown")
        browser.press("ArrowDown")
        second = browser.see("document.activeElement === document.querySelectorAll('#sections tr.opens')[1]")
        self.assertTrue(second)
        browser.press("ArrowRight")
        self.assertEqual(browser.see("document.activeElement.getAttribute('aria-expanded')"), "true")
        browser.press("ArrowLeft")
        self.assertEqual(browser.see("document.activeElement.getAttribute('aria-expanded')"), "false")

    def test_numbers(self):
        """The figures of the page are those of the report as text."""
        browser = self.show(SESSION)
        text = render(SESSION, "text").splitlines()
        lines = text[text.index("SECTIONS") + 2:]
        lines = [line for line in lines[:lines.index("BOTTLENECKS") - 1] if "%" in line]
        totals = {line[:28].strip(): line[28:].split()[1] for line in lines}
        shown = dict(browser.see("Array.from(document.querySelectorAll('#sections tr.opens'), "
                                 "e => [e.cells[0].textContent, e.cells[2].textContent])"))
        compared = {name: total for name, total in totals.items() if name in shown}
        self.assertGreater(len(compared), 4)
        for name, total in compared.items():
            self.assertEqual(shown[name].replace(" ", ""), total)

    def test_hostile_names(self):
        browser = self.show(self.saved(self.hostile()))
        names = [n.replace("\u202e", r"\xE2\x80\xAE") for n in HOSTILE]
        shown = browser.see("Array.from(document.querySelectorAll('#sections tr.opens'), e => e.cells[0].textContent)")
        self.assertEqual(sorted(shown), sorted(names))
        self.assertEqual(browser.see("document.querySelectorAll('img, iframe, object, embed, form, link, base').length"), 0)
        self.assertEqual(browser.see("document.scripts.length"), 3)
        self.assertNotEqual(browser.see("document.title"), "run")

    def test_many_functions(self):
        browser = self.show_page(self.many_page())
        self.assertIn("96,000 functions", browser.see("document.getElementById('functions').textContent"))
        self.assertLess(browser.see("document.querySelectorAll('*').length"), 20000)

    def test_slices(self):
        browser = self.show(SESSION, with_slices)
        self.assertEqual(browser.see("document.querySelectorAll('#timeline svg').length"), 4)
        self.assertEqual(browser.see("document.querySelectorAll('#timeline svg')[1].querySelectorAll('.plain').length"), 19)
        heights = ("Array.from(document.querySelector('#timeline svg').querySelectorAll('.cause-%s'), "
                   "e => Number(e.getAttribute('height')))")
        for cpu, gil in zip(browser.see(heights % "cpu"), browser.see(heights % "gil")):
            self.assertAlmostEqual(cpu, gil, 6)
        self.assertAlmostEqual(browser.see(heights % "cpu")[-1], 50, 6)
        self.assertAlmostEqual(browser.see(heights % "cpu")[0], 50 / 3, 6)
        self.assertEqual(browser.see("document.querySelectorAll('#slowest tr.opens').length"), 2 * len(self.session["sections"]))
        browser.click("document.querySelector('#slowest tr.opens').cells[0]")
        self.assertIn("<b>inner</b>", browser.see("document.querySelector('#slowest tr.detail').textContent"))

    def test_slices_of_different_length(self):
        browser = self.show(SESSION, lambda session: with_slices(session, ends=True))
        last = "Array.from(document.querySelectorAll('#timeline svg')[1].querySelectorAll('.plain')).pop()"
        self.assertAlmostEqual(browser.see("Number(%s.getAttribute('x'))" % last), 1000 * 36.1 / 40, 3)
        self.assertAlmostEqual(browser.see("Number(%s.getAttribute('width'))" % last), 1000 * 3.9 / 40, 3)
        # 10 calls in 0.1 s at first, in 3.9 s at last.
        self.assertAlmostEqual(browser.see("Number(%s.getAttribute('height'))" % last), 100 * 0.1 / 3.9, 3)
        self.assertIn("3 sections", browser.see("document.getElementById('timeline').textContent"))

    def test_without_slices(self):
        browser = self.show(SESSION)
        self.assertEqual(browser.see("document.querySelectorAll('#timeline, #slowest, #operators, #gpu, #processes').length"), 0)

    def test_widths(self):
        """Nothing makes the page wider than the window."""
        self.addCleanup(self.browser.resize, 1280, 900)
        for width in 360, 1600:
            self.browser.resize(width, 800)
            for path, edit in (SESSION, with_slices), (golden("processes.json"), None), (self.saved(self.hostile()), None):
                browser = self.show(path, edit)
                self.assertLessEqual(browser.see("document.documentElement.scrollWidth"), width, path)

    def test_no_stray_values(self):
        """All text of a part of the page stands in an element; no value is shown as an internal word."""
        for name in "functions", "evaluation", "measured", "processes":
            browser = self.show(golden(name + ".json"), with_slices)
            nodes = "Array.from(document.querySelectorAll('main > section'), e => Array.from(e.childNodes)).flat()"
            stray = "%s.filter(n => n.nodeType === 3 && n.textContent.trim()).map(n => n.parentNode.id)" % nodes
            self.assertEqual(browser.see(stray), [], name)
            text = browser.see("document.getElementById('page').innerText")
            self.assertNotRegex(text, r"undefined|NaN|\[object|Infinity|\bnull\b", name)

    def test_without_scripts(self):
        self.browser.ask("Emulation.setScriptExecutionDisabled", value=True)
        self.addCleanup(self.browser.ask, "Emulation.setScriptExecutionDisabled", value=False)
        browser = self.show(SESSION)
        self.assertIn("SECTIONS", browser.see("document.querySelector('details[open] pre').innerText"))
        self.assertIn("forward_pass", browser.see("document.getElementById('answer').innerText"))
