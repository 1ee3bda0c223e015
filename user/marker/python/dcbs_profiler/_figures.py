# SPDX-License-Identifier: MIT
"""From the process's own record to the results of get_*(). Every figure passes through here.

Keys are those of the profiler's JSON document, so a reader need not know which of the two has measured.
"""
import math
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, NamedTuple, Sequence, Tuple

if TYPE_CHECKING:
    from ._noop import Histogram, SectionFigures

MIB = 1024 * 1024
S = 1e-9  # seconds in a nanosecond
SCALE = 5  # an octave has 2 ** SCALE buckets
PERCENTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}


class Figures(NamedTuple):
    """The figures of one section, in the order of figures_totals() of the extension's section_figures.c.

    count: ended calls; primitive: those of them within no other call of the section on their thread; open: calls open
    now. total_ns: inclusive time, recursion counted once; self_ns: exclusive time. sum_ns, min_ns and
    max_ns: of the calls' durations. rss_growth_bytes: of the process while the section was open; the other rss_*: of the
    resident sizes at the end of calls. since_ns: the moment from which calls count (CLOCK_MONOTONIC): the process's first
    section, or the last clear_data() of the object.
    """

    count: int  # type: ignore[assignment]  # of a tuple it is a method
    primitive: int
    open: int
    errors: int
    cancelled: int
    items: int
    total_ns: int
    self_ns: int
    sum_ns: int
    min_ns: int
    max_ns: int
    rss_growth_bytes: int
    rss_samples: int
    rss_sum_bytes: int
    rss_min_bytes: int
    rss_max_bytes: int
    since_ns: int


class Nested(NamedTuple):
    """A section that ran inside another one."""

    name: str
    count: int  # type: ignore[assignment]
    primitive: int
    self_ns: int
    total_ns: int


def figures_of(sections: "Dict[str, SectionFigures]") -> Dict[str, Figures]:
    """Returns the figures of the sections that have ended at least once, in the order in which they first began."""
    found = {name: Figures(*recorded.figures()) for name, recorded in sections.items()}
    return {name: figures for name, figures in found.items() if figures.count}


# ---- percentiles ----

def _middle(index: int) -> float:
    """Returns the middle of a bucket, limited to the least and the greatest whole number in it."""
    least, greatest = math.floor(2 ** (index / 2 ** SCALE)) + 1, math.floor(2 ** ((index + 1) / 2 ** SCALE))
    middle: float = min(max(2 ** ((index + 0.5) / 2 ** SCALE), least), max(least, greatest))
    return middle


def _rank(part: float, count: int) -> int:
    """Returns the nearest rank. 0.07 * 100 is 7.000000000000001; its rank is 7."""
    return min(max(math.ceil(part * count * (1 - 1e-12)), 1), count)


def _value_at(rank: int, buckets: Iterable[Tuple[int, int]], below: int) -> float:
    if rank <= below:
        return 0.0
    for index, count in buckets:
        below += count
        if rank <= below:
            return _middle(index)
    return math.inf


def percentiles(histogram: "Histogram", least: float, greatest: float, parts: Sequence[float]) -> List[float]:
    """Returns for each part (0 to 1) the value that this part of the values does not exceed, within 1.1 %.

    The histogram has at least one value; `least` and `greatest` are its exact extremes.
    """
    zero_count, buckets = histogram
    count = zero_count + sum(number for _, number in buckets)
    values = []
    for rank in (_rank(part, count) for part in parts):
        if rank == 1 or rank == count:
            values.append(least if rank == 1 else greatest)
        else:
            values.append(min(max(_value_at(rank, buckets, zero_count), least), greatest))
    return values


# ---- sections ----

def _times(figures: Figures, histogram: "Histogram") -> Dict[str, Any]:
    if not figures.count:
        return dict.fromkeys(["mean_s", "min_s", "max_s", *(f"{name}_s" for name in PERCENTILES)])
    values = percentiles(histogram, figures.min_ns, figures.max_ns, list(PERCENTILES.values()))
    return {
        "mean_s": figures.sum_ns / figures.count * S,
        "min_s": figures.min_ns * S,
        "max_s": figures.max_ns * S,
        **{f"{name}_s": value * S for name, value in zip(PERCENTILES, values)},
    }


