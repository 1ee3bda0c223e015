# SPDX-License-Identifier: MIT
"""Asks the profiler that is attached to this process, if there is one, for its report.

The profiler listens at an abstract Unix socket. The socket's name is made of this process's PID and PID namespace. The
profiler answers "dcbs 1 ok" and the JSON document of its session, or "dcbs 1 no" and a reason. The evaluation waits
25 ms for the first line, which comes within 1 ms; with all CPUs busy it was measured to take up to 20 ms. A profiler
that is late all the same, because it is stopped, is not asked for the next second, then for two, up to 64.
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
FRESH_S = 0.2  # all calls within this time share an answer
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


def _ask() -> Optional[Answer]:
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(HEADER_S)
        connection.connect(_address())
        if not _is_trusted(connection):
            return None
        connection.sendall(b"dcbs 1 report\n")
        line, rest = _header(connection)
        if line.startswith("dcbs 1 no "):
            return Answer(refusal=line[len("dcbs 1 no "):])
        return _read(_document(connection, rest)) if line == "dcbs 1 ok" else None


# ---- how often to ask ----

class _Profiler:
    """The state of the conversation with the attached profiler. Threads that ask at the same time share an answer."""

    def __init__(self) -> None:
        self.lock = threading.RLock()  # a signal handler may ask while its thread is asking
        self._start_over(0)

    def _start_over(self, count: int) -> None:
        """Starts over with another profiler, or with none."""
        self.count = count
        self.last: Optional[Answer] = None
        self.fresh_until = self.paused_until = 0.0
        self.pause_s = PAUSE_S

    def _ask(self) -> Optional[Answer]:
        import socket

        try:
            answer = _ask()
        except (socket.timeout, BlockingIOError):  # it does not answer, or has not accepted earlier connections
            self.paused_until = time.monotonic() + self.pause_s
            self.pause_s = min(2 * self.pause_s, PAUSE_MOST_S)
            return None
        self.pause_s = PAUSE_S
        return answer

    def answer(self, count: int) -> Optional[Answer]:
        if count != self.count:
            self._start_over(count)
        if time.monotonic() < max(self.fresh_until, self.paused_until):
            return self.last
        self.last = None
        try:
            self.last = self._ask()
        finally:
            self.fresh_until = time.monotonic() + FRESH_S
        return self.last


_profiler = _Profiler()


def _after_fork() -> None:
    """Starts over: the profiler is the parent's, the answer is about the parent, and another thread may have held the lock."""
    global _profiler
    _profiler = _Profiler()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def ask() -> Optional[Answer]:
    """Returns the attached profiler's answer; None if there is no profiler or it does not answer. Raises nothing."""
    try:
        profiler, count = _profiler, attached()
        if not count:
            profiler.count = 0  # the next profiler is another one
            return None
        if not profiler.lock.acquire(timeout=HEADER_S + DOCUMENT_S):
            return None
        try:
            return profiler.answer(count)
        finally:
            profiler.lock.release()
    except Exception:
        return None
