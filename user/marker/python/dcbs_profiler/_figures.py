# SPDX-License-Identifier: MIT
"""From what the process recorded itself to what get_*() return. Every figure passes through here.

Keys are those of the profiler's JSON document, so it makes no difference to a reader who has measured.
"""
import math
from typing import TYPE_CHECKING, Any, Dict, Iterable, List, NamedTuple, Sequence, Tuple

if TYPE_CHECKING:
    from ._noop import Histogram, Row

MIB = 1024 * 1024
S = 1e-9  # of a nanosecond
SCALE = 5  # buckets in an octave: 2 to the power of this
SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p999": 0.999}


class Figures(NamedTuple):
    """One section, in the order of row_figures() of the extension."""

    count: int
    primitive: int
    open: int
    errors: int
    items: int
    total_ns: int
    self_ns: int
    root_ns: int
    sum_ns: int
    min_ns: int
    max_ns: int
    rss_growth_bytes: int
    rss_samples: int
    rss_sum_bytes: int
    rss_min_bytes: int
    rss_max_bytes: int


class Nested(NamedTuple):
    """A section that ran inside another one."""

    name: str
    count: int
    primitive: int
    self_ns: int
    total_ns: int


def figures_of(rows: "Dict[str, Row]") -> Dict[str, Figures]:
    """Of the sections that have ended at least once, in the order in which they first began."""
    found = {name: Figures(*row.figures()) for name, row in rows.items()}
    return {name: figures for name, figures in found.items() if figures.count}


# ---- percentiles ----

def _middle(index: int) -> float:
    """Of a bucket, brought between the least and the greatest whole number in it."""
    least, greatest = math.floor(2 ** (index / 2 ** SCALE)) + 1, math.floor(2 ** ((index + 1) / 2 ** SCALE))
    return min(max(2 ** ((index + 0.5) / 2 ** SCALE), least), max(least, greatest))


def _rank(share: float, count: int) -> int:
    """The nearest rank. 0.07 * 100 is 7.000000000000001; its rank is 7."""
    return min(max(math.ceil(share * count * (1 - 1e-12)), 1), count)


def _value_at(rank: int, buckets: Iterable[Tuple[int, int]], below: int) -> float:
    if rank <= below:
        return 0.0
    for index, count in buckets:
        below += count
        if rank <= below:
            return _middle(index)
    return math.inf


def percentiles(histogram: "Histogram", least: float, greatest: float, shares: Sequence[float]) -> List[float]:
    """The value below or at which each share of the values lies, within 1.1 %. At least one value is there."""
    zero_count, buckets = histogram
    count = zero_count + sum(number for _, number in buckets)
    values = []
    for rank in (_rank(share, count) for share in shares):
        if rank == 1 or rank == count:
            values.append(least if rank == 1 else greatest)
        else:
            values.append(min(max(_value_at(rank, buckets, zero_count), least), greatest))
    return values


# ---- sections ----

def _times(figures: Figures, histogram: "Histogram") -> Dict[str, Any]:
    if not figures.count:
        return dict.fromkeys(["mean_s", "min_s", "max_s", *(f"{name}_s" for name in SHARES)])
    values = percentiles(histogram, figures.min_ns, figures.max_ns, list(SHARES.values()))
    return {
        "mean_s": figures.sum_ns / figures.count * S,
        "min_s": figures.min_ns * S,
        "max_s": figures.max_ns * S,
        **{f"{name}_s": value * S for name, value in zip(SHARES, values)},
    }


def section(row: "Row") -> Dict[str, Any]:
    """One of `sections` in the JSON document, without its name and without what only the profiler can know."""
    figures, histogram = Figures(*row.figures()), row.histogram()
    return {
        "count": figures.count,
        "total_s": figures.total_ns * S,
        "self_s": figures.self_ns * S,
        **_times(figures, histogram),
        "open": figures.open,
        "errors": figures.errors,
        "items": figures.items or None,
        "items_per_s": figures.items / (figures.total_ns * S) if figures.items and figures.total_ns else None,
        "histogram": {"scale": SCALE, "zero_count": histogram[0], "buckets": [list(bucket) for bucket in histogram[1]]},
        "memory": {"rss_delta_bytes": figures.rss_growth_bytes if figures.rss_samples else None},
    }


def nested_in(row: "Row") -> List[Nested]:
    return [Nested(*values) for values in row.nested()]


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


def model(rows: "Dict[str, Row]") -> Dict[str, Any]:
    """`model` of the JSON document."""
    found = figures_of(rows)
    stats: Dict[str, Any] = {name: _model_times(figures) for name, figures in found.items()}
    if "generation" in found:
        stats["generation"].update(_tokens(found["generation"]))
    sampled = [figures for figures in found.values() if figures.rss_samples]
    if sampled:
        stats["memory"] = _model_memory(sampled)
    return stats


def _access_times(histogram: "Histogram", count: int, sum_s: float, min_s: float, max_s: float) -> Dict[str, float]:
    names = [name for name in SHARES if name != "p999"]
    values = percentiles(histogram, min_s / S, max_s / S, [SHARES[name] for name in names])
    return {
        "mean_access_time": sum_s / count,
        "min_access_time": min_s,
        "max_access_time": max_s,
        **{f"{name}_access_time": min(max(value * S, min_s), max_s) for name, value in zip(names, values)},
    }


def cache(totals: Sequence[Any], histogram: "Histogram") -> Dict[str, Any]:
    """One of `caches` in the JSON document, without its name."""
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
