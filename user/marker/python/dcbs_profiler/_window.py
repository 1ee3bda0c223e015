# SPDX-License-Identifier: MIT
"""The attached profiler's figures of this process, for the answers of the package.

They cover its window, from when it attached until now, and the whole process, whichever object marked a section. So
they stand beside the figures that the process recorded itself and never replace them.
"""
from typing import Any, Dict, Iterable, List, Optional, Tuple

from ._attached import Answer, Section
from ._figures import MIB

TOP = 20
NAME_WIDTH = 36
NAME_BYTES = 119
SMALL = 0.0005  # part of a section's time: a function's self time below it is no work of its own
SHOWN = 0.005  # part of a section's time: causes above it are shown
CAUSES = {
    "cpu_s": "computing", "runqueue_s": "run queue", "throttled_s": "throttled", "steal_s": "steal", "gil_s": "GIL", "lock_s": "lock",
    "disk_s": "disk", "network_s": "network", "fault_s": "page faults", "sleep_s": "sleep", "gpu_s": "GPU", "other_s": "other waits",
    "await_s": "await",
}
ORDERS = {  # key of a function -> the orders of pstats that it stands for, by name, alias and number
    "cumulative_s": ["cumulative", "cumtime", "2"],
    "self_s": ["self", "tottime", "time", "1"],
    "cumulative_samples": ["calls", "ncalls", "pcalls", "0"],
    "function": ["name", "nfl", "stdname", "-1"],
    "file": ["file", "filename", "module"],
    "line": ["line"],
}


# ---- names, as the profiler writes them: see cut_name() of the markers' name_table.c and the profiler's sanitize.c ----

def _cut_name(raw: bytes) -> bytes:
    if len(raw) <= NAME_BYTES:
        return raw
    value = 2166136261
    for byte in raw:
        value = (value ^ byte) * 16777619 & 0xffffffff
    end = NAME_BYTES - len("~12345678")
    while end and raw[end] & 0xc0 == 0x80:
        end -= 1
    return raw[:end] + b"~%08x" % value


def _is_printable(cp: int) -> bool:
    if cp < 0x20 or 0x7f <= cp < 0xa0 or cp in (0x61c, 0x200e, 0x200f):
        return False
    if 0x2028 <= cp <= 0x202e or 0x2066 <= cp <= 0x206f or 0xd800 <= cp < 0xe000:
        return False
    return cp & 0xfffe != 0xfffe and not (0xfdd0 <= cp <= 0xfdef or 0xfff9 <= cp <= 0xfffb or 0xe0000 <= cp <= 0xe007f)


def _escape(char: str) -> str:
    return "".join("\\x%02X" % byte for byte in char.encode("utf-8", "surrogateescape"))


def shown_name(name: str) -> str:
    raw = _cut_name(name.replace("\0", "\\x00").encode("utf-8", "backslashreplace"))
    text = raw.decode("utf-8", "surrogateescape")
    return "".join(c if _is_printable(ord(c)) else _escape(c) for c in text) or "(unnamed)"


# ---- get_section_stats() ----

def section(answer: Answer, name: str) -> Optional[Dict[str, Any]]:
    """Returns the window's fields and those of the section in the profiler's document (seconds, bytes, counts).

    Without the section's name and kind. None if the profiler has not seen the section.
    """
    found = answer.sections.get(shown_name(name))
    if not found:
        return None
    return {**answer.window, **{key: value for key, value in found.items() if key not in ("name", "kind")}}


# ---- get_profile_stats() ----

def _is_frame(function: Dict[str, Any], total_s: float) -> bool:
    """Returns true if the function is on every stack and does no work itself, so it says nothing that the section does not.

    The caller of the section is found in its own code now and then: between the marker's begin and the call that the section is for.
    """
    self_s = function["self_s"] - 2 * (function.get("self_s_error") or 0)
    return (function["cumulative_s"] or 0) >= (1 - SMALL) * total_s and self_s < SMALL * total_s


def _sorted(functions: List[Dict[str, Any]], sort_by: Any) -> List[Dict[str, Any]]:
    wanted = str(getattr(sort_by, "value", sort_by))  # a pstats.SortKey, maybe
    key = next((key for key, names in ORDERS.items() if wanted in names), "cumulative_s")
    if key in ("function", "file"):
        return sorted(functions, key=lambda f: (f[key] or "", f["function"], f["line"] or 0))
    return sorted(functions, key=lambda f: f[key] or 0, reverse=key != "line")


def _place(function: Dict[str, Any]) -> str:
    place = function["file"] or "~"
    return f"{place}:{function['line'] or 0}({function['function']})"


