# SPDX-License-Identifier: GPL-2.0-only OR MIT
"""Processes that ask for the stats of another one, or answer in place of the profiler: they learn nothing and do no harm."""
import contextlib
import json
import socket
import subprocess
import sys
import threading
import time

from asking import CLIENT_S, DOCUMENT_S, NOBODY, AskingCase
from needs import needs_bpf
from reports import lost, sections


def connects(address, user=None, say=b"dcbs 1 report\n"):
    """Asks at this address from another process; returns the answer."""
    program = ("import os, socket, sys\n"
               "if int(sys.argv[2]): os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))\n"
               "s = socket.socket(socket.AF_UNIX); s.settimeout(10); s.connect('\\0' + sys.argv[1])\n"
               "try: s.sendall(sys.stdin.buffer.read())\n"
               "except OSError: pass\n"
               "got = b''\n"
               "try:\n"
               "    while True:\n"
               "        part = s.recv(65536)\n"
               "        if not part: break\n"
               "        got += part\n"
               "except ConnectionResetError: pass\n"
               "sys.stdout.buffer.write(got)\n")
    done = subprocess.run([sys.executable, "-c", program, address, str(user or 0)], input=say, stdout=subprocess.PIPE,
                          timeout=30, check=True)
    return done.stdout


@needs_bpf
class Strangers(AskingCase):
    """Only the process itself gets an answer, and no other process can harm the profiler."""

    REFUSED = b"dcbs 1 no these figures are for the process itself\n"

    def setUp(self):
        self.process = self.target()
        self.process.ask("work")
        self.attached = self.profiler(self.process)
        self.process.ask("work")
        self.address = self.process.ask("address")
        self.seen(self.process)

    def intact(self):
        self.seen(self.process)
        self.process.ask("work")
        self.attached.stop()
        report = self.attached.report()
        self.assertEqual(sections(report)["outer"]["count"], 2)
        self.assertEqual({what: n for what, n in lost(report).items() if what != "stacks"}, {})

    def test_root(self):
        self.assertEqual(connects(self.address), self.REFUSED)
        self.intact()

    def test_another_user(self):
        self.assertEqual(connects(self.address, user=NOBODY), self.REFUSED)
        self.intact()

    def test_flood(self):
        """Another process connects all the time: the profiler keeps measuring, and ends on its signal."""
        stop = threading.Event()

        def flood():
            while not stop.is_set():
                with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as s:
                    s.setblocking(False)
                    s.connect("\0" + self.address)
        thread = threading.Thread(target=flood)
        thread.start()
        try:
            time.sleep(1)
            self.process.ask("work")
            self.attached.stop()
            report = self.attached.report(timeout=30)
        finally:
            stop.set()
            thread.join()
        self.assertEqual(sections(report)["outer"]["count"], 2)

    def test_rubbish(self):
        """Malformed requests by the process itself, not through the module."""
        for text in ("x", "\n", "dcbs 2 report\n", "dcbs 1 report\n\n", "dcbs 1 report\r\n", "GET / HTTP/1.1\r\n\r\n", "\0" * 64, "é" * 32):
            answer = self.process.ask("raw", text)
            self.assertTrue(answer["line"].startswith("dcbs 1 no "), (text, answer))
            self.assertEqual(answer["bytes"], 0, text)
        answer = self.process.ask("raw", "dcbs 1 report\n")
        self.assertEqual((answer["line"], answer["whole"]), ("dcbs 1 ok", True))
        self.intact()

    def test_in_pieces(self):
        """A request may come in pieces, but it must be completed within CLIENT_S."""
        answer = self.process.ask("raw", "dcbs 1 rep")
        self.assertEqual((answer["line"], answer["bytes"]), ("", 0))
        self.assertGreaterEqual(answer["took"], CLIENT_S)
        self.intact()

    def test_too_much(self):
        answer = self.process.ask("raw", "dcbs 1 report and much more " * 1000, 40)
        self.assertEqual(answer["bytes"], 0)
        self.intact()

    def test_silence(self):
        """More silent connections than the profiler accepts at a time: each is closed after CLIENT_S, and others are accepted."""
        took = self.process.ask("silent", 12)
        self.assertGreaterEqual(took, CLIENT_S)
        self.assertLess(took, 20 * CLIENT_S)
        self.intact()

    def test_not_reading(self):
        """An answer that is larger than the socket's buffer is dropped if the target does not read it."""
        self.process.ask("many", 400)
        time.sleep(DOCUMENT_S)
        whole = self.process.ask("raw", "dcbs 1 report\n")
        self.assertTrue(whole["whole"])
        self.assertGreater(whole["bytes"], 300000)
        cut = self.process.ask("raw", "dcbs 1 report\n", 1, 4 * CLIENT_S)
        self.assertEqual(cut["line"], "dcbs 1 ok")
        self.assertFalse(cut["whole"])
        self.assertLess(cut["bytes"], whole["bytes"])
        self.intact()


