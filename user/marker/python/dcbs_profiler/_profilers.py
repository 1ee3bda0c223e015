# SPDX-License-Identifier: MIT
"""The classes and functions of the package. The classes inherit the marking functions from the extension."""
import contextlib
import copyreg
import functools
import logging
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Tuple, TypeVar, cast

from . import _attached, _figures, _report, _window
from ._wrap import wrap

logger = logging.getLogger("dcbs_profiler")

if TYPE_CHECKING:
    from ._noop import Cache, Model, Profiler, all_sections
    from ._noop import attached as attached
else:
    try:
        from ._markers import Cache, Model, Profiler, all_sections, attached
    except Exception as error:  # another platform, a free-threaded interpreter: the evaluation runs on, unmarked
        from ._noop import Cache, Model, Profiler, all_sections, attached

        logger.warning("markers are off, dcbs-bpfprof will see no sections: %s", error)

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def _safely(otherwise: T, function: Callable[..., T], *arguments: Any) -> T:
    """Returns the function's result, or `otherwise` with a warning in the log if it raises.

    The evaluation must not fail because its profiler cannot answer.
    """
    try:
        return function(*arguments)
    except Exception as error:
        with contextlib.suppress(Exception):  # the log itself may have failed
            logger.warning("no figures: %s: %s", type(error).__name__, error)
        return otherwise


def _same_without_figures(profiler: Any) -> Tuple[Any, ...]:
    """For copy and pickle: the copy has the same class and attributes, and its figures start from 0."""
    return copyreg.__newobj__, (type(profiler),), vars(profiler) or None  # type: ignore[attr-defined]


def _add_windows(stats: Dict[str, Dict[str, Any]], answer: _attached.Answer) -> None:
    for name, section in stats.items():
        window = _window.section(answer, name)
        if window:
            section["window"] = window


class PerformanceProfiler(Profiler):
    """Sections of an evaluation: profile_section(section_name) marks one.

    An object answers for the sections that were marked through it and have ended. For an attached profiler
    sections of one name are one section, whichever object marked them. No get_*() and no generate_report()
    raises: without an answer the result is empty and the log has a warning.
    """

    def __init__(self, enable_gpu_profiling: bool = True) -> None:
        """The argument is accepted for compatibility and has no effect: the attached profiler decides what it measures."""
        self.enable_gpu_profiling = enable_gpu_profiling

    def __reduce__(self) -> Tuple[Any, ...]:
        return _same_without_figures(self)

    def get_timing_summary(self) -> Dict[str, float]:
        """Returns {section: seconds it was open, all calls together}; recursion counts once.

        Source: the process's own record, CLOCK_MONOTONIC.
        """
        return _safely({}, self._timing)

    def get_memory_summary(self) -> Dict[str, float]:
        """Returns {section: MiB by which the process's resident size grew while it was open}; below 0 if the size shrank.

        Source: /proc/self/statm, read at most once a millisecond. Sections for which no size is known are absent.
        """
        return _safely({}, self._memory)

    def get_bottlenecks(self, threshold_seconds: float = 1.0) -> List[Tuple[str, float]]:
        """Returns [(section, seconds), ...] of the sections with at least that many seconds in all, the largest first."""
        return _safely([], self._bottlenecks, threshold_seconds)

    def get_section_stats(self) -> Dict[str, Dict[str, Any]]:
        """Returns {section: figures}, with the keys of the JSON document.

        count, open, errors, cancelled and items are counts, of ended calls but for `open`. total_s (inclusive), self_s (exclusive),
        mean_s, min_s, max_s and the percentiles p50_s to p999_s (within 1.1 %) are seconds; items_per_s is a rate.
        histogram has exponential buckets of durations in ns. memory.rss_delta_bytes is in bytes. A value that is not
        known is None. Source: the process's own record.

        With a profiler attached there is also `window`: the profiler's figures since it attached, `wall` (seconds by
        cause) and `memory` among them.
        """
        return _safely({}, self._section_stats)

    def get_profile_stats(self, section_name: str, sort_by: str = "cumulative") -> str:
        """Returns the section and the sections that ran inside it as a table like cProfile's; a sentence if none is known.

        Times are seconds, from the process's own record. `sort_by` is an order of pstats, or "self". With a profiler
        attached the functions inside follow, by its samples.
        """
        return _safely("No profile data for this section.", self._profile_stats, section_name, sort_by)

    def generate_report(self) -> str:
        """Returns times (seconds), memory (MiB), bottlenecks and suggestions as text, from the process's own record.

        The table of times also has the sections of the process's other objects, ModelProfiler included. Shares are of
        the wall time since the process's first section, or since clear_data().

        With a profiler attached its explanation of each section's time follows.
        """
        return _safely("No performance report.", self._report)

    def clear_data(self) -> None:
        """Forgets the figures of this object; an attached profiler keeps its own. An open section is counted when it ends."""
        self._clear()

    def _ended(self) -> Dict[str, _figures.Figures]:
        return _figures.figures_of(self._sections())

    def _of_other_objects(self) -> List[Tuple[str, _figures.Figures]]:
        own = {id(recorded) for recorded in self._sections().values()}
        found = [(name, _figures.Figures(*recorded.figures())) for name, recorded in all_sections() if id(recorded) not in own]
        return [(name, figures) for name, figures in found if figures.count]

    def _timing(self) -> Dict[str, float]:
        return {name: figures.total_ns * _figures.S for name, figures in self._ended().items()}

    def _memory(self) -> Dict[str, float]:
        return {name: figures.rss_growth_bytes / _figures.MIB for name, figures in self._ended().items() if figures.rss_samples}

    def _bottlenecks(self, threshold_seconds: float) -> List[Tuple[str, float]]:
        found = [item for item in self._timing().items() if item[1] >= threshold_seconds]
        return sorted(found, key=lambda item: item[1], reverse=True)

    def _section_stats(self) -> Dict[str, Dict[str, Any]]:
        stats = {name: _figures.section(recorded) for name, recorded in self._sections().items()}
        stats = {name: section for name, section in stats.items() if section["count"] or section["open"]}
        answer = _attached.ask() if stats else None
        if answer:
            _safely(None, _add_windows, stats, answer)
        return stats

    def _profile_stats(self, section_name: Any, sort_by: Any) -> str:
        name = str(section_name)
        recorded = self._sections().get(name)
        figures = _figures.Figures(*recorded.figures()) if recorded else None
        if not recorded or not figures or not figures.count:
            return f"No profile data for section '{_report.printable(name)}'."
        answer = _attached.ask(_attached.REPORT)
        inside = _safely("", _window.functions, answer, name, sort_by) if answer and not answer.refusal else ""
        return _report.profile_table(name, figures, _figures.nested_in(recorded), sort_by, inside)

    def _report(self) -> str:
        ended = self._ended()
        answer = _attached.ask() if ended else None
        return _report.report(ended, self._of_other_objects()) + (_safely("", _window.report, answer, ended) if answer else "")


