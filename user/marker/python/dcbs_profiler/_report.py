# SPDX-License-Identifier: MIT
"""Figures as text: the table of get_profile_stats() and the report of generate_report()."""
import io
import time
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

from ._figures import MIB, Figures, Nested, S

TOP = 20  # rows of a table of functions
NAME_WIDTH = 36
MANY_CALLS, SHORT_CALL_S = 10000, 20e-6
MUCH_MEMORY_BYTES = 500 * MIB
OUTLIER = 20  # a call that takes this many times the mean
ATTACH = "sudo dcbs-bpfprof -p PID"
NEEDS_ATTACHED = f"These are sections. Function-level figures need an attached profiler: {ATTACH}"

Sections = Dict[str, Figures]
Others = List[Tuple[str, Figures]]  # sections of other objects, which may have the same name


def printable(name: Any) -> str:
    """Returns the text with all unprintable characters escaped: a section's name may hold any."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(name))


def _fitted(name: str) -> str:
    """Returns the name in NAME_WIDTH columns. A long name loses its middle, because its ends say more."""
    name = printable(name)
    if len(name) > NAME_WIDTH:
        name = name[:NAME_WIDTH // 2] + "…" + name[1 - NAME_WIDTH // 2:]
    return f"{name:<{NAME_WIDTH}}"


# ---- get_profile_stats() ----

class _Profile:
    """Has the two members by which pstats recognizes a finished profile."""

    def __init__(self, stats: Dict[Any, Any]) -> None:
        self.stats = stats

    def create_stats(self) -> None:
        pass


def _profile(name: str, figures: Figures, nested: List[Nested]) -> _Profile:
    """Returns the sections as functions of a profile. Nested sections of one name, from several objects, are merged."""
    own = Nested(name, figures.count, figures.primitive, figures.self_ns, figures.total_ns)
    stats: Dict[Any, Any] = {}
    for section in (own, *nested):
        key = ("~", 0, f"<section {printable(section.name)}>")  # the key of pstats for a built-in function, which has no file
        primitive, count, self_s, total_s, callers = stats.get(key, (0, 0, 0.0, 0.0, {}))
        if section.name != name or section is own:
            primitive, total_s = primitive + section.primitive, total_s + section.total_ns * S
        stats[key] = (primitive, count + section.count, self_s + section.self_ns * S, total_s, callers)
    return _Profile(stats)


def _sort(stats: Any, sort_by: Any) -> str:
    """Sorts by a name, alias or number of pstats, or by "self". Returns a remark if there is no such order."""
    try:
        stats.sort_stats("tottime" if sort_by == "self" else sort_by)
        return ""
    except Exception:
        stats.sort_stats("cumulative")
        return f"There is no order {printable(repr(sort_by))}; this is the cumulative one.\n"


def profile_table(name: str, figures: Figures, nested: List[Nested], sort_by: Any, functions: str = "") -> str:
    """Returns a table as cProfile prints it, with the same columns, orders and number of rows, and then `functions`."""
    import pstats  # here, because it imports half of the standard library

    text = io.StringIO()
    stats: Any = pstats.Stats(_profile(name, figures, nested), stream=text)  # type: ignore[arg-type]
    remark = _sort(stats, sort_by)
    stats.print_stats(TOP)
    table = text.getvalue().replace("function calls", "section calls", 1)
    return f"{table.rstrip()}\n\n{remark}{functions or NEEDS_ATTACHED + chr(10)}"


# ---- generate_report() ----

def _heading(text: str) -> List[str]:
    return [text, "-" * len(text)]


def _wall_s(f: Figures) -> float:
    """Returns the seconds since the process's first section, or since the section's object was cleared."""
    return max(time.monotonic_ns() - f.since_ns, 1) * S


def _by_time(sections: Iterable[Tuple[str, Figures]]) -> List[Tuple[str, Figures]]:
    return sorted(sections, key=lambda item: item[1].total_ns, reverse=True)


def _time_row(name: str, f: Figures) -> str:
    return (f"{_fitted(name)} {f.total_ns * S:10.3f} {100 * f.total_ns * S / _wall_s(f):6.1f}% {f.self_ns * S:10.3f} {f.count:9d} "
            f"{f.sum_ns * S / f.count:10.6f} {f.max_ns * S:10.6f}")


def _timing(sections: Sections, others: Others) -> List[str]:
    lines = _heading("Timing Summary:")
    lines.append(f"{'':<{NAME_WIDTH}} {'total s':>10} {'share':>7} {'self s':>10} {'calls':>9} {'mean s':>10} {'max s':>10}")
    lines += [_time_row(name, f) for name, f in _by_time(sections.items())]
    if others:
        lines.append("Sections of this process's other profiler objects:")
        lines += [_time_row(name, f) for name, f in _by_time(others)]
    wall_s = max(_wall_s(f) for f in sections.values())
    lines.append(f"{'Wall time':<{NAME_WIDTH}} {wall_s:10.3f} {100.0:6.1f}%")
    return lines + ["Shares are of the wall time since the process's first section, or since clear_data(). A share includes the",
                    "sections inside; threads add up.", ""]


def _memory(sections: Sections) -> List[str]:
    lines = _heading("Memory Usage Summary:")
    known = [(name, f) for name, f in sections.items() if f.rss_samples]
    for name, f in sorted(known, key=lambda item: item[1].rss_growth_bytes, reverse=True):
        most = f"(resident at most {f.rss_max_bytes / MIB:.1f} MiB)"
        lines.append(f"{_fitted(name)} {f.rss_growth_bytes / MIB:+10.1f} MiB   {most}")
    return lines + ([] if known else ["unknown: there is no /proc/self/statm"]) + [""]


def _bottlenecks(sections: Sections, threshold_s: float) -> List[str]:
    lines = _heading(f"Performance Bottlenecks ({threshold_s:g} s or more):")
    found = [(name, f) for name, f in _by_time(sections.items()) if f.total_ns * S >= threshold_s]
    lines += [f"{_fitted(name)} {f.total_ns * S:10.3f} s" for name, f in found] or ["none"]
    return lines + [""]


# Each rule gets a section and the wall time in seconds, and returns a suggestion or None.

def _mostly_itself(name: str, f: Figures, whole: float) -> Optional[str]:
    if f.self_ns * S < 0.2 * whole or f.self_ns * S < 0.5:
        return None
    if f.self_ns * S > 1.5 * whole:
        return f"{name}: {f.self_ns * S / whole:.0f} calls are open at a time, on average. See what they wait for by `{ATTACH}`."
    return (f"{name}: {100 * f.self_ns * S / whole:.0f}% of the time is spent in it and in no section inside. Mark its "
            f"parts, or see why by `{ATTACH}`.")


def _has_outliers(name: str, f: Figures, whole: float) -> Optional[str]:
    mean_s, max_s = f.sum_ns * S / f.count, f.max_ns * S
    if f.count < OUTLIER or max_s < OUTLIER * mean_s or max_s < 0.1:
        return None
    return f"{name}: its longest call took {max_s:.3f} s, {max_s / mean_s:.0f} times the mean. Find out how that call differs."


def _has_many_short_calls(name: str, f: Figures, whole: float) -> Optional[str]:
    mean_s = f.sum_ns * S / f.count
    if f.count < MANY_CALLS or mean_s > SHORT_CALL_S or f.total_ns * S < 0.05 * whole:
        return None
    return f"{name}: {f.count} calls of {mean_s * 1e6:.1f} us. Handle several at once."


def _grows(name: str, f: Figures, whole: float) -> Optional[str]:
    if f.rss_growth_bytes < MUCH_MEMORY_BYTES:
        return None
    return (f"{name}: the process grew by {f.rss_growth_bytes / MIB:.0f} MiB while it was open. Smaller batches or a model "
            "of less precision need less; it may keep objects that it does not need.")


def _fails(name: str, f: Figures, whole: float) -> Optional[str]:
    return f"{name}: {f.errors} of {f.count} calls ended by an exception." if f.errors else None


RULES: List[Callable[[str, Figures, float], Optional[str]]] = [
    _mostly_itself, _has_outliers, _has_many_short_calls, _grows, _fails,
]


def _suggestions(sections: Sections) -> List[str]:
    said = [rule(printable(name), f, _wall_s(f)) for name, f in _by_time(sections.items()) for rule in RULES]
    lines = [f"* {text}" for text in said if text]
    return _heading("Optimization Suggestions:") + (lines or ["* None: nothing stands out."])


def report(sections: Sections, others: Others, threshold_s: float = 1.0) -> str:
    lines = ["Performance Report", "=" * 50, ""]
    if not sections:
        return "\n".join([*lines, "No section has ended yet."])
    lines += _timing(sections, others) + _memory(sections) + _bottlenecks(sections, threshold_s) + _suggestions(sections)
    return "\n".join(lines)