def functions(answer: Answer, name: str, sort_by: Any) -> str:
    """Returns a table of the functions inside a section, like cProfile's, but with samples in place of calls."""
    found = answer.functions.get(shown_name(name), [])
    whole = sum(function["self_s"] for function in found)
    samples = sum(function["self_samples"] for function in found)
    inside = [f for f in found if f["cumulative_s"] is not None and not _is_frame(f, whole)]
    if not whole or not inside:
        why = "no sample has shown them yet" if answer.frequency_hz else "its --frequency is 0"
        return f"These are sections. The attached profiler knows no functions inside this one: {why}.\n"
    lines = [f"Functions inside, by {samples} samples of dcbs-bpfprof at {answer.frequency_hz} Hz, of {whole:.3f} seconds:", "",
             "  samples  tottime  cumtime filename:lineno(function)"]
    for f in _sorted(inside, sort_by)[:TOP]:
        lines.append(f"{f['cumulative_samples']:9d} {f['self_s']:8.3f} {f['cumulative_s']:8.3f} {_place(f)}")
    return "\n".join(lines) + "\n"


# ---- generate_report() ----

def _causes(wall: Dict[str, Optional[float]]) -> str:
    known = [(wall.get(key) or 0.0, word) for key, word in CAUSES.items()]
    whole = sum(seconds for seconds, _ in known)
    parts = [f"{word} {100 * seconds / whole:.1f}%" for seconds, word in sorted(known, reverse=True) if seconds > SHOWN * whole]
    return ", ".join(parts) if whole else "unknown"


def _growth(memory: Dict[str, Optional[int]]) -> Iterable[str]:
    grown, minor, major = (memory.get(key) for key in ("rss_delta_bytes", "minor_faults", "major_faults"))
    if grown is None:
        return
    parts = [f"{kind} {(memory.get(kind + '_delta_bytes') or 0) / MIB:+.1f}" for kind in ("anon", "file", "shmem")]
    faults = "" if minor is None or major is None else f"; {minor} page faults, {major} of them from the disk"
    yield f"    memory: {grown / MIB:+.1f} MiB ({', '.join(parts)}){faults}"


def _bottleneck(bottleneck: Optional[Dict[str, Any]]) -> Iterable[str]:
    if bottleneck:
        yield f"    bottleneck: {bottleneck['cause']}; {bottleneck['evidence'] or 'no figures'}"
    if bottleneck and bottleneck["suggestion"]:
        yield f"    What to do: {bottleneck['suggestion']}"


def _time(seconds: Optional[float]) -> str:
    return "         -" if seconds is None else f"{seconds:10.6f}"


def _fitted(name: str) -> str:
    return f"{name if len(name) <= NAME_WIDTH else name[:NAME_WIDTH // 2] + '…' + name[1 - NAME_WIDTH // 2:]:<{NAME_WIDTH}}"


def _section_lines(name: str, section: Section, answer: Answer) -> Iterable[str]:
    times = " ".join(_time(section[key]) for key in ("p50_s", "p95_s", "p99_s"))
    yield f"{_fitted(name)} {section['total_s']:10.3f} {section['count'] or 0:9d} {times}"
    yield f"    time: {_causes(section['wall'])}"
    yield from _growth(section["memory"])
    yield from _bottleneck(answer.bottlenecks.get(name))


def _found_sections(answer: Answer, names: Iterable[str]) -> List[Tuple[str, Section]]:
    shown = dict.fromkeys(map(shown_name, names))
    found = [(name, answer.sections[name]) for name in shown if name in answer.sections]
    return sorted(found, key=lambda item: -float(item[1]["total_s"]))


def report(answer: Answer, names: Iterable[str]) -> str:
    """Returns the addition to the report of an object that has marked sections of these names."""
    if answer.refusal:
        printable = "".join(c for c in answer.refusal if c.isprintable())
        return f"\n\nA profiler is attached, but its figures are not shown here: {printable}."
    title = f"Seen by dcbs-bpfprof in the last {answer.window['duration_s']:.1f} s:"
    lines = ["", "", title, "-" * len(title)]
    found = _found_sections(answer, names)
    if not found:
        return "\n".join([*lines, "none of these sections"])
    lines.append(f"{'':<{NAME_WIDTH}} {'total s':>10} {'calls':>9} {'p50 s':>10} {'p95 s':>10} {'p99 s':>10}")
    for name, section in found[:TOP]:
        lines += _section_lines(name, section, answer)
    return "\n".join(lines + ([f"({len(found) - TOP} more)"] if len(found) > TOP else []))
