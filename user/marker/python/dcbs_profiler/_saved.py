# SPDX-License-Identifier: MIT
"""A saved session of dcbs-bpfprof for notebooks and scripts: tables as lists of dicts, and a summary as HTML."""
from typing import Any, Dict, List, Optional, Tuple

from ._report import printable

MOST_BYTES = 256 << 20  # as the profiler's own reader
MOST_ROWS = 30         # of the summary

Row = Dict[str, Any]

# Key of `wall`, word, colour.
CAUSES: List[Tuple[str, str, str]] = [
    ("cpu_s", "computing", "#4c8dd6"), ("runqueue_s", "run queue", "#e0685a"), ("throttled_s", "throttled", "#c2453b"),
    ("steal_s", "steal", "#8f2d2a"), ("gil_s", "GIL", "#e5b03c"), ("lock_s", "lock", "#cf9330"), ("disk_s", "disk", "#9a6cc9"),
    ("fault_s", "page faults", "#b894d8"), ("network_s", "network", "#35a99b"), ("gpu_s", "GPU", "#5fae57"),
    ("sleep_s", "sleep", "#c3cad1"), ("await_s", "await", "#86c6d8"), ("other_s", "other waits", "#9aa4ae"),
]


def _flat(row: Row, prefix: str = "") -> Row:
    """Returns the row with the keys of objects inside as "outer.inner". Arrays, such as those of histograms, are left out."""
    flat: Row = {}
    for key, value in row.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{key}."))
        elif not isinstance(value, list):
            flat[prefix + key] = value
    return flat


def _number(value: Any) -> Optional[float]:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _time(value: Any) -> str:
    """Seconds with three digits and a unit; "-" for an unknown time."""
    seconds = _number(value)
    if seconds is None:
        return "-"
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "\u00b5s")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}" if seconds < 1000 else f"{seconds:.0f} s"
    return f"{seconds * 1e9:.3g} ns" if seconds else "0 s"


def _share(value: Any) -> str:
    share = _number(value)
    return "-" if share is None else f"{100 * share:.1f}%"


def _text(value: Any) -> str:
    """The text escaped for HTML; unprintable characters are shown as escapes."""
    import html  # here and below, so that evaluations, which do not need it, are not slower to start

    return html.escape(printable(value))


def _bar(wall: Any) -> str:
    """The causes of a time as a bar; empty if they are unknown."""
    known = [(word, colour, _number(wall.get(key)) or 0.0) for key, word, colour in CAUSES] if isinstance(wall, dict) else []
    whole = sum(max(seconds, 0.0) for _, _, seconds in known)
    if whole <= 0:
        return ""
    parts = [f'<i title="{word} {_share(seconds / whole)}" style="display:inline-block;height:10px;background:{colour};'
             f'width:{100 * seconds / whole:.2f}px"></i>' for word, colour, seconds in known if seconds > 0]
    return f'<div style="white-space:nowrap">{"".join(parts)}</div>'


