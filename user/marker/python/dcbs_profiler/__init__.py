# SPDX-License-Identifier: MIT
"""Names the parts of an evaluation, so that dcbs-bpfprof can time them while it runs.

    from dcbs_profiler import PerformanceProfiler

    profiler = PerformanceProfiler()
    with profiler.profile_section("scoring") as section:
        ...
        section.items(len(batch))

    sudo dcbs-bpfprof -p PID        # any time, from outside

A section may be left by an exception, ended on another thread, entered again while it is open and
interleaved with others in coroutines; `async with` works, and every context manager here is a
decorator, too. A wrong argument to a marker is ignored: the evaluation never fails because of it.
"""
from ._profilers import (
    CacheProfiler,
    ModelProfiler,
    PerformanceProfiler,
    attached,
    get_global_profiler,
    global_profiler,
    profile_evaluation_run,
    profile_function,
)

__all__ = [
    "CacheProfiler",
    "ModelProfiler",
    "PerformanceProfiler",
    "attached",
    "get_global_profiler",
    "global_profiler",
    "profile_evaluation_run",
    "profile_function",
]
