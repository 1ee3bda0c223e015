# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Reads the text format of Prometheus, strictly, and finds its tools."""
import os
import re
import shutil
import subprocess

PROMTOOL = os.environ.get("DCBS_PROMTOOL") or shutil.which("promtool")

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"'
LINE = re.compile(r"(%s)(?:\{(.*)\})? (\S+)" % NAME)
UNESCAPED = {"\\\\": "\\", "\\n": "\n", '\\"': '"'}


class Metrics:
    """types: name of a family -> its type. values: (name, sorted labels) -> value. Raises ValueError if anything is wrong."""

    def __init__(self, text):
        self.types, self.values = {}, {}
        helped, family, ended = None, None, set()
        if not text.endswith("\n"):
            raise ValueError("the last line has no end")
        for line in text[:-1].split("\n"):
            if line.startswith("# HELP "):
                helped = line.split(" ")[2]
            elif line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                if name != helped or name in self.types:
                    raise ValueError("a type without a help, or twice: " + line)
                ended.add(family)
                family = name
                self.types[name] = kind
            else:
                self.add(line, family)

    def add(self, line, family):
        match = LINE.fullmatch(line)
        if not match:
            raise ValueError("no value: %r" % line)
        name, inside, value = match.groups()
        labels = re.findall(LABEL, inside or "")
        if inside is not None and ",".join('%s="%s"' % pair for pair in labels) != inside:
            raise ValueError("labels: %r" % line)
        base = re.sub("_(bucket|sum|count)$", "", name) if self.types.get(family) == "histogram" else name
        if base != family:
            raise ValueError("%s stands in the family %s" % (name, family))
        pairs = tuple(sorted((k, re.sub(r"\\.", lambda m: UNESCAPED[m[0]], v)) for k, v in labels))
        if len(dict(pairs)) != len(pairs) or (name, pairs) in self.values:
            raise ValueError("twice: %r" % line)
        self.values[name, pairs] = float(value)

    def get(self, name, **labels):
        """The sum of all values that have these labels; None: there is none."""
        found = [v for (n, pairs), v in self.values.items() if n == name and labels.items() <= dict(pairs).items()]
        return sum(found) if found else None

    def exactly(self, name, **labels):
        """The value that has these labels and no others."""
        return self.values.get((name, tuple(sorted(labels.items()))))

    def labels(self, name, label):
        return {dict(pairs)[label] for n, pairs in self.values if n == name and label in dict(pairs)}

    def counters(self):
        """Series -> value, of all that may only grow."""
        kinds = {name for name, kind in self.types.items() if kind in ("counter", "histogram")}
        return {key: v for key, v in self.values.items() if key[0] in kinds or re.sub("_(bucket|sum|count)$", "", key[0]) in kinds}

    def check_histograms(self):
        """Buckets grow with their bounds, and the last one is the count."""
        series = {}
        for (name, pairs), value in self.values.items():
            if name.endswith("_bucket"):
                labels = dict(pairs)
                bound = float(labels.pop("le"))
                series.setdefault((name, tuple(sorted(labels.items()))), []).append((bound, value))
        for (name, pairs), buckets in series.items():
            counts = [count for _, count in sorted(buckets)]
            total = self.values[name.replace("_bucket", "_count"), pairs]
            if counts != sorted(counts) or counts[-1] != total or max(buckets)[0] != float("inf"):
                raise ValueError("%s%s: %s" % (name, pairs, buckets))
        return len(series)


def lint(text):
    """The complaints of promtool."""
    done = subprocess.run([PROMTOOL, "check", "metrics"], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout if done.returncode or done.stdout else ""