def section(recorded: "SectionFigures") -> Dict[str, Any]:
    """Returns a section as in `sections` of the JSON document, without its name and without the profiler's own fields."""
    figures, histogram = Figures(*recorded.figures()), recorded.histogram()
    return {
        "count": figures.count,
        "total_s": figures.total_ns * S,
        "self_s": figures.self_ns * S,
        **_times(figures, histogram),
        "open": figures.open,
        "errors": figures.errors,
        "cancelled": figures.cancelled,
        "items": figures.items or None,
        "items_per_s": figures.items / (figures.total_ns * S) if figures.items and figures.total_ns else None,
        "histogram": {"scale": SCALE, "zero_count": histogram[0], "buckets": [list(bucket) for bucket in histogram[1]]},
        "memory": {"rss_delta_bytes": figures.rss_growth_bytes if figures.rss_samples else None},
    }


def nested_in(recorded: "SectionFigures") -> List[Nested]:
    return [Nested(*values) for values in recorded.nested()]


# ---- models and caches ----

def _model_times(figures: Figures) -> Dict[str, Any]:
    return {
        "count": figures.count,
        "mean_time": figures.sum_ns / figures.count * S,
        "min_time": figures.min_ns * S,
        "max_time": figures.max_ns * S,
        "total_time": figures.sum_ns * S,
    }


def _tokens(figures: Figures) -> Dict[str, Any]:
    rate = figures.items / (figures.total_ns * S) if figures.items and figures.total_ns else None
    return {"tokens": figures.items or None, "tokens_per_s": rate}


def _model_memory(sampled: List[Figures]) -> Dict[str, float]:
    mean = sum(f.rss_sum_bytes for f in sampled) / sum(f.rss_samples for f in sampled)
    return {
        "peak_memory_mb": max(f.rss_max_bytes for f in sampled) / MIB,
        "mean_memory_mb": mean / MIB,
        "min_memory_mb": min(f.rss_min_bytes for f in sampled) / MIB,
    }


def model(sections: "Dict[str, SectionFigures]") -> Dict[str, Any]:
    """Returns `model` of the JSON document."""
    found = figures_of(sections)
    stats: Dict[str, Any] = {name: _model_times(figures) for name, figures in found.items()}
    if "generation" in found:
        stats["generation"].update(_tokens(found["generation"]))
    sampled = [figures for figures in found.values() if figures.rss_samples]
    if sampled:
        stats["memory"] = _model_memory(sampled)
    return stats


def _access_times(histogram: "Histogram", count: int, sum_s: float, min_s: float, max_s: float) -> Dict[str, float]:
    names = [name for name in PERCENTILES if name != "p999"]
    values = percentiles(histogram, min_s / S, max_s / S, [PERCENTILES[name] for name in names])
    return {
        "mean_access_time": sum_s / count,
        "min_access_time": min_s,
        "max_access_time": max_s,
        **{f"{name}_access_time": min(max(value * S, min_s), max_s) for name, value in zip(names, values)},
    }


def cache(totals: Sequence[Any], histogram: "Histogram") -> Dict[str, Any]:
    """Returns a cache as in `caches` of the JSON document, without its name."""
    hits, misses, sizes, size, size_max, size_sum, *times = totals
    count = hits + misses
    stats: Dict[str, Any] = {
        "hit_rate": hits / count if count else 0.0,
        "total_accesses": count,
        "hits": hits,
        "misses": misses,
    }
    if count:
        stats["timing"] = _access_times(histogram, count, *times)
    if sizes:
        stats["size"] = {
            "current_size_mb": size / MIB,
            "max_size_mb": size_max / MIB,
            "mean_size_mb": size_sum / sizes / MIB,
        }
    return stats
