# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""The shells complete the command line: with the processes of `list`, the options of --help, and their words."""
import os
import shutil
import subprocess
import unittest

from launch import Target, run
from needs import needs_bpf
from paths import BUILD, PROFILER, TOP

SCRIPTS = os.path.join(TOP, "user", "packaging", "completions")
# Runs the completion as bash does when the last word is to be completed, and prints what it offers.
BASH = """
. "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_dcbs_bpfprof "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
# The functions of zsh's completion system that the script calls, so that they print what they are given.
ZSH = """
script=$1; shift
compadd() { while [[ $1 == -* ]]; do case $1 in -S) shift;; -a) print -l ${(P)2}; return;; --) shift; break;; esac; shift; done; print -l -- $@ }
_describe() { print -l ${(P)4} }
_files() { print FILES }
_command_names() { print COMMANDS }
compset() { : }
words=("$@"); CURRENT=$#
source $script
"""


class Completion:
    """The tests, for each shell."""

    shell = script = None
    long_option = ("--pid=",)       # as the shell divides it into words

    def offers(self, *words):
        """The words that the shell offers for the last one."""
        raise NotImplementedError

    @classmethod
    def setUpClass(cls):
        if not shutil.which(cls.shell):
            raise unittest.SkipTest("there is no " + cls.shell)

    def execute(self, *command):
        env = dict(os.environ, PATH=BUILD + os.pathsep + os.environ["PATH"], HOME=os.environ.get("TMPDIR", "/tmp"), TERM="dumb")
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [line for line in done.stdout.splitlines() if line]

    def test_commands(self):
        self.assertEqual(sorted(self.offers("")), ["check", "diff", "list", "report"])

    def test_options(self):
        """All of --help, and those of diff behind diff."""
        for before in (), ("diff",):
            help_text = run(*before, "--help").stdout.decode()
            offered = {word.split("=")[0] for word in self.offers(*before, "--")}
            self.assertGreater(len(offered), 8)
            for option in offered:
                self.assertIn(option, help_text)
            for option in ("--fail-if", "--budget") if before else ("--pid", "--max-overhead", "--licenses", "--children"):
                self.assertIn(option, offered)

    def test_words(self):
        self.assertIn("speedscope", self.offers("-f", ""))
        self.assertIn("cumulative", self.offers("-S", ""))
        self.assertNotIn("(tottime)", " ".join(self.offers("-S", "")))

    def test_no_words(self):
        """A number has no words, and no command stands in its place."""
        self.assertEqual(self.offers("-d", ""), [])

    @needs_bpf
    def test_pids(self):
        with Target("sections") as target, Target("sections") as other:
            listed = [line.split()[0] for line in run("list").stdout.decode().splitlines() if line.split()[0].isdigit()]
            offered = self.offers("-p", "")
            self.assertLessEqual({str(target.pid), str(other.pid)}, set(offered))
            self.assertLessEqual({str(target.pid), str(other.pid)}, set(listed))
            self.assertIn(str(target.pid), self.offers(*self.long_option))


class Bash(Completion, unittest.TestCase):
    shell, script = "bash", "dcbs-bpfprof.bash"
    long_option = ("--pid", "=")

    def offers(self, *words):
        return self.execute("bash", "--norc", "-c", BASH, "bash", os.path.join(SCRIPTS, self.script), PROFILER, *words)


class Zsh(Completion, unittest.TestCase):
    shell, script = "zsh", "_dcbs-bpfprof"

    def offers(self, *words):
        offered = self.execute("zsh", "-f", "-c", ZSH, "zsh", os.path.join(SCRIPTS, self.script), PROFILER, *words)
        return [word.split(":")[0] for word in offered]


class Fish(Completion, unittest.TestCase):
    shell, script = "fish", "dcbs-bpfprof.fish"

    def offers(self, *words):
        line = " ".join(("dcbs-bpfprof", *words))
        offered = self.execute("fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", os.path.join(SCRIPTS, self.script), line)
        return [word.split("\t")[0].split("=")[-1] if word.startswith("--pid=") else word.split("\t")[0] for word in offered]
