# SPDX-License-Identifier: MIT
"""Asks the profiler that is attached to this process, if there is one, for its report.

The profiler listens at an abstract Unix socket. The socket's name is made of this process's PID and PID namespace. The
profiler answers "dcbs 1 ok" and the JSON document of its session, or "dcbs 1 no" and a reason. A summary of that
document, which has no functions, is what is asked for unless functions are to be shown.

The evaluation waits 25 ms for the first line, which comes within 1 ms; with all CPUs busy it was measured to take up to
20 ms. A profiler that is late all the same, because it is stopped, is not asked for the next second, then for two, up
to 64. Asking takes at most 1 % of the time, and 0.2 s besides: a call in between gets the latest answer.
"""
import os
import threading
import time
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Tuple

if TYPE_CHECKING:
    from ._noop import attached
else:
    try:
        from ._markers import attached
    except Exception:  # _profilers logs it
        from ._noop import attached

HEADER_S, HEADER_BYTES = 0.025, 512
DOCUMENT_S, DOCUMENT_BYTES = 0.25, 64 << 20
FRESH_S = 0.2  # all calls within this time share an answer, ...
ASK_S, ASK_PART = 0.2, 0.01  # ... and so do later ones, until asking has taken no more than ASK_S + ASK_PART of the time
SUMMARY, REPORT = "summary", "report"  # what can be asked for; the report has functions
PAUSE_S, PAUSE_MOST_S = 1.0, 64.0
SCHEMA = 1

Section = Dict[str, Any]


class Answer(NamedTuple):
    """The profiler's document, by the names used in it. If the profiler refused, only `refusal` is set: its reason."""

    window: Dict[str, Any] = {}
    sections: Dict[str, Section] = {}
    functions: Dict[str, List[Dict[str, Any]]] = {}
    bottlenecks: Dict[str, Dict[str, Any]] = {}
    frequency_hz: int = 0
    refusal: str = ""


# ---- the document ----

def _by_section(items: List[Dict[str, Any]]) -> Dict[str, List[Dict[str, Any]]]:
    found: Dict[str, List[Dict[str, Any]]] = {}
    for item in items:
        found.setdefault(item["section"], []).append(item)
    return found


def _read(text: bytes) -> Answer:
    import json

    document = json.loads(text)
    if document["schema"] != SCHEMA:
        raise ValueError(f"schema {document['schema']}")
    return Answer(
        window=document["window"],
        sections={section["name"]: section for section in document["sections"] if section["kind"] == "section"},
        functions=_by_section(document["functions"]),
        bottlenecks={bottleneck["section"]: bottleneck for bottleneck in document["bottlenecks"]},
        frequency_hz=document["frequency_hz"] or 0,
    )


# ---- the connection ----

def _address() -> str:
    return f"\0dcbs-bpfprof.{os.stat('/proc/self/ns/pid').st_ino}.{os.getpid()}"


def _is_trusted(connection: Any) -> bool:
    """Returns true if the listener is root or this user. Any user can listen there, but these can read this process anyway."""
    import socket
    import struct

    uid: int = struct.unpack("=iII", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
    return uid == 0 or uid == os.geteuid()


def _receive(connection: Any, until: float) -> bytes:
    connection.settimeout(max(until - time.monotonic(), 0.001))
    received: bytes = connection.recv(1 << 18)
    return received


def _header(connection: Any) -> Tuple[str, bytes]:
    """Returns the first line, and the bytes of the rest that came with it."""
    until, received = time.monotonic() + HEADER_S, b""
    while b"\n" not in received and len(received) < HEADER_BYTES:
        more = _receive(connection, until)
        if not more:
            break
        received += more
    line, _, rest = received.partition(b"\n")
    return line.decode("utf-8", "replace"), rest


def _document(connection: Any, first: bytes) -> bytes:
    until, parts, size = time.monotonic() + DOCUMENT_S, [first], len(first)
    while size < DOCUMENT_BYTES:
        part = _receive(connection, until)
        if not part:
            return b"".join(parts)
        parts.append(part)
        size += len(part)
    raise ValueError(f"a document of more than {DOCUMENT_BYTES} bytes")


def _request(what: str) -> Optional[Answer]:
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(HEADER_S)
        connection.connect(_address())
        if not _is_trusted(connection):
            return None
        connection.sendall(f"dcbs 1 {what}\n".encode())
        line, rest = _header(connection)
        if line.startswith("dcbs 1 no "):
            return Answer(refusal=line[len("dcbs 1 no "):])
        return _read(_document(connection, rest)) if line == "dcbs 1 ok" else None


def _ask(what: str) -> Optional[Answer]:
    answer = _request(what)
    if answer and what == SUMMARY and answer.refusal.startswith("this profiler understands"):  # an older one has no summary
        answer = _request(REPORT)
    return answer


# ---- how often to ask ----

class _Profiler:
    """The state of the conversation with the attached profiler. Threads that ask at the same time share an answer."""

    def __init__(self) -> None:
        self.lock = threading.RLock()  # a signal handler may ask while its thread is asking
        self._start_over(0)

    def _start_over(self, count: int) -> None:
        """Starts over with another profiler, or with none."""
        self.count = count
        self.last: Dict[str, Optional[Answer]] = {}
        self.fresh_until: Dict[str, float] = {}
        self.paused_until, self.pause_s = 0.0, PAUSE_S
        self.since, self.asking_s = time.monotonic(), 0.0

    def _ask(self, what: str) -> Optional[Answer]:
        import socket

        try:
            answer = _ask(what)
        except (socket.timeout, BlockingIOError):  # it does not answer, or has not accepted earlier connections
            self.paused_until = time.monotonic() + self.pause_s
            self.pause_s = min(2 * self.pause_s, PAUSE_MOST_S)
            return None
        self.pause_s = PAUSE_S
        return answer

    def _pay(self, what: str, begin: float) -> None:
        now = time.monotonic()
        self.asking_s += now - begin
        paid = self.since + (self.asking_s - ASK_S) / ASK_PART
        self.fresh_until[what] = max(now + FRESH_S, paid)

    def answer(self, count: int, what: str) -> Optional[Answer]:
        if count != self.count:
            self._start_over(count)
        begin = time.monotonic()
        if begin < max(self.fresh_until.get(what, 0.0), self.paused_until):
            return self.last.get(what)
        self.last[what] = None
        try:
            self.last[what] = self._ask(what)
        finally:
            self._pay(what, begin)
        return self.last[what]


_profiler = _Profiler()


def _after_fork() -> None:
    """Starts over: the profiler is the parent's, the answer is about the parent, and another thread may have held the lock."""
    global _profiler
    _profiler = _Profiler()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def ask(what: str = SUMMARY) -> Optional[Answer]:
    """Returns the attached profiler's answer; None if there is no profiler or it does not answer. Raises nothing."""
    try:
        profiler, count = _profiler, attached()
        if not count:
            profiler.count = 0  # the next profiler is another one
            return None
        if not profiler.lock.acquire(timeout=HEADER_S + DOCUMENT_S):
            return None
        try:
            return profiler.answer(count, what)
        finally:
            profiler.lock.release()
    except Exception:
        return None
