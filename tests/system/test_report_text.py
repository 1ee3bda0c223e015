# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The text report: the answer first, sections as a tree, and the same text from a saved session, on a terminal and in files."""
import json
import os
import pty
import pwd
import re
import subprocess
import time
import unittest

from bad_input import BadInput, controls
from launch import Target, profile, run
from needs import needs_bpf
from paths import PROFILER, golden
from reports import marked

ESCAPE = re.compile(r"\033\[[0-9;]*m")

LONG_CALLS = """
import time
from dcbs_profiler import PerformanceProfiler
section = PerformanceProfiler().profile_section
print("ready", flush=True)
input()
with section("run"), section("question"):
    with section("short"):
        pass
    with section("forward"):
        time.sleep(3)
print("{}", flush=True)
input()
"""


def on_a_terminal(*args, **environment):
    """The output of the command on a terminal of its own."""
    env = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "TERM")}
    env.update(environment)
    outer, inner = pty.openpty()
    with subprocess.Popen([PROFILER, *args], stdin=subprocess.DEVNULL, stdout=inner, stderr=inner, env=env):
        os.close(inner)
        text = b""
        while True:
            try:
                part = os.read(outer, 65536)
            except OSError:     # the other end is closed
                break
            if not part:
                break
            text += part
    os.close(outer)
    return text.decode().replace("\r\n", "\n")


@needs_bpf
class Nested(BadInput):
    def text_of(self, *args):
        done = run(*args)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode()

    def test_parents(self):
        """Each section is below the section that is around it in all of its calls."""
        with Target("nested", hold=True) as target:
            report, truth = profile(target, "-F", "500", "-o", self.path("run.json"), "-o", self.path("run.txt"))
        found = marked(report)
        self.assertEqual({name: s["parent"] for name, s in found.items()}, truth["around"])
        text = self.text_of("report", self.path("run.json"))
        with open(self.path("run.txt")) as kept:
            self.assertEqual(text, kept.read())
        answer = text.split("\n\n")[1].split("\n")
        self.assertTrue(answer[0].startswith("slowest  run"), answer)
        table = text.split("SECTIONS\n")[1].split("\n\n")[0]
        for name, indent in ("run", 0), ("question", 2), ("forward", 4), ("shared", 2), ("lone", 0):
            self.assertRegex(table, r"(?m)^ {%d}%s " % (indent, name))
        flat = self.text_of("report", self.path("run.json"), "--flat").split("SECTIONS\n")[1].split("\n\n")[0]
        names = [line.split()[0] for line in flat.split("\n")[1:] if re.match(r"\w", line) and not line.startswith("One letter")]
        by_time = sorted(found, key=lambda name: -found[name]["total_s"])
        self.assertEqual([name for name in names if name in found], by_time)

    def test_without_samples(self):
        """It is not known what contains what, if calls are short."""
        with Target("nested", "--rounds", "3", hold=True) as target:
            report, _ = profile(target, "-F", "0")
        self.assertEqual({s["parent"] for s in report["sections"]}, {None})

    def test_long_calls_without_samples(self):
        """Looks at the target's memory tell what contains what, if the calls are long."""
        with Target("-c", LONG_CALLS, python=True) as target:
            report, _ = profile(target, "-F", "0", "-o", self.path("long.json"))
        self.assertEqual({name: s["parent"] for name, s in marked(report).items()},
                         {"run": None, "question": "run", "forward": "question", "short": None})
        table = self.text_of("report", self.path("long.json")).split("SECTIONS\n")[1].split("\n\n")[0]
        for name, indent in ("run", 0), ("question", 2), ("forward", 4), ("short", 0):
            self.assertRegex(table, r"(?m)^ {%d}%s " % (indent, name))


class Commands(BadInput):
    @needs_bpf
    def test_check_ends_with_the_answer(self):
        done = run("check")
        last = done.stdout.decode().rstrip("\n").split("\n")[-1]
        self.assertRegex(last, r"\Aready(; \d+ degraded: .*)?\Z" if done.returncode == 0 else r"\Anot ready: ")
        nobody = run("--reuid", "65534", "--regid", "65534", "--clear-groups", PROFILER, "check", program="setpriv")
        if nobody.returncode == 1:
            self.assertRegex(nobody.stdout.decode().rstrip("\n").split("\n")[-1], r"\Anot ready: .*run as root")

    @needs_bpf
    def test_list(self):
        """The user and the age of each process."""
        with Target("sections") as target:
            time.sleep(1.1)
            rows = [line.split(None, 4) for line in run("list").stdout.decode().split("\n")]
            mine = [row for row in rows if row and row[0] == str(target.pid)]
            self.assertEqual(rows[0], ["PID", "USER", "AGE", "NAMES", "COMMAND"])
            self.assertEqual(len(mine), 1, rows)
            self.assertEqual(mine[0][1], pwd.getpwuid(os.geteuid()).pw_name[:10])
            self.assertRegex(mine[0][2], r"\A(\d+s|\dm\d\ds)\Z")
            self.assertTrue(mine[0][4].endswith("sections"), mine)


class Terminal(unittest.TestCase):
    GOLDEN = golden("functions.json")

    def test_colour(self):
        """On a terminal, unless the environment forbids it; without the colours it is the text of a terminal of that width."""
        with_colour = on_a_terminal("report", self.GOLDEN, "--width", "100", TERM="xterm")
        plain = run("report", self.GOLDEN, "--width", "100").stdout.decode()
        self.assertRegex(with_colour, r"\033\[1mSECTIONS\033\[0m\n")
        self.assertEqual(ESCAPE.sub("", with_colour), plain)
        self.assertEqual(controls(plain.encode()), [])
        for environment in {"TERM": "xterm", "NO_COLOR": "1"}, {"TERM": "dumb"}, {}:
            with self.subTest(environment):
                self.assertEqual(on_a_terminal("report", self.GOLDEN, "--width", "100", **environment), plain)

    def test_width(self):
        for width in 40, 80, 200:
            lines = run("report", self.GOLDEN, "--width", width).stdout.decode().split("\n")
            self.assertLessEqual(max(map(len, lines)), width)
            self.assertGreater(max(map(len, lines)), 0.8 * min(width, 120))

    def test_pipes_and_files_have_whole_names(self):
        text = run("report", self.GOLDEN).stdout.decode()
        with open(self.GOLDEN) as session:
            document = json.load(session)
        self.assertNotIn("\u2026", text)
        self.assertIn(document["target"]["command"], text)
        for section in document["sections"]:
            self.assertIn(section["name"] + " ", text)

    def test_verbose(self):
        """It has what the other one has, and the costs and checks besides."""
        short, long = (run("report", self.GOLDEN, *more).stdout.decode() for more in ((), ("-v",)))
        self.assertGreater(len(long.split("\n")), len(short.split("\n")))
        self.assertNotIn("\nTHREADS\n", short)
        self.assertIn("\nTHREADS\n", long)
        self.assertIn("by the kernel's own account", " ".join(long.split()))


if __name__ == "__main__":
    unittest.main()
