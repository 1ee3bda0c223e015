# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""--listen: figures for Prometheus while the profile runs."""
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request

from bad_input import NO_SUCH_PID, BadInput
from launch import Profiler, Target, run
from needs import needs_bpf
from prometheus import PROMTOOL, Metrics, lint
from protobuf import fields, number, signed
from waiting import attached

PROMETHEUS = os.environ.get("DCBS_PROMETHEUS") or shutil.which("prometheus")
PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
MIB = 1 << 20


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def scrape(port, accept="text/plain", path="/metrics"):
    """(body, type) of an answer"""
    request = urllib.request.Request("http://127.0.0.1:%d%s" % (port, path), headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return answer.read(), answer.headers["Content-Type"]


def ask(port, data, timeout=20):
    """The bytes that the server answers to any bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout) as s:
        with contextlib.suppress(OSError):
            s.sendall(data)
        answer = b""
        with contextlib.suppress(OSError):
            while part := s.recv(65536):
                answer += part
        return answer


def families(data):
    """Name -> (type, [(labels, fields of the value)]), of delimited messages MetricFamily."""
    found, at = {}, 0
    while at < len(data):
        size, at = number(data, at)
        family = fields(data[at:at + size])
        at += size
        metrics = []
        for metric in map(fields, family[4]):
            labels = {f[1][0].decode(): f[2][0].decode() for f in map(fields, metric.get(1, []))}
            metrics.append((labels, fields(next(metric[k][0] for k in (2, 3, 7) if k in metric))))
        found[family[1][0].decode()] = family[3][0], metrics
    return found


def native_buckets(h):
    """Upper bound in seconds -> count, of a native histogram."""
    index, count, deltas, found = 0, 0, iter(h.get(13, [])), {}
    for span in map(fields, h.get(12, [])):
        index += signed(span[1][0])
        for _ in range(span[2][0]):
            count += signed(next(deltas))
            found[2 ** (index / 2 ** signed(h[5][0]))] = count
            index += 1
    assert next(deltas, None) is None
    return found


@needs_bpf
class Figures(unittest.TestCase):
    """A profile of a process with as many sections as there may be, which has done its work and is still there."""

    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        stack = contextlib.ExitStack()
        cls.addClassCleanup(stack.close)
        target = stack.enter_context(Target("names", "--many", "600", "--each", "40", hold=True))
        cls.profiler = stack.enter_context(Profiler("-p", target.pid, "--listen", str(cls.port), wait_for=target.pid))
        target.go()
        cls.truth = target.result()

    def test_text(self):
        body, kind = scrape(self.port)
        self.assertEqual(kind, "text/plain; version=0.0.4; charset=utf-8")
        self.assertLess(len(body), MIB)
        metrics = Metrics(body.decode())
        self.assertGreater(metrics.check_histograms(), 480)
        self.assertEqual(metrics.get("dcbs_section_seconds_count", section="many-7"), self.truth["each"])
        self.assertEqual(metrics.get("dcbs_section_seconds_count", section="(other)"), self.truth["other_count"])
        named = {bytes.fromhex(n["hex"]).decode("utf-8", "replace"): n["count"] for n in self.truth["names"]}
        for name in 'a,b;c|d{e="f"}', "quotes \" ' ` \\ \\n \\u0000 %s %n $(id)":
            self.assertEqual(metrics.get("dcbs_section_seconds_count", section=name), named[name], name)
        if PROMTOOL:
            self.assertEqual(lint(body.decode()), "")

    def test_native_histograms(self):
        """Up to each classic bound the native buckets have the same calls as the text."""
        data, kind = scrape(self.port, PROTOBUF + ";q=0.9,text/plain;version=0.0.4;q=0.5")
        self.assertTrue(kind.startswith("application/vnd.google.protobuf;"), kind)
        self.assertLess(len(data), MIB)
        text = Metrics(scrape(self.port)[0].decode())
        kind, histograms = families(data)["dcbs_section_seconds"]
        self.assertEqual((kind, len(histograms)), (4, len(text.labels("dcbs_section_seconds_count", "section"))))
        for labels, h in histograms:
            buckets, zero = native_buckets(h), h[7][0]
            self.assertEqual(h[1][0], text.exactly("dcbs_section_seconds_count", **labels))
            self.assertAlmostEqual(h[2][0], text.exactly("dcbs_section_seconds_sum", **labels), 9)
            self.assertEqual(sum(buckets.values()) + zero, h[1][0])
            for bound in (2 ** n / 1e9 for n in range(14, 40, 2)):
                upto = sum(count for upper, count in buckets.items() if upper <= bound) + zero
                self.assertEqual(upto, text.exactly("dcbs_section_seconds_bucket", le="%.15g" % bound, **labels), (labels, bound))

    def test_preference(self):
        for accept, protobuf in ((PROTOBUF, True), ("*/*", False), ("text/plain," + PROTOBUF + ";q=0.5", False),
                                 ("application/vnd.google.protobuf", False), (PROTOBUF + ",text/plain", True)):
            self.assertEqual(scrape(self.port, accept)[1].startswith("application/vnd"), protobuf, accept)

    def test_other_requests(self):
        for request, status in ((b"GET / HTTP/1.1\r\n\r\n", 404), (b"POST /metrics HTTP/1.1\r\n\r\n", 405), (b"\0\xff\r\n\r\n", 400),
                                (b"GET /metrics\r\n\r\n", 400), (b"GET /metrics2 HTTP/1.1\r\n\r\n", 404), (b"x" * 8192, 431)):
            self.assertEqual(ask(self.port, request).split(b" ")[1:2], [b"%d" % status], request[:30])
        head, _, body = ask(self.port, b"HEAD /metrics?x=1 HTTP/1.0\r\n\r\n").partition(b"\r\n\r\n")
        self.assertIn(b" 200 ", head)
        self.assertEqual(body, b"")

    def test_loopback_and_confined(self):
        with open("/proc/net/tcp") as f:
            listening = {line.split()[1] for line in f if line.split()[3] == "0A"}
        self.assertEqual({a for a in listening if a.endswith(":%04X" % self.port)}, {"0100007F:%04X" % self.port})
        with open("/proc/%d/status" % self.profiler.pid) as f:
            self.assertRegex(f.read(), r"Seccomp:\s*2")

    def test_silent_and_deaf(self):
        """Clients that do not ask, or do not read, are dropped, and scrapers are answered after them."""
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(socket.create_connection(("127.0.0.1", self.port), 20)) for _ in range(9)]
            for deaf in clients[:4]:
                deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                deaf.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
            self.assertIn(b"dcbs_section_seconds_count", scrape(self.port)[0])
            self.assertEqual(clients[7].recv(1), b"")


@needs_bpf
class Counters(unittest.TestCase):
    def test_never_fall(self):
        """While threads work, wait and begin sections, no counter falls; the counts at the end are those of the report."""
        port, seen = free_port(), []
        with Target("sections", hold=True) as target, \
                Profiler("-p", target.pid, "--listen", "127.0.0.1:%d" % port, wait_for=target.pid) as profiler:
            seen.append(Metrics(scrape(port)[0].decode()).counters())
            target.go()
            for _ in range(3):
                time.sleep(0.55)
                seen.append(Metrics(scrape(port)[0].decode()).counters())
            target.result()
            time.sleep(0.55)
            last = Metrics(scrape(port)[0].decode())
            target.line()
            target.end()
            report = profiler.report()
        before = {}
        for counters in [*seen, last.counters()]:
            for key, value in before.items():
                self.assertGreaterEqual(counters[key], value, key)
            before = counters
        for section in report["sections"]:
            if section["count"] is not None:
                self.assertEqual(last.get("dcbs_section_seconds_count", section=section["name"]), section["count"], section["name"])


class Refused(BadInput):
    def test_addresses(self):
        for address in "", ":", "localhost", "127.0.0.1:", "127.0.0.1:80", "host:9464", "127.0.0.1:70000", "[::1]":
            with self.subTest(address):
                self.one_line(run("-p", NO_SUCH_PID, "--listen", address), 2, "ADDR:PORT")

    @needs_bpf
    def test_taken(self):
        """A port that is taken is reported before the process is attached to, and the command is not started."""
        with socket.socket() as s, Target("sections") as target:
            s.bind(("127.0.0.1", 0))
            s.listen()
            port = s.getsockname()[1]
            self.one_line(run("-p", target.pid, "--listen", port, "-o", self.path("x.json")), 1, "another program listens")
            self.assertEqual(attached(target.pid), 0)
            self.one_line(run("--listen", port, "--", "touch", self.path("started")), 125, "another program listens")
        self.assertEqual(os.listdir(self.dir), [])


WORK = """
import time
from dcbs_profiler import PerformanceProfiler
end = time.monotonic() + 60
while time.monotonic() < end:
    with PerformanceProfiler().profile_section("nap"):
        time.sleep(0.01)
"""
CONFIG = """
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs: [{job_name: dcbs, static_configs: [{targets: ["127.0.0.1:%d"]}]}]
"""
SHIFT = 0.993       # native buckets in seconds are that much below the report's


def bucket_of_rank(histogram, rank):
    """The index of the bucket that has the call of this rank, from 0 to the number of calls."""
    count = histogram["zero_count"]
    for index, more in histogram["buckets"]:
        count += more
        if count >= rank:
            break
    return index


@needs_bpf
@unittest.skipUnless(PROMETHEUS, "there is no prometheus")
class Scraped(unittest.TestCase):
    def query(self, port, text, at):
        url = "http://127.0.0.1:%d/api/v1/query?time=%.3f&query=%s" % (port, at, urllib.request.quote(text))
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
            found = json.load(answer)["data"]["result"]
            return float(found[0]["value"][1]) if found else None

    def wait_for_figures(self, port):
        """(calls, median), of one scrape"""
        series, end = 'dcbs_section_seconds{section="nap"}', time.monotonic() + 30
        while time.monotonic() < end:
            at = time.time()
            found = [self.query(port, "histogram_%s)" % f, at) for f in ("count(" + series, "quantile(0.5, " + series)]
            if None not in found and found[0] >= 50:
                return found
            time.sleep(0.3)
        self.fail("Prometheus has no native histogram")

    def prometheus(self, folder, port, own):
        config = os.path.join(folder, "config.yml")
        with open(config, "w") as f:
            f.write(CONFIG % port)
        server = subprocess.Popen([PROMETHEUS, "--config.file=" + config, "--storage.tsdb.path=" + folder, "--log.level=error",
                                   "--enable-feature=native-histograms", "--web.listen-address=127.0.0.1:%d" % own])
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)

    def test_prometheus(self):
        """A Prometheus scrapes native histograms. Its median is that of the first calls of the report, whatever the later ones are."""
        port, own = free_port(), free_port()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, \
                Target("-c", WORK, python=True, wait=False) as target, \
                Profiler("-p", target.pid, "--listen", str(port), wait_for=target.pid) as profiler:
            self.prometheus(folder, port, own)
            calls, median = self.wait_for_figures(own)
            profiler.stop(signal.SIGINT)
            report = profiler.report()
        nap = next(s for s in report["sections"] if s["name"] == "nap")
        later = nap["count"] - calls
        self.assertGreaterEqual(later, 0)
        lowest = bucket_of_rank(nap["histogram"], calls / 2)
        highest = bucket_of_rank(nap["histogram"], calls / 2 + later)
        self.assertGreaterEqual(median, 2 ** (lowest / 32) / 1e9 * SHIFT)
        self.assertLessEqual(median, 2 ** ((highest + 1) / 32) / 1e9)
