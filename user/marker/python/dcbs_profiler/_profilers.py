# SPDX-License-Identifier: MIT
"""The classes and functions of the package. What marks is inherited from the extension."""
import contextlib
import copyreg
import functools
import logging
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Tuple, TypeVar, cast

from . import _attached, _figures, _report, _window
from ._wrap import wrap

logger = logging.getLogger("dcbs_profiler")

if TYPE_CHECKING:
    from ._noop import Cache, Model, Profiler, attached
else:
    try:
        from ._markers import Cache, Model, Profiler, attached
    except Exception as error:  # another platform, a free-threaded interpreter: the evaluation runs on, unmarked
        from ._noop import Cache, Model, Profiler, attached

        logger.warning("markers are off, dcbs-bpfprof will see no sections: %s", error)

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def _safely(otherwise: T, function: Callable[..., T], *arguments: Any) -> T:
    """What the function returns. The evaluation must not fail because its profiler cannot answer."""
    try:
        return function(*arguments)
    except Exception as error:
        with contextlib.suppress(Exception):  # a log may be what has failed
            logger.warning("no figures: %s: %s", type(error).__name__, error)
        return otherwise


def _same_without_figures(profiler: Any) -> Tuple[Any, ...]:
    """For copy and pickle: the same class and attributes; what the copy is told, it counts from 0."""
    return copyreg.__newobj__, (type(profiler),), vars(profiler) or None  # type: ignore[attr-defined]


def _add_windows(stats: Dict[str, Dict[str, Any]], answer: _attached.Answer) -> None:
    for name, section in stats.items():
        window = _window.section(answer, name)
        if window:
            section["window"] = window


class PerformanceProfiler(Profiler):
    """Sections of an evaluation: profile_section(section_name) marks one.

    An object answers for the sections that were marked through it and have ended. Toward a profiler outside
    all objects mark the same process: sections of one name are one.
    """

    def __init__(self, enable_gpu_profiling: bool = True) -> None:
        """The argument is accepted for compatibility: what is measured is for the profiler outside to choose."""
        self.enable_gpu_profiling = enable_gpu_profiling

    def __reduce__(self) -> Tuple[Any, ...]:
        return _same_without_figures(self)

    def get_timing_summary(self) -> Dict[str, float]:
        """Seconds that each section was open, all calls together; within itself it is not counted again."""
        return _safely({}, self._timing)

    def get_memory_summary(self) -> Dict[str, float]:
        """MiB by which the process's resident size grew while the section was open; below 0 where it shrank."""
        return _safely({}, self._memory)

    def get_bottlenecks(self, threshold_seconds: float = 1.0) -> List[Tuple[str, float]]:
        """Sections of at least so many seconds, the largest first."""
        return _safely([], self._bottlenecks, threshold_seconds)

    def get_section_stats(self) -> Dict[str, Dict[str, Any]]:
        """All figures by section: count, times, percentiles, errors, items, histogram, as in the JSON document.

        With a profiler attached also `window`: its own figures since it attached, `wall` and `memory` among them.
        """
        return _safely({}, self._section_stats)

    def get_profile_stats(self, section_name: str, sort_by: str = "cumulative") -> str:
        """The section and those that ran inside it, as a table like cProfile's; a sentence where nothing is known.

        With a profiler attached the functions inside follow.
        """
        return _safely("No profile data for this section.", self._profile_stats, section_name, sort_by)

    def generate_report(self) -> str:
        """Times, memory, bottlenecks and suggestions as text; with a profiler attached also why it took so long."""
        return _safely("No performance report.", self._report)

    def clear_data(self) -> None:
        """Forgets what was recorded. A section that is open now is counted when it ends; a profiler outside forgets nothing."""
        self._clear()

    def _ended(self) -> Dict[str, _figures.Figures]:
        return _figures.figures_of(self._rows())

    def _timing(self) -> Dict[str, float]:
        return {name: figures.total_ns * _figures.S for name, figures in self._ended().items()}

    def _memory(self) -> Dict[str, float]:
        return {name: figures.rss_growth_bytes / _figures.MIB for name, figures in self._ended().items() if figures.rss_samples}

    def _bottlenecks(self, threshold_seconds: float) -> List[Tuple[str, float]]:
        found = [item for item in self._timing().items() if item[1] >= threshold_seconds]
        return sorted(found, key=lambda item: item[1], reverse=True)

    def _section_stats(self) -> Dict[str, Dict[str, Any]]:
        stats = {name: _figures.section(row) for name, row in self._rows().items()}
        stats = {name: section for name, section in stats.items() if section["count"] or section["open"]}
        answer = _attached.ask() if stats else None
        if answer:
            _safely(None, _add_windows, stats, answer)
        return stats

    def _profile_stats(self, section_name: Any, sort_by: Any) -> str:
        name = str(section_name)
        row = self._rows().get(name)
        figures = _figures.Figures(*row.figures()) if row else None
        if not row or not figures or not figures.count:
            return f"No profile data for section '{_report.printable(name)}'."
        answer = _attached.ask()
        inside = _safely("", _window.functions, answer, name, sort_by) if answer and not answer.refusal else ""
        return _report.profile_table(name, figures, _figures.nested_in(row), sort_by, inside)

    def _report(self) -> str:
        ended = self._ended()
        answer = _attached.ask() if ended else None
        return _report.report(ended) + (_safely("", _window.report, answer, ended) if answer else "")


