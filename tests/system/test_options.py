# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Options: those that do not apply are refused, the word that is wrong is the word that is named, and the page lists them all."""
import os
import re
import subprocess
import tempfile
import unittest

from bad_input import GOLDEN, NO_SUCH_PID, BadInput
from install import make
from launch import run
from paths import BUILD, INCLUDE, PROFILER

HEADER = os.path.join(INCLUDE, "dcbs", "profiler.h")
PAGE = os.path.join(BUILD, "docs", "dcbs-bpfprof.1")
PROFILE_ONLY = ("-p 1", "-c", "-d 3", "-i 2", "-s a=b:c", "-t 2", "-F 500", "--max-overhead 2", "-q")
LONG = {"-p": "--pid", "-c": "--children", "-d": "--duration", "-i": "--interval", "-s": "--section", "-t": "--threshold",
        "-F": "--frequency", "-q": "--quiet", "-v": "--verbose", "-f": "--format", "-o": "--output", "-S": "--sort-by"}


class Applicable(BadInput):
    def refused(self, command, option):
        args = option.split()
        with self.subTest("%s %s" % (command, option)):
            self.one_line(run(*command, *args), 2, LONG.get(args[0], args[0]), command[0])
            self.one_line(run(command[0], *args, *command[1:]), 2, LONG.get(args[0], args[0]), command[0])

    def test_of_list_and_check(self):
        for command in ["list"], ["check"]:
            for option in PROFILE_ONLY[command == ["check"]:] + ("-f json", "-o " + self.path("never.json"), "-S name", "-v", "--flat",
                                                                 "--width 100"):
                self.refused(command, option)
        self.assertFalse(os.path.exists(self.path("never.json")))

    def test_of_report(self):
        for option in PROFILE_ONLY:
            self.refused(["report", GOLDEN], option)
        copy = self.path("copy.json")
        done = run("report", GOLDEN, "-f", "json", "-S", "name", "-o", copy)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertTrue(os.path.exists(copy))

    def test_of_text(self):
        """Options of the text are refused where there is no text."""
        self.one_line(run("report", GOLDEN, "-f", "json", "--width", "100"), 2, "--width", "json")
        self.one_line(run("report", GOLDEN, "-f", "svg", "--flat"), 2, "--flat", "svg")
        done = run("report", GOLDEN, "-f", "json", "--flat", "-o", self.path("copy.txt"))
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_words_that_do_not_apply(self):
        self.one_line(run("list", "surplus"), 2, "surplus", "list")
        self.one_line(run("list", "--", "true"), 2, "list")
        self.one_line(run("report", "a.json", "--", "true"), 2, "report")
        self.one_line(run("-q", "list"), 2, "list", "first word")


class Blamed(BadInput):
    """The line begins with the word that is wrong."""

    def blames(self, word, *args):
        with self.subTest(args):
            line = self.one_line(run(*args), 2)
            self.assertRegex(line, r"\Adcbs-bpfprof: %s: " % re.escape(word))
            return line

    def test_misspelt(self):
        self.blames("--pd", "--pd", "3")
        self.blames("--pidd", "--pidd", "5")
        self.blames("--pidd", "--pidd=5")
        self.blames("--frob", "-p", "1", "--frob", "-d", "1")
        self.blames("--s", "--s", "x=y:z")    # --section or --sort-by
        for wrong, right in ("--pd", "--pid"), ("--duratoin", "--duration"), ("--treshold=2", "--threshold"):
            self.assertIn("did you mean %s?" % right, self.blames(wrong.split("=")[0], wrong))
        self.assertNotIn("did you mean", self.blames("--frob", "--frob"))
        self.blames("-Z", "-Z")
        self.blames("-Z", "-qZv", "-p", "1")
        self.blames("-Z", "report", GOLDEN, "-Z", "x")

    def test_value_missing(self):
        for args in ["-p"], ["-qp"], ["-d", "1", "-p"], ["-p", "--", "true"]:
            self.assertIn("value is missing", self.blames("-p", *args))
        self.assertIn("value is missing", self.blames("--pid", "--pid"))
        self.assertIn("value is missing", self.blames("--format", "report", GOLDEN, "--format"))
        self.blames("--quiet", "--quiet=yes")

    def test_commands(self):
        self.blames("surplus", "surplus")
        self.assertIn("did you mean `dcbs-bpfprof list`?", self.blames("lst", "lst"))
        self.blames("check", "-p", "1", "-d", "1", "check")


