# SPDX-License-Identifier: MIT
"""Names the parts of an evaluation, measures how long they took, and lets dcbs-bpfprof look inside while it runs.

    from dcbs_profiler import CacheProfiler, ModelProfiler, PerformanceProfiler

    profiler, model, cache = PerformanceProfiler(), ModelProfiler(), CacheProfiler("embeddings")

    with profiler.profile_section("scoring") as section:
        with model.profile_forward_pass():
            logits = net(ids)
        section.items(len(batch))               # optional: the report shows items per second
    cache.record_hit(access_time=2e-6)          # seconds

    profiler.get_timing_summary()               # {"scoring": 1.25}, seconds
    print(profiler.generate_report())

    sudo dcbs-bpfprof -p PID                    # any time, from outside: why it took so long

Marking. An exception may end a section. A section may end on another thread, be entered a second time while it is
open, and interleave with others in coroutines. `async with` works, and every context manager here is also a
decorator. `@profile_function()` makes each call of a function a section. `@profile_evaluation_run` logs the report
after it (logger "dcbs_profiler", level INFO). A wrong argument to a marker is ignored. An answer that cannot be given
is empty, and the log says why: the evaluation never fails because of this module.

Figures. This process records them itself: exact counts and times of the sections that have ended (CLOCK_MONOTONIC;
percentiles within 1.1 %). Calls of one name add up. As in the profiler's own reports, a section's time is the time
for which it was open in a flow: recursion counts once, and several flows add up. A flow is a thread, or a context
(contextvars) on it: each task of an event loop runs in one of its own. Sections nest within their flow, and sections of
tasks count as inside those of the thread that runs the loop. Greenlets share the flow of their thread, unless they run in
contexts. get_section_stats() also has the durations of single calls. A task that is cancelled is no error of its
sections: these count under `cancelled`.

With dcbs-bpfprof attached its figures are added. They cover the time since it attached and all objects of the
process. generate_report() then says why each section took so long, how it changed memory and which remedy applies;
get_profile_stats() lists the functions inside; get_section_stats() has these figures under `window`, as in the JSON
document, for the 256 sections with most time. The other answers, and all counts and totals, stay those recorded here.
Such a call takes some milliseconds, get_profile_stats() more, and up to 25 ms to find that the profiler does not
answer. All of them together take at most 1 % of the time, and 0.2 s besides: in between a call gets the latest answer. A forked
child has no profiler until one attaches to it.

Memory is the resident size of the whole process, whichever thread allocated it. It is read from /proc/self/statm at
most once a millisecond. So the size at the end of a section of a millisecond or more is less than a millisecond old,
and the size at its begin less than two. The growth caused by shorter sections is charged to the section that ends
when the next read is due: this is right on average if one of them repeats, but not for a single one.

Objects. Each object answers for the sections that were marked through it: `clear_data()` of one does not change the
others, and a library can have its own. For dcbs-bpfprof sections of one name are one section, whichever object marked
them. A copy of an object, and an object that another process unpickles, starts from 0. After fork() the child has a
copy of all that was recorded, as of any other object, and adds its own; call clear_data() first if only the child's
part is wanted. All objects may be used from any thread.

Saved sessions. `load("run.json")` reads what `dcbs-bpfprof -o run.json` wrote: `sections`, `functions`, `caches`,
`bottlenecks` and others are lists of dicts, which pandas.DataFrame() takes, `document` is all of it, and a notebook shows the
session as a table.

Cost. A section takes about as long as `with contextlib.nullcontext()`, and one and a half times as long with a
profiler attached. After a name's first use it allocates only the context manager. An object holds 4096 names, and the
process's list for dcbs-bpfprof 510; names beyond are "(other)". If the extension cannot be loaded (an interpreter
without a GIL, a sub-interpreter with a GIL of its own, another platform) one warning is logged, sections do nothing,
their summaries are empty, and caches still count.
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
from ._saved import Session, load
from ._version import __version__

__all__ = [
    "CacheProfiler",
    "ModelProfiler",
    "PerformanceProfiler",
    "Session",
    "__version__",
    "attached",
    "get_global_profiler",
    "global_profiler",
    "load",
    "profile_evaluation_run",
    "profile_function",
]