class Session:
    """A saved session. `document` is the whole JSON document; the other members are its tables, as lists of dicts.

    In the tables a key of an object inside is "outer.inner", such as "wall.cpu_s"; arrays are left out. pandas.DataFrame()
    takes them as they are. None means unknown, and is never 0.
    """

    def __init__(self, document: Row) -> None:
        self.document = document

    def _table(self, key: str) -> List[Row]:
        rows = self.document.get(key)
        return [_flat(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    @property
    def sections(self) -> List[Row]:
        return self._table("sections")

    @property
    def functions(self) -> List[Row]:
        return self._table("functions")

    @property
    def bottlenecks(self) -> List[Row]:
        return self._table("bottlenecks")

    @property
    def operators(self) -> List[Row]:
        return self._table("operators")

    @property
    def caches(self) -> List[Row]:
        return self._table("caches")

    @property
    def threads(self) -> List[Row]:
        return self._table("threads")

    @property
    def event_loops(self) -> List[Row]:
        return self._table("event_loops")

    @property
    def processes(self) -> List[Row]:
        target = self.document.get("target")
        return [_flat(target)] if isinstance(target, dict) else self._table("targets")

    @property
    def notes(self) -> List[str]:
        notes = self.document.get("notes")
        return [str(note) for note in notes] if isinstance(notes, list) else []

    @property
    def duration_s(self) -> Optional[float]:
        """The length of the window."""
        window = self.document.get("window")
        return _number(window.get("duration_s")) if isinstance(window, dict) else None

    def _command(self) -> str:
        first = self.processes[0] if self.processes else {}
        return str(first.get("command") or first.get("comm") or "no process")

    def __repr__(self) -> str:
        return f"<dcbs_profiler.Session: {len(self.sections)} sections in {_time(self.duration_s)}>"

    def _rows(self) -> List[str]:
        whole, lines = self.duration_s, []
        sections = [s for s in self.document.get("sections") or [] if isinstance(s, dict)]
        for section in sections[:MOST_ROWS]:
            total = _number(section.get("total_s"))
            share = total / whole if total is not None and whole else None
            count = "-" if section.get("count") is None else section["count"]
            cells = [_share(share), _time(total), _time(section.get("self_s")), _text(count), _time(section.get("mean_s")),
                     _time(section.get("p99_s"))]
            lines.append(f'<tr><td style="text-align:left">{_text(section.get("name"))}</td><td>{_bar(section.get("wall"))}</td>'
                         + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
        if len(sections) > MOST_ROWS:
            lines.append(f'<tr><td colspan="8" style="text-align:left">and {len(sections) - MOST_ROWS} more</td></tr>')
        return lines

    def _verdict(self) -> str:
        for b in self.bottlenecks[:1]:
            advice = f'<br>{_text(b["suggestion"])}' if b.get("suggestion") else ""
            return f'<p><b>{_text(b.get("section"))}</b>: {_text(b.get("evidence") or b.get("cause"))}{advice}</p>'
        return ""

    def _repr_html_(self) -> str:
        heads = "".join(f"<th>{title}</th>" for title in ("why", "share", "total", "self", "calls", "mean", "p99"))
        return (f"<div><p>{_text(self._command())}, {_time(self.duration_s)}</p>{self._verdict()}"
                f'<table><thead><tr><th style="text-align:left">section</th>{heads}</tr></thead>'
                f'<tbody>{"".join(self._rows())}</tbody></table></div>')


def _read(path: Any) -> bytes:
    """Returns the bytes of the file, decompressed, and at most one more than a session may have."""
    import gzip
    import zlib

    with open(path, "rb") as f:
        if f.peek(2)[:2] != b"\x1f\x8b":
            return f.read(MOST_BYTES + 1)
        try:
            with gzip.open(f) as plain:
                return plain.read(MOST_BYTES + 1)
        except (EOFError, gzip.BadGzipFile, zlib.error) as e:
            raise ValueError(f"{path} is no whole gzip file: {e}") from None


def load(path: Any) -> Session:
    """Reads a session that dcbs-bpfprof saved with `-o FILE.json` or `-o FILE.json.gz`.

    Raises OSError if the file cannot be read, and ValueError if it is not such a session.
    """
    import json

    text = _read(path)
    if len(text) > MOST_BYTES:
        raise ValueError(f"{path} is larger than 256 MiB")
    try:
        document = json.loads(text.decode())
    except (ValueError, RecursionError) as e:
        raise ValueError(f"{path} is no JSON document: {e}") from None
    if not isinstance(document, dict) or document.get("tool") != "dcbs-bpfprof" or not isinstance(document.get("sections"), list):
        raise ValueError(f"{path} is no session of dcbs-bpfprof")
    if document.get("schema") not in (1, 2):
        raise ValueError(f"{path} has schema {document.get('schema')}, which this module does not know")
    return Session(document)
