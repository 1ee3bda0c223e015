# SPDX-License-Identifier: MIT
"""Names the parts of an evaluation, tells how long they took, and lets dcbs-bpfprof look inside while it runs.

    from dcbs_profiler import CacheProfiler, ModelProfiler, PerformanceProfiler

    profiler, model, cache = PerformanceProfiler(), ModelProfiler(), CacheProfiler("embeddings")

    with profiler.profile_section("scoring") as section:
        with model.profile_forward_pass():
            logits = net(ids)
        section.items(len(batch))               # optional: what a rate is made of
    cache.record_hit(access_time=2e-6)          # seconds

    profiler.get_timing_summary()               # {"scoring": 1.25}, seconds
    print(profiler.generate_report())

    sudo dcbs-bpfprof -p PID                    # any time, from outside: why it took so long

Marking. A section may be left by an exception, ended on another thread, entered again while it is open and
interleaved with others in coroutines; `async with` works, and every context manager here is a decorator, too.
`@profile_function()` makes each call of a function a section, `@profile_evaluation_run` logs the report after it
(logger "dcbs_profiler", level INFO). A wrong argument to a marker is ignored, and what cannot be answered is
empty and said in the log: the evaluation never fails because of this module.

What the figures mean. They are what this process recorded itself: exact counts and times of the sections that
have ended (CLOCK_MONOTONIC; percentiles within 1.1 %). Calls of one name add up. As in the profiler's own reports
a section's time is that for which it was open on a thread: recursion counts once, and so do coroutines of one
thread that have it open at the same time; several threads add up. get_section_stats() has the single calls, too.

With dcbs-bpfprof attached its figures come along, from when it attached until now and of all objects of the process:
generate_report() says why each section took so long, what it did to memory and what helps, get_profile_stats() lists
the functions inside, and get_section_stats() has them under `window`, as in the JSON document. The other answers, and
all counts and totals, stay those recorded here. Such a call takes some milliseconds, and as long as 25 to find out
that the profiler does not answer. A forked child has no profiler until one attaches to it.

Memory is the resident size of the whole process, whoever allocated. It is read from /proc/self/statm at most
once a millisecond, so a section of a millisecond or more knows its size at the end as of less than a millisecond
ago, and that at its begin as of less than two. What shorter sections allocate is charged to that of them which
ends when the next reading is due: right on average where one of them goes on and on, not for a single one.

Which object. Each answers for what was marked through it: `clear_data()` of one leaves the others alone, and a
library can have its own. Names are shared toward dcbs-bpfprof: there, sections of one name are one, whichever
object marked them. A copy, and what another process unpickles, starts from 0. After fork() the child holds a copy
of all that was recorded, as of any other object, and adds its own to it; clear_data() first where only that is
asked for. All of it may be used from any thread.

What it costs. A section takes about as long as `with contextlib.nullcontext()`, with a profiler outside half as
long again, and allocates nothing but the context manager after a name's first use. 4096 names fit into an object,
510 into a process's list for dcbs-bpfprof; what is beyond goes by the name "(other)". Where the extension cannot be
loaded (an interpreter without a GIL, a sub-interpreter with one of its own, another platform) one warning is
logged, sections do nothing, their summaries are empty, and caches still count.
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