class ModelProfiler(Model):
    """A model's profile_forward_pass() and profile_generation(tokens=None)."""

    def __reduce__(self) -> Tuple[Any, ...]:
        return _same_without_figures(self)

    def get_stats(self) -> Dict[str, Any]:
        """Groups `forward_pass`, `generation` (seconds, tokens) and `memory` (MiB resident after each); absent without data."""
        return _safely({}, self._stats)

    def clear(self) -> None:
        """Forgets what was recorded."""
        self._clear()

    def _stats(self) -> Dict[str, Any]:
        return _figures.model(self._rows())


class CacheProfiler(Cache):
    """A cache by its name: record_hit(access_time), record_miss(computation_time), record_size(size_bytes).

    Seconds and bytes. The figures are those of this object; caches of the same name are one to the profiler.
    """

    def __init__(self, name: str = "cache") -> None:
        super().__init__(name)
        self.name = name

    def __reduce__(self) -> Tuple[Any, ...]:
        """A copy, and what a worker process unpickles, is the same cache and begins to count from 0."""
        return type(self), (self.name,)

    @property
    def cache_hits(self) -> int:
        return self._totals()[0]

    @property
    def cache_misses(self) -> int:
        return self._totals()[1]

    def get_hit_rate(self) -> float:
        """Hits by accesses, 0..1."""
        hits, misses = self._totals()[:2]
        return hits / (hits + misses) if hits + misses else 0.0

    def get_stats(self) -> Dict[str, Any]:
        """Hits and misses, and the groups `timing` and `size`, which are absent without data."""
        return _safely({}, self._stats)

    def _stats(self) -> Dict[str, Any]:
        return _figures.cache(self._totals(), self._histogram())


global_profiler = PerformanceProfiler()


def get_global_profiler() -> PerformanceProfiler:
    """The profiler that profile_evaluation_run() and profile_function() mark with."""
    return global_profiler


def profile_function(profiler: Optional[PerformanceProfiler] = None, section_name: Optional[str] = None) -> Callable[[F], F]:
    """Decorator: every call of the function is a section, named "module.qualname" unless section_name says otherwise.

    For plain and async functions, generators of both kinds and methods. A generator's section is open while it
    computes its next item, not while its consumer does something with it. `@profile_function` without the
    parentheses works as well.
    """
    if profiler is not None and not hasattr(profiler, "profile_section") and callable(profiler):
        return cast(Any, profile_function(None, section_name)(cast(Any, profiler)))
    mark = (global_profiler if profiler is None else profiler).profile_section

    def decorator(func: F) -> F:
        name = _default_name(func) if section_name is None else section_name
        return wrap(func, functools.partial(mark, name))

    return decorator


def _default_name(func: Any) -> str:
    inner = getattr(func, "__func__", func)  # of a staticmethod or classmethod
    qualname = getattr(inner, "__qualname__", None) or type(inner).__qualname__
    return f"{getattr(inner, '__module__', None)}.{qualname}"


def _log_report() -> None:
    if logger.isEnabledFor(logging.INFO):
        _safely(None, logger.info, "%s", global_profiler.generate_report())


def profile_evaluation_run(func: F) -> F:
    """Decorator: each call is the section "evaluation_run"; the report goes to the log at level INFO when it is over."""
    return wrap(func, functools.partial(global_profiler.profile_section, "evaluation_run"), _log_report)
