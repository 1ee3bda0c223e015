/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* threads.h - the time of the targets' threads, and the part of it outside of all sections. */
#ifndef ANALYSE_THREADS_H
#define ANALYSE_THREADS_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* Fills the report's threads, and the totals of both accounts of their CPU time. Returns 0 or -ENOMEM. */
int threads_fill(struct dcbs_report *report, const struct snapshot *snap);

/* Returns true if the thread never had a section open and hardly did anything but wait. */
bool threads_is_idle(const struct snapshot_thread *thread);

/* Marks the stacks of idle threads, of which there may be thousands. Returns 0 or -ENOMEM. */
int threads_mark_idle(const struct snapshot *snap);

/* Returns true if the time outside of sections is known: the report then has the section DCBS_OUTSIDE. */
bool threads_have_outside(const struct snapshot *snap);

/* Fills the section DCBS_OUTSIDE: the time of all threads but idle ones, less the sections' time. Returns 0 or -ENOMEM. */
int threads_fill_outside(struct dcbs_section *to, const struct snapshot *snap);

/* Returns that time in ns, and adds its waits by cause to off_ns[]. */
double threads_outside_ns(const struct snapshot *snap, __u64 *off_ns);

#endif
