# SPDX-License-Identifier: MIT
"""The extension's names without the extension: sections that do nothing. Type checkers read the extension's types here.

Caches count here, too, because the evaluation passes their numbers itself. Sections are not timed, so their summaries
are empty rather than wrong.
"""
import math
from typing import Any, Callable, Dict, List, Optional, Tuple, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
Histogram = Tuple[int, List[Tuple[int, int]]]  # number of zeros, [(index of a bucket, number of values in it)]
Totals = Tuple[int, int, int, int, int, float, float, float, float]  # see struct cache_totals of cache_object.c


class Section:
    """One section of the evaluation: the block of a `with` or `async with`, or every call of a decorated function."""

    __slots__ = ()

    def __enter__(self) -> "Section":
        return self

    def __exit__(self, *exception: Any) -> None:
        pass

    async def __aenter__(self) -> "Section":
        return self

    async def __aexit__(self, *exception: Any) -> None:
        pass

    def __call__(self, func: F) -> F:
        return func

    def items(self, n: int) -> None:
        """Adds n processed items (questions, tokens, bytes) to the open section."""


class Generation(Section):
    """A model's generation. Set `tokens`, an int, within the block when the number is known; 0: unknown."""

    __slots__ = ("tokens",)

    def __init__(self, tokens: int) -> None:
        self.tokens = tokens

    def __enter__(self) -> "Generation":
        return self

    async def __aenter__(self) -> "Generation":
        return self


_section = Section()


class SectionFigures:
    """The figures of one section name. Only the extension makes these."""

    __slots__ = ()

    def figures(self) -> Tuple[int, ...]:
        """Counts, ns and bytes in the order of _figures.Figures."""
        return ()

    def histogram(self) -> Histogram:
        """The histogram of the calls' durations in ns."""
        return 0, []

    def nested(self) -> List[Tuple[Any, ...]]:
        """The sections inside, each in the order of _figures.Nested."""
        return []


class Profiler:
    def profile_section(self, section_name: str) -> Section:
        """Returns a context manager: the block is a section of that name.

        A name that is no str is converted by str(). Raises TypeError unless there is exactly one argument, the name.
        """
        return _section

    def _sections(self) -> Dict[str, SectionFigures]:
        return {}

    def _clear(self) -> None:
        pass


class Model:
    def profile_forward_pass(self) -> Section:
        """Returns a context manager: the block is a forward pass of the model."""
        return _section

    def profile_generation(self, tokens: Optional[int] = None) -> Generation:
        """Returns a context manager: the block generates that many tokens.

        Their number may also be set within the block, as attribute `tokens` of the context manager.
        """
        return Generation(_count(tokens))

    def _sections(self) -> Dict[str, SectionFigures]:
        return {}

    def _clear(self) -> None:
        pass


def _seconds(value: Any) -> float:
    try:
        seconds = float(value)
        return seconds if seconds > 0 else 0.0
    except Exception:
        return 0.0


def _count(value: Any) -> int:
    try:
        return min(max(int(value), 0), 2 ** 64 - 1)
    except Exception:
        return 0


class Cache:
    _hits: int
    _misses: int
    _sizes: int
    _size: int
    _size_max: int
    _size_sum: float

    def __init__(self, name: str = "cache") -> None:
        self.clear()

    def record_hit(self, access_time: float) -> None:
        """Records a look-up that the cache answered, and the seconds it took; a value that is no time counts as 0."""
        self._add_time(_seconds(access_time))
        self._hits += 1

    def record_miss(self, computation_time: float) -> None:
        """Records a look-up that the cache did not answer, and the seconds it took to compute the value."""
        self._add_time(_seconds(computation_time))
        self._misses += 1

    def record_size(self, size_bytes: int) -> None:
        """Records the current size of the cache in bytes."""
        size = _count(size_bytes)
        self._sizes += 1
        self._size, self._size_max, self._size_sum = size, max(size, self._size_max), self._size_sum + size

    def clear(self) -> None:
        """Forgets the records of this object; an attached profiler keeps its own."""
        self._hits = self._misses = self._sizes = self._size = self._size_max = 0
        self._size_sum = self._time_sum = self._time_min = self._time_max = 0.0
        self._zero_count = 0
        self._buckets: Dict[int, int] = {}

    def _add_time(self, seconds: float) -> None:
        self._add_to_bucket(int(min(seconds, 9.2e9) * 1e9 + 0.5))
        first = self._hits + self._misses == 0
        self._time_min = seconds if first else min(seconds, self._time_min)
        self._time_max = max(seconds, self._time_max)
        self._time_sum += seconds

    def _add_to_bucket(self, ns: int) -> None:
        if not ns:
            self._zero_count += 1
            return
        index = math.ceil(math.log2(ns) * 32) - 1  # see include/bpfprof/hist.h
        self._buckets[index] = self._buckets.get(index, 0) + 1

    def _histogram(self) -> Histogram:
        return self._zero_count, sorted(self._buckets.items())

    def _totals(self) -> Totals:
        return (self._hits, self._misses, self._sizes, self._size, self._size_max, self._size_sum,
                self._time_sum, self._time_min, self._time_max)


def attached() -> int:
    """Returns how many profilers are attached to this process; 0: none."""
    return 0


def all_sections() -> List[Tuple[str, SectionFigures]]:
    """Returns (name, figures) of the sections of all profiler objects of this process."""
    return []
