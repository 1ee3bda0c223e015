# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Sessions that are compressed with gzip: Python's gzip module is the independent reader and writer."""
import gzip
import json
import os
import random
import resource
import subprocess
import zlib

from bad_input import GOLDEN, BadInput
from launch import Target, profile, run
from needs import needs_bpf
from paths import PROFILER
from saved_sessions import save, section, session

MOST_BYTES = 256 << 20      # of a session


def peak_bytes(*args):
    """Runs the profiler. Returns what it was, with its largest RSS, by the kernel's account of this one child."""
    child = subprocess.Popen([PROFILER, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, errors = child.stdout.read(), child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    child.stdout.close()
    child.stderr.close()
    return subprocess.CompletedProcess(args, child.returncode, out, errors), usage.ru_maxrss << 10


class Compressed(BadInput):
    def written(self):
        path = self.path("run.json.gz")
        done = run("report", GOLDEN, "-o", path)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return path

    def save_bytes(self, data, name="bad.json.gz"):
        with open(self.path(name), "wb") as f:
            f.write(data)
        return self.path(name)

    def test_the_same_document(self):
        plain = run("report", GOLDEN, "-f", "json").stdout
        with gzip.open(self.written()) as f:
            self.assertEqual(f.read(), plain)
        self.assertEqual(gzip.decompress(run("report", GOLDEN, "-f", "json.gz").stdout), plain)
        self.assertEqual(run("report", self.written(), "-f", "json").stdout, plain)
        self.assertLess(os.path.getsize(self.written()), len(plain) / 3)

    def test_files_of_others(self):
        """A file that another program compressed is read, several parts behind one another included, and whatever the name is."""
        with open(GOLDEN, "rb") as f:
            text = f.read()
        plain = run("report", GOLDEN).stdout
        for data in gzip.compress(text), gzip.compress(text, 1), gzip.compress(text[:500]) + gzip.compress(text[500:]):
            self.assertEqual(run("report", self.save_bytes(data, "any.name")).stdout, plain)

    def test_diff(self):
        old, new = (save(self.path(name), session([section("decode", mean)])) for name, mean in (("old.json", 0.01), ("new.json", 0.02)))
        packed = []
        for path in old, new:
            with open(path, "rb") as f:
                packed.append(self.save_bytes(gzip.compress(f.read()), os.path.basename(path) + ".gz"))
        a, b = (json.loads(run("diff", *pair, "-f", "json").stdout)["compared"] for pair in ((old, new), packed))
        self.assertEqual(a, b)
        self.assertTrue(a)

    def test_damaged(self):
        """A file that ends too early, or with a wrong bit, is refused. Bits that fill up the last byte mean nothing."""
        with open(self.written(), "rb") as f:
            data = f.read()
        for n in (2, 5, 12, len(data) // 2, len(data) - 9, len(data) - 1):
            self.one_line(run("report", self.save_bytes(data[:n])), 1, "bad.json.gz", "ends too early")
        rng, good = random.Random(1), run("report", GOLDEN).stdout
        for _ in range(20):
            at = rng.randrange(10, len(data))
            bad = data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1:]
            done = run("report", self.save_bytes(bad))
            if done.returncode or done.stdout != good:
                self.one_line(done, 1, "bad.json.gz")
        self.one_line(run("report", self.save_bytes(data + b"garbage")), 1, "damaged")
        self.one_line(run("report", self.save_bytes(gzip.compress(b""))), 1, "bad.json.gz")

    def test_bomb(self):
        """A small file that becomes a large one costs no more than a large plain one, and ends with one line."""
        plain = self.path("plain.json")
        with open(plain, "wb") as f:
            f.truncate(MOST_BYTES + (1 << 20))
        packer = zlib.compressobj(1, wbits=31)
        part = bytes(1 << 20)
        bomb = self.save_bytes(b"".join([packer.compress(part) for _ in range(300)] + [packer.flush()]), "bomb.json.gz")
        self.assertLess(os.path.getsize(bomb), 8 << 20)
        _, plain_bytes = peak_bytes("report", plain)
        done, bomb_bytes = peak_bytes("report", bomb)
        self.one_line(done, 1, "bomb.json.gz", "256 MiB")
        self.assertLess(bomb_bytes, plain_bytes + os.path.getsize(bomb) + (16 << 20))
        self.assertLess(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 1 << 30)

    def test_a_large_one(self):
        """4 MB of notes are read and written, compressed or not."""
        doc = session([section("decode", 0.01)])
        doc["notes"] = ["n" * 4000] * 1000
        path, packed, again = save(self.path("large.json"), doc), self.path("large.json.gz"), self.path("again.json")
        for source, to in (path, packed), (packed, again):
            done = run("report", source, "-f", "folded", "-o", to, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
        with open(again) as f:
            self.assertEqual(json.load(f)["sections"][0]["count"], doc["sections"][0]["count"])

    @needs_bpf
    def test_live(self):
        path = self.path("live.json.gz")
        with Target("sections") as target:
            report = profile(target, "-o", path)[0]
        with gzip.open(path) as f:
            self.assertEqual(json.load(f), report)