class Times(BadInput):
    def test_units(self):
        for good in "90", "1.5", "500ms", "5m", "1h30m", "2d":
            self.one_line(run("-p", NO_SUCH_PID, "-d", good), 1, str(NO_SUCH_PID))
        for bad in "5x", "30m1h", "5m30", "-1", "inf", "":
            self.one_line(run("-p", NO_SUCH_PID, "-d", bad), 2, "--duration", "1h30m")


class Listed(unittest.TestCase):
    """--help, the manual page and the library's header say the same."""

    @staticmethod
    def help():
        return subprocess.run([PROFILER, "--help"], stdout=subprocess.PIPE, text=True, check=True, env=dict(os.environ, ARGP_HELP_FMT="rmargin=400")).stdout

    @staticmethod
    def page():
        with open(PAGE) as page:
            return page.read()

    def test_the_page_has_every_option_once(self):
        options, diff = re.search(r"^\.SH OPTIONS\n(.*?)^\.SH DIFF\n(.*?)^\.SH", self.page(), re.M | re.S).groups()
        for part, shown in (options, self.help()), (diff, run("diff", "--help").stdout.decode()):
            listed = re.findall(r"^ +(?:-(\w), )?--([a-z-]+)", shown, re.M)
            self.assertGreater(len(listed), 12)
            found = re.findall(r"^\.TP\n(?:\\fB\\-(\w)\\fR, )?\\fB\\-\\-([a-z\\-]+)\\fR", part, re.M)
            self.assertEqual(sorted(listed), sorted((letter, name.replace("\\", "")) for letter, name in found))

    def test_defaults(self):
        with open(HEADER) as header:
            defaults = re.search(r"#define DCBS_OPTIONS_DEFAULT \{(.*)\}", header.read()).group(1)
        library = {name: float(value) for name, value in re.findall(r"\.(\w+) = ([\d.]+)", defaults)}
        for option, member in (("frequency", "frequency_hz"), ("threshold", "threshold_s"), ("slowest", "slowest"),
                               ("max-overhead", "max_overhead_percent")):
            shown = re.search(r"--%s=.*\(default ([\d.]+)\)" % option, self.help()).group(1)
            self.assertEqual(float(shown), library.pop(member))
            part = re.search(r"\\-\\-%s\\fR=.*?\n(.*?)(?=^\.TP|^\.SH)" % option.replace("-", r"\\-"), self.page(), re.M | re.S).group(1)
            self.assertIn("Default: %s." % shown, part)
        self.assertEqual(library, {})

    def test_examples(self):
        """Five of them, which are understood: what is refused is that there is no such process or file."""
        lines = self.help().split("Examples:\n")[1].split("\n\n")[0].split("\n")
        self.assertEqual(len(lines), 5)
        with tempfile.TemporaryDirectory(prefix="dcbs-pages-") as directory:
            for line in lines:
                words = re.split(r"   +", line.strip())[0].replace("4242", str(NO_SUCH_PID)).split()
                if "--" in words:
                    continue
                done = run(*words[words.index("dcbs-bpfprof") + 1:], cwd=directory)
                self.assertEqual(done.returncode, 1, (words, done.stderr))
                self.assertRegex(done.stderr.decode(), "no process|No such file")

    def test_installed_pages(self):
        """Whole, with the version, and with an example that compiles."""
        version = subprocess.run([PROFILER, "-V"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        pages = {}
        with tempfile.TemporaryDirectory(prefix="dcbs-pages-") as directory:
            done = make("install", "DESTDIR=" + directory, "prefix=/usr")
            self.assertEqual(done.returncode, 0, done.stdout)
            for name in "dcbs-bpfprof.1", "libbpfprof.3", "dcbs-markers.3":
                with open(os.path.join(directory, "usr/share/man/man" + name[-1], name)) as page:
                    pages[name] = page.read()
                self.assertIn(version, pages[name])
                self.assertIsNone(re.search(r"@\w+@", pages[name]))
            self.assertIn("max\\-overhead", pages["dcbs-bpfprof.1"])
            for name in "libbpfprof.3", "dcbs-markers.3":
                example = re.search(r"^\.SH EXAMPLE\n\.nf\n(.*?)^\.fi", pages[name], re.M | re.S).group(1).replace("\\e", "\\")
                compiler = ["cc", "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
                done = subprocess.run([*compiler, "-x", "c", "-I", os.path.join(directory, "usr/include"), "-"], input=example,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                self.assertEqual((done.returncode, done.stdout), (0, ""))
            for name in pages:
                self.assertRegex(pages[name], r"(?m)^\.SH EXAMPLES?$")
                self.assertRegex(pages[name], r"(?m)^\.SH FILES$")
                self.assertRegex(pages[name], r"(?m)^\.SH SEE ALSO$")
