# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The live table on a real terminal: tmux runs the command, the test types and reads the screen."""
import ctypes
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from launch import Target
from needs import needs_bpf
from paths import PROFILER, target_program

WIDTH, HEIGHT = 100, 24
PR_SET_NAME = 15
WAIT_S = 15


class Terminal:
    """A shell in a tmux of its own."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="dcbs-live-")
        self.socket = os.path.join(self.dir, "tmux")
        self.raw = os.path.join(self.dir, "raw")
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(WIDTH), "-y", str(HEIGHT), "env PS1='> ' LC_ALL=C.UTF-8 sh")
        self.tmux("pipe-pane", "cat > " + self.raw)

    def tmux(self, *args):
        env = {k: v for k, v in os.environ.items() if k not in ("TMUX", "TMUX_PANE")}
        env.setdefault("TERM", "xterm")
        return subprocess.run(["tmux", "-u", "-S", self.socket, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=env, check=True, timeout=20).stdout

    def type(self, line):
        self.tmux("send-keys", "-l", line)
        self.tmux("send-keys", "Enter")

    def key(self, key):
        self.tmux("send-keys", key)

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def history(self):
        return self.tmux("capture-pane", "-p", "-S", "-500")

    def alternate(self):
        return self.tmux("display-message", "-p", "#{alternate_on}").strip() == "1"

    def resize(self, width, height):
        self.tmux("resize-window", "-x", str(width), "-y", str(height))

    def wait(self, what, timeout=WAIT_S):
        """Waits until what(screen) is true and returns the screen. AssertionError, with the last screen, if it never is."""
        end = time.monotonic() + timeout
        while True:
            screen = self.screen()
            if what(screen):
                return screen
            if time.monotonic() > end:
                raise AssertionError("never on the screen:\n" + screen)
            time.sleep(0.05)

    def close(self):
        with open(os.devnull, "w") as null:
            subprocess.run(["tmux", "-S", self.socket, "kill-server"], stdout=null, stderr=null)
        shutil.rmtree(self.dir, True)


def row(screen, name="spin"):
    """The line of a section in the table, split."""
    lines = [line.split() for line in screen.splitlines() if line.startswith(name + " ")]
    return lines[0] if len(lines) == 1 else None


@needs_bpf
@unittest.skipUnless(shutil.which("tmux"), "no tmux")
class Live(unittest.TestCase):
    def setUp(self):
        self.target = Target("spin", "--ns-body", "20000")
        self.addCleanup(self.target.__exit__)
        self.target.go()
        self.terminal = Terminal()
        self.addCleanup(self.terminal.close)
        self.before, self.after = (os.path.join(self.terminal.dir, n) for n in ("before", "after"))

    def start(self, *options, pid=None):
        command = "stty -a > %s; %s -p %d %s; echo status=$?; stty -a > %s; echo all-done" % (
            self.before, PROFILER, pid or self.target.pid, " ".join(options), self.after)
        self.terminal.type(command)
        return self.terminal.wait(lambda s: row(s) and self.terminal.alternate())

    def finished(self, ended_by):
        """The report appears on the screen that was there before, and the terminal is as it was."""
        self.terminal.wait(lambda s: re.search(r"^all-done$", s, re.M))
        self.assertFalse(self.terminal.alternate())
        text = self.terminal.history()
        self.assertIn("status=0", text)
        self.assertIn("SECTIONS", text)
        self.assertIn(ended_by, " ".join(text.split()))
        self.assertEqual(text.count("\nSECTIONS"), 1)
        self.assertNotIn("q: stop and report", text)
        with open(self.before) as before, open(self.after) as after:
            self.assertEqual(before.read(), after.read())
        self.terminal.type("echo still $((1+1)) works")
        self.terminal.wait(lambda s: "still 2 works" in s)

    def test_refreshed_in_place(self):
        first = self.start("-i", "0.2")
        self.assertIn("q: stop and report", first)
        self.assertRegex(first, r"(?m)^section .*calls.*p99")
        calls = row(first)[1]
        second = self.terminal.wait(lambda s: row(s) and row(s)[1] != calls)
        self.assertEqual(len([line for line in second.splitlines() if line.startswith("section ")]), 1)
        self.assertEqual(self.line_of(second, "section "), self.line_of(first, "section "))
        self.assertEqual(self.line_of(second, "spin "), self.line_of(first, "spin "))
        self.terminal.key("C-c")
        self.finished("stopped by hand")

    @staticmethod
    def line_of(screen, beginning):
        return [line.startswith(beginning) for line in screen.splitlines()].index(True)

    def test_resize(self):
        """The table fits at the next refresh after a change of size; a wider one shows more."""
        self.start("-i", "0.1")
        columns = {}
        for width, height in (60, 10), (140, 40), (30, 5), (WIDTH, HEIGHT):
            self.terminal.resize(width, height)
            for _ in range(3):          # the first screen may have been drawn before
                time_shown = self.screen_time(self.terminal.screen())
                screen = self.terminal.wait(lambda s, t=time_shown: row(s) and self.screen_time(s) not in (None, t))
            lines = screen.rstrip("\n").splitlines()
            self.assertLessEqual(max(len(line) for line in lines), width, screen)
            self.assertLessEqual(len(lines), height, screen)
            columns[width] = len(lines[self.line_of(screen, "section")].split())
        self.assertLess(columns[30], columns[60])
        self.assertLess(columns[60], columns[WIDTH])
        self.assertLessEqual(columns[WIDTH], columns[140])
        self.terminal.key("q")
        self.finished("stopped by hand")

    @staticmethod
    def screen_time(screen):
        """The head line begins with the time since the attach."""
        m = re.match(r"(\S+(?: \S+)?)  q: ", screen)
        return m and m.group(1)

    def shown(self, key, what):
        self.terminal.key(key)
        return self.terminal.wait(what)

    def test_keys(self):
        """Help, order and pause; the last interval and the present verdict where there is room, and nothing too much where not."""
        self.terminal.resize(120, 40)
        self.start("-i", "0.2", "-t", "0.1")
        screen = self.terminal.wait(lambda s: " now/s " in s and s.splitlines()[39].startswith("spin: "))
        self.assertLessEqual(max(len(line) for line in screen.splitlines()), 120, screen)
        self.shown("?", lambda s: "this help" in s and not row(s))
        self.shown("?", lambda s: "this help" not in s and row(s))
        self.shown("c", lambda s: "by calls" in s)
        paused = self.screen_time(self.shown("p", lambda s: "PAUSED" in s))
        time.sleep(1)
        self.assertEqual(self.screen_time(self.terminal.screen()), paused)
        self.shown("p", lambda s: "PAUSED" not in s and self.screen_time(s) not in (None, paused))
        self.terminal.resize(40, 10)
        screen = self.terminal.wait(lambda s: row(s) and " now/s " not in s)
        self.assertLessEqual(max(len(line) for line in screen.splitlines()), 40, screen)
        self.assertLessEqual(len(screen.rstrip("\n").splitlines()), 10, screen)
        self.terminal.resize(120, 40)       # the terminal is to be as it was
        time.sleep(0.5)                     # tmux delays a change of size that follows another one
        self.terminal.wait(lambda s: row(s) and " now/s " in s)
        self.terminal.key("q")
        self.finished("stopped by hand")

    def test_panes(self):
        """Where the terminal has room, hot functions and memory stand below the sections; where it has none, the sections stay."""
        titles = r"(?m)^ +self +wait +share  hot functions"
        self.terminal.resize(120, 40)
        self.start("-i", "0.2", "-F", "199")
        screen = self.terminal.wait(lambda s: row(s) and re.search(titles, s) and re.search(r"(?m)% +(?!hot)\S.* in spin", s))
        lines = screen.rstrip("\n").splitlines()
        self.assertLessEqual(max(len(line) for line in lines), 120, screen)
        self.assertLessEqual(len(lines), 40, screen)
        self.assertLess(self.line_of(screen, "spin "), next(i for i, line in enumerate(lines) if "hot functions" in line))
        self.assertRegex(screen, r"(?m)^memory: RSS \S+ \S+, ")
        shares = [float(share) for share in re.findall(r"(?m)^ +\S+ \S+ +\S+ (?:\S+ +)?([\d.]+)%  \S.* in spin$", screen)]
        self.assertLessEqual(sum(shares), 100.5, screen)
        self.assertEqual(shares, sorted(shares, reverse=True), screen)
        head = r"q: stop.*  \?: help  .*%d" % self.target.pid      # on one line; the screen of before may be cut off at first
        for width, height in (40, 10), (120, 12), (80, 40):
            self.terminal.resize(width, height)
            screen = self.terminal.wait(lambda s: row(s) and "hot functions" not in s and s.splitlines()[2].startswith("section") and
                                        re.search(head, s.splitlines()[0]))
            self.assertLessEqual(max(len(line) for line in screen.splitlines()), width, screen)
        self.terminal.resize(120, 40)
        self.terminal.wait(lambda s: row(s) and "hot functions" in s)
        self.terminal.key("q")
        self.finished("stopped by hand")

    def test_the_last_interval(self):
        """A section that takes all the time of one thread takes about the whole of the last interval."""
        self.terminal.resize(120, 40)
        self.start("-i", "0.5")
        screen = self.terminal.wait(lambda s: row(s) and re.search(r" \d\d\.\d%( \*)?$| 100%( \*)?$", self.row_line(s)))
        self.assertGreater(float(re.findall(r"([\d.]+)%(?: \*)?$", self.row_line(screen))[0]), 50, screen)
        self.terminal.key("q")
        self.finished("stopped by hand")

    @staticmethod
    def row_line(screen):
        return next(line.rstrip() for line in screen.splitlines() if line.startswith("spin "))

    def test_children_come_and_go(self):
        target = Target("forker", "--children", 3, "--alive", 3, "--ms", 2500, hold=True)
        self.addCleanup(target.__exit__)
        self.terminal.type("%s -c -i 0.2 -p %d; echo status=$?" % (PROFILER, target.pid))
        self.terminal.wait(lambda s: "q: stop and report" in s)
        target.go()
        screen = self.terminal.wait(lambda s: "4 running, 4 in all" in s and len(re.findall(r"  \+\d+ forker", s)) == 3 and row(s, "child"))
        children = re.findall(r"\+(\d+) forker", screen)
        self.assertEqual(len(set(children)), 3, screen)
        screen = self.terminal.wait(lambda s: "1 running, 4 in all" in s and len(re.findall(r"  -\d+ forker", s)) == 3)
        self.assertEqual(sorted(re.findall(r"-(\d+) ", screen)), sorted(children), screen)
        target.line()
        target.end()
        self.terminal.wait(lambda s: "status=0" in s)

    def test_q(self):
        self.start("-i", "0.2")
        self.terminal.key("q")
        self.finished("stopped by hand")

    def test_q_does_not_wait_for_the_next_refresh(self):
        self.start("-i", "600")
        self.terminal.key("q")
        self.finished("stopped by hand")

    def test_duration(self):
        self.start("-i", "0.2", "-d", "1.5")
        self.finished("for the time asked for")

    def test_target_ends(self):
        self.start("-i", "0.2")
        self.target.process.kill()
        self.target.process.wait()
        self.finished("until the target exited")

    def test_terminated(self):
        """SIGTERM and SIGHUP put the terminal back like Ctrl-C does."""
        self.start("-i", "0.2")
        pids = subprocess.run(["pgrep", "-f", "-x", "%s -p %d -i 0.2" % (re.escape(PROFILER), self.target.pid)], stdout=subprocess.PIPE, text=True).stdout.split()
        self.assertEqual(len(pids), 1)
        os.kill(int(pids[0]), signal.SIGTERM)
        self.finished("stopped by hand")

    def test_not_on_a_file(self):
        """Without a terminal on standard error there is no table, and the report is the same."""
        self.terminal.type("%s -p %d -d 0.5 2> %s/err; echo status=$?" % (PROFILER, self.target.pid, self.terminal.dir))
        self.terminal.wait(lambda s: "status=0" in s)
        self.assertIn("SECTIONS", self.terminal.history())
        with open(self.terminal.dir + "/err") as f:
            self.assertEqual(f.read(), "")

    def test_a_line_without_a_terminal(self):
        """A profile that waits for Ctrl-C says so, once; with -q it does not."""
        for quiet in "", "-q":
            errors = os.path.join(self.terminal.dir, "err" + quiet)
            with open(errors, "w", encoding="utf-8") as err, Target("spin", "--ns-body", "20000") as target:
                target.go()
                profiler = subprocess.Popen([PROFILER, "-p", str(target.pid), *quiet.split()], stdout=subprocess.DEVNULL, stderr=err)
                time.sleep(2)
                profiler.send_signal(signal.SIGINT)
                self.assertEqual(profiler.wait(WAIT_S), 0)
            with open(errors, encoding="utf-8") as err:
                self.assertRegex(err.read(), r"\A\Z" if quiet else
                                 r"\Adcbs-bpfprof: attached to %d \(spin\)(, 1 section)?; Ctrl-C for the report\n\Z" % target.pid)

    def test_names_of_the_target_reach_no_terminal(self):
        """Neither the table nor the report passes on a title, a colour or a bell of the target's."""
        evil = b"ev\x1b]0;owned\x07\x1b[35mil"
        program = os.path.join(os.fsencode(self.terminal.dir), evil)
        shutil.copy(target_program("spin"), program)
        with Target(os.fsdecode(program), "--ns-body", "20000",
                    preexec_fn=lambda: ctypes.CDLL(None).prctl(PR_SET_NAME, evil[:15])) as target:
            target.go()
            self.start("-i", "0.2", pid=target.pid)
            self.terminal.key("q")
            self.finished("stopped by hand")
        with open(self.terminal.raw, "rb") as f:
            raw = f.read()
        self.assertIn(b"ev\\x1B", raw)
        for bad in b"\x1b]0;owned", b"\x1b[35m", b"ev\x1b":
            self.assertNotIn(bad, raw)
        self.assertNotIn("owned", self.terminal.tmux("display-message", "-p", "#{pane_title}"))
