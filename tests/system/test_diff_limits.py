# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Limits of `dcbs-bpfprof diff`: status 3 for what is beyond them and more than chance, and for nothing else."""
import math
import random

from diff_sides import Sides
from launch import run
from saved_sessions import save, section, session


class Limits(Sides):
    def test_status(self):
        old, slow, same = self.sessions("old", 5), self.sessions("slow", 5, {"decode": 1.5}), self.sessions("same", 5)
        doc = self.diff(old, slow, "--fail-if", "decode:mean>+10%", "--fail-if", "load:p50>+10%", status=3)
        self.assertEqual([limit["state"] for limit in doc["limits"]], ["exceeded", "kept"])
        self.diff(old, slow, "--fail-if", "decode:mean>+90%")
        self.diff(old, same, "--fail-if", "*:mean>+5%", "--fail-if", "rss>+50MiB")
        self.diff(old, slow, "--fail-if", "decode:mean>+1ms", status=3)
        self.diff(slow, old, "--fail-if", "decode:mean<-10%", status=3)

    def test_memory(self):
        def grown(side, size):
            return self.sessions(side, 4, memory={"rss_end_bytes": size, "rss_peak_bytes": size})
        self.diff(grown("a", 300 << 20), grown("b", 340 << 20), "--fail-if", "rss>+50MiB")
        self.diff(grown("a", 300 << 20), grown("b", 360 << 20), "--fail-if", "rss>+50MiB", status=3)

    def test_too_few_sessions_are_never_status_3(self):
        old, new = self.sessions("old", 3), self.sessions("new", 3, {"decode": 100})
        done = run("diff", *old, "--", *new, "--fail-if", "decode:mean>+10%")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(), r"\Adcbs-bpfprof: 1 of 1 limits cannot be judged: record at least 4 .*\n\Z")
        self.assertIn(b"limit not judged", done.stdout)
        self.assertEqual(run("diff", *old, "--", *new, "--fail-if", "decode:mean>+10%", "--inconclusive", "pass").returncode, 0)

    def test_many_limits(self):
        """Limits of forty equal sections, in twenty pairs: Holm's rule lets about one pair in twenty fail, not most."""
        exceeded = 0
        for seed in range(20):
            rng, sides = random.Random(seed), []
            for side in "old", "new":
                sides.append([save(self.path("%s%d.json" % (side, i)), session([section("s%d" % k, 0.001 * math.exp(rng.gauss(0, 0.1)))
                                                                                 for k in range(40)])) for i in range(5)])
            exceeded += run("diff", *sides[0], "--", *sides[1], "--fail-if", "*:mean>+1%", "-f", "csv").returncode == 3
        self.assertLessEqual(exceeded, 3)


class Budget(Sides):
    def budget(self, text):
        with open(self.path("budget.toml"), "w") as f:
            f.write(text)
        return "--budget", self.path("budget.toml")

    def test_status(self):
        old, new = self.sessions("old", 1), self.sessions("new", 5, {"decode": 1.5})     # decode takes 9 ms, load 2 ms
        doc = self.diff(old, new, *self.budget('# limits\n[decode]\nmean = "< 7ms"\n\n[load]\nmean = "<3 ms" # loose\n'), status=3)
        self.assertEqual([limit["state"] for limit in doc["limits"]], ["exceeded", "kept"])
        self.diff(old, new, *self.budget('rss = "< 1GiB"\n["decode"]\n"wait:lock" = \'< 1s\'\n'))
        self.diff(old, new, *self.budget('rss = "< 100MiB"\n'), status=3)
        self.diff(old, new, *self.budget('[decode]\nmean = "> 7ms"\n'))
        self.diff(old, new, *self.budget('[load]\nmean = "> 7ms"\n'), status=3)
        text = run("diff", *old, "--", *new, *self.budget('[decode]\nmean = "< 7ms"\n')).stdout.decode()
        self.assertRegex(text, r"limit exceeded +decode:mean< 7ms: decode 9\.\d+ ms")

    def test_near_the_limit(self):
        """The mean is beyond the limit, and by no more than chance."""
        new = [save(self.path("n%d.json" % i), session([section("decode", mean)])) for i, mean in enumerate((0.009, 0.010, 0.012, 0.0095))]
        self.diff(self.sessions("old", 1), new, "--force", *self.budget('[decode]\nmean = "< 10ms"\n'))

    def test_too_few_sessions(self):
        old, new = self.sessions("old", 5), self.sessions("new", 2)
        done = run("diff", *old, "--", *new, *self.budget('[decode]\nmean = "< 1ns"\n'))
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"need at least 3 sessions of NEW", done.stdout)
        self.diff(old, new, *self.budget('[decode]\nmean = "< 1ns"\n'), "--inconclusive", "pass")

    def test_errors_have_a_place(self):
        pair = self.sessions("old", 1) + self.sessions("new", 1)
        for text, place in (('mean', ":1:5:"), ('[decode\nmean = "< 1s"', ":1:8:"), ('\n\n  mean = 7', ":3:10:"), ('mean = "7ms"', ":1:9:"),
                            ('mean = "< x"', ":1:11:"), ('mean = "< 7MiB"', ":1:12:"), ('mean = "< 7ms', ":1:14:"), ('p98 = "< 7ms"', ":1:1:"),
                            ('mean = "< 7ms" x', ":1:16:"), ('[a]\n[]\n', ":2:2:"), ('[a] b', ":1:5:"), ('rss = "< 7ms"', ":1:11:"),
                            ('"a\\n" = "< 7ms"', ":1:2:"), ('mean = "< -7ms"', ":1:11:"), ("", "no limit"), ("# nothing\n", "no limit"),
                            ("x" * 5000, "budget.toml"), ('[none]\nmean = "< 1s"', "no session"), ("\x1b[31m", ":1:1:")):
            with self.subTest(text[:20]):
                self.one_line(run("diff", *pair, *self.budget(text)), 1, place)
        self.one_line(run("diff", *pair, "--budget", self.path("none")), 1, "none", "No such file")
