# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Profiles for pprof: read by a reader of the test's own, by protoc, and by `go tool pprof`."""
import gzip
import json
import os
import pty
import re
import shutil
import subprocess
import tempfile
import unittest

from launch import BUDGET, run
from needs import needs_bpf
from paths import BUILD, PYTHON, golden
from protobuf import fields, numbers

SESSION = golden("functions.json")
GO = shutil.which("go")
PROTOC = shutil.which("protoc")

# The published profile.proto, without its comments.
PROTO = """
syntax = "proto3";
message Profile {
  repeated ValueType sample_type = 1;
  repeated Sample sample = 2;
  repeated Mapping mapping = 3;
  repeated Location location = 4;
  repeated Function function = 5;
  repeated string string_table = 6;
  int64 drop_frames = 7;
  int64 keep_frames = 8;
  int64 time_nanos = 9;
  int64 duration_nanos = 10;
  ValueType period_type = 11;
  int64 period = 12;
  repeated int64 comment = 13;
  int64 default_sample_type = 14;
}
message ValueType { int64 type = 1; int64 unit = 2; }
message Sample { repeated uint64 location_id = 1; repeated int64 value = 2; repeated Label label = 3; }
message Label { int64 key = 1; int64 str = 2; int64 num = 3; int64 num_unit = 4; }
message Mapping {
  uint64 id = 1; uint64 memory_start = 2; uint64 memory_limit = 3; uint64 file_offset = 4; int64 filename = 5; int64 build_id = 6;
  bool has_functions = 7; bool has_filenames = 8; bool has_line_numbers = 9; bool has_inline_frames = 10;
}
message Location { uint64 id = 1; uint64 mapping_id = 2; uint64 address = 3; repeated Line line = 4; bool is_folded = 5; }
message Line { uint64 function_id = 1; int64 line = 2; int64 column = 3; }
message Function { uint64 id = 1; int64 name = 2; int64 system_name = 3; int64 filename = 4; int64 start_line = 5; }
"""


class Profile:
    """A profile with names in place of numbers. Raises if it names something that it does not have."""

    def __init__(self, data):
        top = fields(gzip.decompress(data))
        self.strings = [s.decode() for s in top[6]]
        self.types = [tuple(self.text(f, field) for field in (1, 2)) for f in map(fields, top[1])]
        self.default = self.strings[top[14][0]]
        self.duration_ns = top[10][0]
        self.mappings = {f[1][0]: self.text(f, 5) for f in map(fields, top.get(3, []))}
        functions = {f[1][0]: (self.text(f, 2), self.text(f, 4), f.get(5, [0])[0]) for f in map(fields, top.get(5, []))}
        self.locations = {}
        for f in map(fields, top.get(4, [])):
            line = fields(f[4][0])
            mapping = self.mappings[f[2][0]] if 2 in f else None
            self.locations[f[1][0]] = functions[line[1][0]] + (line.get(2, [0])[0], mapping)
        self.samples = [self.sample(f) for f in map(fields, top.get(2, []))]

    def text(self, message, field):
        return self.strings[message.get(field, [0])[0]]

    def sample(self, f):
        """(stack, the innermost frame first; value by type; labels)"""
        labels = {self.text(label, 1): self.text(label, 2) for label in map(fields, f[3])}
        values = numbers(f[2][0])
        assert len(values) == len(self.types)
        return [self.locations[i] for i in numbers(f[1][0])], dict(zip((t for t, _ in self.types), values)), labels

    def total(self, kind, **labels):
        return sum(v[kind] for _, v, have in self.samples if all(have.get(k) == word for k, word in labels.items()))


def rendered(path, **options):
    done = run("report", path, "-f", "pprof", **options)
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout


class Pprof(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = folder.name
        with open(SESSION) as f:
            self.session = json.load(f)

    def path(self, name, data):
        path = os.path.join(self.dir, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def saved(self, **changes):
        return self.path("session.json", json.dumps(dict(self.session, **changes)).encode())

    def test_sums(self):
        profile = Profile(rendered(SESSION))
        self.assertEqual(profile.default, "cpu")
        stacks = self.session["stacks"]
        for section in {s[0] for s in stacks}:
            mine = [s for s in stacks if s[0] == section]
            for kind, field in (("cpu", 1), ("wait", 2)):
                self.assertAlmostEqual(profile.total(kind, section=section) / 1e9, sum(s[field] for s in mine), 6)
            self.assertEqual(profile.total("samples", section=section), sum(s[3] for s in mine))
        waits = [t for t, _ in profile.types if t.startswith("wait_")]
        self.assertEqual(len(waits), 11)
        for _, values, labels in profile.samples:
            self.assertEqual(sum(values[t] for t in waits), values["wait"])
            if values["wait"]:
                self.assertEqual(values["wait_" + labels["cause"]], values["wait"])
        self.assertEqual(profile.duration_ns, round(self.session["window"]["duration_s"] * 1e9))

    def test_frames(self):
        """Each stack is the session's, the innermost frame first."""
        profile, frames = Profile(rendered(SESSION)), self.session["frames"]
        stacks = [s for s in profile.samples if not s[1]["rss_growth"]]
        self.assertEqual(len(stacks), len(self.session["stacks"]))
        for (found, _, _), stack in zip(stacks, self.session["stacks"]):
            want = [frames[i] for i in reversed(stack[4])]
            self.assertEqual([(f[0], f[1], f[3]) for f in found], [(f["function"], f["file"] or "", f["line"] or 0) for f in want])
            for (name, file, _, _, mapping), frame in zip(found, want):
                is_object = not frame["python"] and frame["file"] and frame["line"] is None
                self.assertEqual(mapping, file if is_object else None, name)

    def test_growth(self):
        profile = Profile(rendered(SESSION))
        grown = {s["name"]: s["self_memory"]["grown_bytes"] for s in self.session["sections"]}
        for section, grown_bytes in grown.items():
            self.assertEqual(profile.total("rss_growth", section=section), max(grown_bytes or 0, 0), section)

    def test_hostile_names(self):
        names = ["a;b", "x\u202ey", "gr\u00f6\u00dfe", "\"'\\", "x" * 9000, "new\nline"]
        frames = [{"function": n, "file": "/tmp/" + n, "line": None, "python": False} for n in names]
        profile = Profile(rendered(self.saved(frames=frames, stacks=[[n, 1, 0, 1, [i]] for i, n in enumerate(names)])))
        found = [(s[2]["section"], s[0][0][0]) for s in profile.samples if s[1]["cpu"]]
        want = [n.replace("\u202e", r"\xE2\x80\xAE").replace("\n", r"\x0A") for n in names]
        for (section, function), name in zip(found, want):
            self.assertEqual((section[:8000], function[:8000]), (name[:8000], name[:8000]))
        self.assertEqual(profile.strings[0], "")
        self.assertEqual(len(set(profile.strings)), len(profile.strings))

    def test_any_numbers(self):
        """Numbers that no counter of pprof holds are cut off; a session without a stack is a profile."""
        self.assertEqual(Profile(rendered(self.saved(stacks=[["s", 1e17, 0, 0, [0]]]))).total("cpu"), 9 * 10 ** 18)
        self.assertEqual(Profile(rendered(self.saved(stacks=[], frames=[]))).total("cpu"), 0)

    def test_no_terminal(self):
        """A terminal gets no bytes that are no text."""
        ours, theirs = pty.openpty()
        try:
            done = run("report", SESSION, "-f", "pprof", stdout=theirs)
        finally:
            os.close(theirs)
            os.close(ours)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, rb"^dcbs-bpfprof: --format pprof: .*-o FILE\.pb\.gz.*\n")

    @unittest.skipUnless(PROTOC, "there is no protoc")
    def test_protoc(self):
        """protoc knows every field by its published name, and reads the same samples."""
        self.path("profile.proto", PROTO.encode())
        data = gzip.decompress(rendered(SESSION))
        done = subprocess.run([PROTOC, "--decode=Profile", "-I", self.dir, "profile.proto"], input=data, stdout=subprocess.PIPE, check=True)
        text = done.stdout.decode()
        self.assertEqual(re.findall(r"(?m)^\s*\d+[:\s{].*", text), [])
        self.assertEqual(len(re.findall(r"(?m)^sample {", text)), len(Profile(rendered(SESSION)).samples))

    @unittest.skipUnless(GO, "there is no go")
    def test_go(self):
        path = self.path("x.pb.gz", rendered(SESSION))
        home = dict(os.environ, PPROF_TMPDIR=self.dir, HOME=self.dir)

        def pprof(*args):
            done = subprocess.run([GO, "tool", "pprof", *args, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=home,
                                  timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout
        profile = Profile(rendered(SESSION))
        raw = pprof("-raw")
        self.assertEqual(raw.count("section:["), len(profile.samples))
        self.assertIn("cpu/nanoseconds[dflt]", raw)
        top = pprof("-top", "-unit=ns", "-tagfocus=section=forward_pass")
        self.assertIn("Type: cpu", top)
        flat = {}
        for stack, values, labels in profile.samples:
            if labels["section"] == "forward_pass":
                flat[stack[0][0]] = flat.get(stack[0][0], 0) + values["cpu"]
        name = max(flat, key=flat.get)
        self.assertRegex(top, r"(?m)^\s*%dns .* %s" % (flat[name], re.escape(name)))
        self.assertIn("accounting for 0, 0% of", pprof("-top", "-diff_base=" + path, "-sample_index=wait"))


WORK = """
import json, sys, time
from dcbs_profiler import PerformanceProfiler
truth = {}
def compute(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
def rest(seconds):
    time.sleep(seconds)
for name, work in ("computing", compute), ("resting", rest):
    with PerformanceProfiler().profile_section(name):
        wall, cpu = time.monotonic(), time.thread_time()
        work(0.4)
        truth[name] = time.monotonic() - wall, time.thread_time() - cpu
json.dump(truth, open(sys.argv[1], "w"))
"""


@needs_bpf
class Measured(unittest.TestCase):
    def test_run(self):
        """The profile of a run is that of its saved session, and has the times that the program measured itself."""
        with tempfile.TemporaryDirectory() as folder:
            saved, profile, truth = (os.path.join(folder, name) for name in ("x.json", "x.pb.gz", "truth"))
            done = run("-q", "-F", "499", *BUDGET, "-o", saved, "-o", profile, "--", PYTHON, "-c", WORK, truth,
                       env=dict(os.environ, PYTHONPATH=os.path.join(BUILD, "python")))
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(profile, "rb") as f:
                data = f.read()
            self.assertEqual(rendered(saved), data)
            with open(truth) as f:
                truth = json.load(f)
        found = Profile(data)
        for section, (wall_s, cpu_s) in truth.items():
            with self.subTest(section):
                cpu, wait = (found.total(kind, section=section) / 1e9 for kind in ("cpu", "wait"))
                self.assertAlmostEqual(cpu + wait, wall_s, delta=0.005 + 0.01 * wall_s)
                self.assertAlmostEqual(cpu, cpu_s, delta=0.01 + 0.05 * wall_s)
        self.assertAlmostEqual(found.total("wait_sleep", section="resting") / 1e9, 0.4, delta=0.02 + 0.05 * truth["resting"][0])
        stacks = [[frame[0] for frame in stack] for stack, values, labels in found.samples if labels["section"] == "computing" and values["cpu"]]
        self.assertTrue(any("compute" in names for names in stacks), stacks)
