# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""For tests of `dcbs-bpfprof diff`: sessions of two sides, and what it says of them."""
import json
import math
import random

from bad_input import BadInput
from launch import run
from saved_sessions import save, section, session

NAMES = ("load", "encode", "decode", "score")


class Sides(BadInput):
    def sessions(self, side, number, factors=None, seed=0, spread=0.1, **more):
        """Sessions of one program. Each is faster or slower than the next one as a whole, and in each section by chance."""
        rng, paths = random.Random("%s %s" % (side, seed)), []
        for i in range(number):
            level = rng.gauss(0, spread / 4)
            sections = [section(name, 0.002 * (k + 1) * (factors or {}).get(name, 1) * math.exp(level + rng.gauss(0, spread / 4)),
                                count=500) for k, name in enumerate(NAMES)]
            paths.append(save(self.path("%s%d.json" % (side, i)), session(sections, **more)))
        return paths

    def diff(self, old, new, *args, status=0):
        done = run("diff", *old, "--", *new, "-f", "json", *args, timeout=60)
        self.assertEqual(done.returncode, status, done.stderr)
        return json.loads(done.stdout)

    @staticmethod
    def verdicts(doc, metric="mean"):
        return {s["name"]: m["verdict"] for s in doc["compared"] for m in s["metrics"] if s["kind"] == "section" and m["metric"] == metric}

    @staticmethod
    def of(doc, name, metric):
        return next(m for s in doc["compared"] for m in s["metrics"] if s["name"] == name and m["metric"] == metric)