class ModelProfiler(Model):
    """A model's calls: profile_forward_pass() and profile_generation(tokens=None) mark one each."""

    def __reduce__(self) -> Tuple[Any, ...]:
        return _same_without_figures(self)

    def get_stats(self) -> Dict[str, Any]:
        """Returns the groups `forward_pass`, `generation` and `memory`; a group without data is absent.

        `forward_pass` and `generation`: count; mean_time, min_time, max_time and total_time in seconds, where total_time
        is the sum of the calls' durations. `generation` also: tokens and tokens_per_s, None if unknown. `memory`:
        peak_memory_mb, mean_memory_mb and min_memory_mb, the process's resident size in MiB at the end of calls.
        Source: the process's own record; /proc/self/statm.
        """
        return _safely({}, self._stats)

    def clear(self) -> None:
        """Forgets the figures of this object. A profiler keeps its own figures."""
        self._clear()

    def _stats(self) -> Dict[str, Any]:
        return _figures.model(self._sections())


class CacheProfiler(Cache):
    """A cache, identified by its name: record_hit(access_time), record_miss(computation_time), record_size(size_bytes).

    Times are seconds and sizes bytes, as the evaluation passes them. An object answers for its own records. For an
    attached profiler caches of one name are one cache.
    """

    def __init__(self, name: str = "cache") -> None:
        super().__init__(name)
        self.name = name

    def __reduce__(self) -> Tuple[Any, ...]:
        """A copy, and an object that a worker process unpickles, is the same cache and counts from 0."""
        return type(self), (self.name,)

    @property
    def cache_hits(self) -> int:
        """Number of recorded hits."""
        return self._totals()[0]

    @property
    def cache_misses(self) -> int:
        """Number of recorded misses."""
        return self._totals()[1]

    def get_hit_rate(self) -> float:
        """Returns hits divided by accesses, 0 to 1; 0.0 without an access."""
        hits, misses = self._totals()[:2]
        return hits / (hits + misses) if hits + misses else 0.0

    def get_stats(self) -> Dict[str, Any]:
        """Returns hits, misses, total_accesses, hit_rate (0 to 1) and the groups `timing` and `size`, absent without data.

        `timing`: mean, min, max and percentiles of the times of hits and misses together, in seconds. `size`:
        current_size_mb, max_size_mb and mean_size_mb in MiB. Source: the arguments of record_*() on this object.
        """
        return _safely({}, self._stats)

    def _stats(self) -> Dict[str, Any]:
        return _figures.cache(self._totals(), self._histogram())


global_profiler = PerformanceProfiler()


def get_global_profiler() -> PerformanceProfiler:
    """Returns the profiler through which profile_evaluation_run() and profile_function() mark."""
    return global_profiler


def profile_function(profiler: Optional[PerformanceProfiler] = None, section_name: Optional[str] = None) -> Callable[[F], F]:
    """Decorator: each call of the function is a section, named "module.qualname" if there is no section_name.

    It decorates plain and async functions, generators of both kinds and methods, and marks through global_profiler
    if `profiler` is None. A generator's section is open while the generator computes its next item, not while its
    consumer uses the item. `@profile_function` without parentheses works as well.
    """
    if profiler is not None and not hasattr(profiler, "profile_section") and callable(profiler):
        return cast(Callable[[F], F], profile_function(None, section_name)(cast(Any, profiler)))
    mark = (global_profiler if profiler is None else profiler).profile_section

    def decorator(func: F) -> F:
        name = _default_name(func) if section_name is None else section_name
        return wrap(func, functools.partial(mark, name))

    return decorator


def _default_name(func: Any) -> str:
    inner = getattr(func, "__func__", func)  # the function of a staticmethod or classmethod
    qualname = getattr(inner, "__qualname__", None) or type(inner).__qualname__
    return f"{getattr(inner, '__module__', None)}.{qualname}"


def _log_report() -> None:
    if logger.isEnabledFor(logging.INFO):
        _safely(None, logger.info, "%s", global_profiler.generate_report())


def profile_evaluation_run(func: F) -> F:
    """Decorator: each call is the section "evaluation_run". The report is logged at level INFO when the call has ended."""
    return wrap(func, functools.partial(global_profiler.profile_section, "evaluation_run"), _log_report)
