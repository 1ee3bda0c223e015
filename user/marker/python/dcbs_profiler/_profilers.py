# SPDX-License-Identifier: MIT
"""The classes and functions of the package. What marks is inherited from the extension."""
import copyreg
import functools
import logging
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Tuple, TypeVar, cast

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

MIB = 1024 * 1024
UNRECORDED = "the process keeps no figures of its sections itself. Attach `dcbs-bpfprof -p PID` to it"


def _same_without_figures(profiler: Any) -> Tuple[Any, ...]:
    """For copy and pickle: the same class and attributes; what the copy is told, it counts from 0."""
    return copyreg.__newobj__, (type(profiler),), vars(profiler) or None  # type: ignore[attr-defined]


class PerformanceProfiler(Profiler):
    """Sections of an evaluation. profile_section(section_name) marks one; all instances mark the same process."""

    def __init__(self, enable_gpu_profiling: bool = True) -> None:
        """The argument is accepted for compatibility: what is measured is for the profiler outside to choose."""
        self.enable_gpu_profiling = enable_gpu_profiling

    def __reduce__(self) -> Tuple[Any, ...]:
        return _same_without_figures(self)

    def get_timing_summary(self) -> Dict[str, float]:
        """Seconds by section. Empty: the process records none itself."""
        return {}

    def get_memory_summary(self) -> Dict[str, float]:
        """Growth in MiB by section. Empty: the process records none itself."""
        return {}

    def get_bottlenecks(self, threshold_seconds: float = 1.0) -> List[Tuple[str, float]]:
        """Sections of at least so many seconds, the largest first."""
        found = [(name, seconds) for name, seconds in self.get_timing_summary().items() if seconds >= threshold_seconds]
        return sorted(found, key=lambda section: section[1], reverse=True)

    def get_profile_stats(self, section_name: str, sort_by: str = "cumulative") -> str:
        """The functions of a section as text; a sentence where nothing is known."""
        return f"No profile data for section '{section_name}': {UNRECORDED}."

    def generate_report(self) -> str:
        """The report as text; a sentence where nothing is known."""
        return f"No performance report: {UNRECORDED}."

    def clear_data(self) -> None:
        """Forgets what the process recorded."""


class ModelProfiler(Model):
    """A model's profile_forward_pass() and profile_generation(tokens=None)."""

    def __reduce__(self) -> Tuple[Any, ...]:
        return _same_without_figures(self)

    def get_stats(self) -> Dict[str, Any]:
        """Groups `forward_pass`, `generation`, `memory`; absent without data. The process records none itself."""
        return {}

    def clear(self) -> None:
        """Forgets what the process recorded."""


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
        hits, misses, sizes, size, size_max, size_sum, time_sum, time_min, time_max = self._totals()
        accesses = hits + misses
        stats: Dict[str, Any] = {
            "hit_rate": hits / accesses if accesses else 0.0,
            "total_accesses": accesses,
            "hits": hits,
            "misses": misses,
        }
        if accesses:
            stats["timing"] = {
                "mean_access_time": time_sum / accesses,
                "min_access_time": time_min,
                "max_access_time": time_max,
            }
        if sizes:
            stats["size"] = {
                "current_size_mb": size / MIB,
                "max_size_mb": size_max / MIB,
                "mean_size_mb": size_sum / sizes / MIB,
            }
        return stats


global_profiler = PerformanceProfiler()


def get_global_profiler() -> PerformanceProfiler:
    """The profiler that profile_evaluation_run() marks with."""
    return global_profiler


def profile_function(profiler: Optional[PerformanceProfiler] = None, section_name: Optional[str] = None) -> Callable[[F], F]:
    """Decorator: every call of the function is a section, named "module.function" unless section_name says otherwise.

    For plain and async functions, generators of both kinds and methods. A generator's section is open while it
    computes its next item, not while its consumer does something with it. `@profile_function` without the
    parentheses works as well.
    """
    if profiler is not None and not hasattr(profiler, "profile_section") and callable(profiler):
        return cast(Any, profile_function(None, section_name)(cast(Any, profiler)))
    mark = (profiler or global_profiler).profile_section

    def decorator(func: F) -> F:
        inner = getattr(func, "__func__", func)  # of a staticmethod or classmethod
        name = section_name
        if name is None:
            name = f"{getattr(inner, '__module__', None)}.{getattr(inner, '__name__', type(inner).__name__)}"
        return wrap(func, functools.partial(mark, name))

    return decorator


def _log_report() -> None:
    if logger.isEnabledFor(logging.INFO):
        logger.info("%s", global_profiler.generate_report())


def profile_evaluation_run(func: F) -> F:
    """Decorator: each call is the section "evaluation_run"; the report goes to the log at level INFO when it is over."""
    return wrap(func, functools.partial(global_profiler.profile_section, "evaluation_run"), _log_report)