class Listener:
    """Listens where the target asks, in place of the profiler; sends `says` to each client."""

    def __init__(self, address, says=b"", user=None, drip_s=None):
        program = ("import os, socket, sys, time\n"
                   "address, user, drip = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])\n"
                   "if user: os.setgid(user); os.setuid(user)\n"
                   "says = sys.stdin.buffer.read()\n"
                   "s = socket.socket(socket.AF_UNIX); s.bind('\\0' + address); s.listen(5); print('ready', flush=True)\n"
                   "while True:\n"
                   "    c, _ = s.accept(); c.settimeout(0.5)\n"
                   "    try:\n"
                   "        print(repr(c.recv(100)), flush=True)\n"
                   "        for i in range(len(says) if drip else 1):\n"
                   "            c.sendall(says[i:i + 1] if drip else says); time.sleep(drip)\n"
                   "    except OSError as e: print(e, flush=True)\n"
                   "    c.close()\n")
        self.process = subprocess.Popen([sys.executable, "-c", program, address, str(user or 0), str(drip_s or 0)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdin.write(says)
        self.process.stdin.close()
        assert self.process.stdout.readline() == b"ready\n"

    def end(self):
        """Ends the listener; returns everything that it received."""
        self.process.kill()
        self.process.wait()
        with self.process.stdout as out:
            return out.read()


@needs_bpf
class Impostors(AskingCase):
    """Another process listens in place of the profiler."""

    def setUp(self):
        self.process = self.target(stderr=subprocess.DEVNULL)
        self.process.ask("work")
        self.address = self.process.ask("address")

    def asked(self, *options, **listener):
        """The target asks such a listener while the real profiler is attached, too. Returns what the listener received."""
        impostor = Listener(self.address, *options, **listener)
        try:
            profiler = self.profiler(self.process, "-v")
            self.process.ask("forget")
            times = self.process.ask("timed", "generate_report")
            stats = self.process.ask("stats")["outer"]
            self.process.ask("work")
            profiler.stop()
            self.assertEqual(sections(profiler.report())["outer"]["count"], 1)
            self.assertIn("another profiler answers it already", profiler.stderr())
        finally:
            heard = impostor.end()
        self.assertEqual((times["seen"], "window" in stats), (0, False))
        self.assertLess(times["took"][0], 1)
        self.process.__exit__()
        self.setUp()
        return heard

    def test_another_user(self):
        """The target sends no request to another user's process."""
        heard = self.asked(b"dcbs 1 ok\n{}", user=NOBODY)
        self.assertIn(b"b''\n", heard)
        self.assertNotIn(b"dcbs", heard)

    def test_no_document(self):
        document = {"schema": 1, "window": {}, "sections": [], "functions": [], "bottlenecks": [], "frequency_hz": 0}
        wrong = [b"", b"{", b"\xff", b"null", b"[" * 100000, b"{}", b'{"schema": 2}', json.dumps(dict(document, sections=3)).encode(),
                 json.dumps(dict(document, sections=[{"name": "outer", "kind": "section"}], functions=None)).encode()]
        for text in wrong:
            heard = self.asked(b"dcbs 1 ok\n" + text)
            self.assertIn(b"dcbs 1 summary", heard, text)

    def test_no_header(self):
        for says in (b"", b"\n", b"x" * 100000, b"dcbs 1 okay\n{}", b"HTTP/1.1 200 OK\r\n\r\n"):
            self.asked(says)

    def test_half_a_section(self):
        """A valid document that lacks keys: the target's own report is complete all the same."""
        document = {"schema": 1, "window": {"duration_s": 1}, "sections": [{"name": "outer", "kind": "section"}], "functions": [],
                    "bottlenecks": [], "frequency_hz": 0}
        impostor = Listener(self.address, b"dcbs 1 ok\n" + json.dumps(document).encode())
        try:
            self.profiler(self.process)
            text = self.process.ask("report")
            self.assertIn("Timing Summary", text)
            self.assertIn("outer", text)
            self.assertEqual(self.process.ask("stats")["outer"]["count"], 1)
        finally:
            impostor.end()

    def test_by_drops(self):
        """The header must come within 25 ms, the document within 250 ms."""
        self.asked(b"dcbs 1 ok\n{}", drip_s=0.05)
