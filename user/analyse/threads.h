/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* threads.h - the time of the targets' threads, and what of it no section has: "(outside)". */
#ifndef ANALYSE_THREADS_H
#define ANALYSE_THREADS_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* Fills the report's threads, and both accounts of their CPU time. */
int threads_fill(struct dcbs_report *report, const struct snapshot *snap);

/* Is there a section "(outside)", and which one. Its time is that of all threads but the idle ones. */
/* It hardly did anything but wait, and never had a section. */
bool threads_is_idle(const struct snapshot_thread *thread);

bool threads_have_outside(const struct snapshot *snap);
int threads_fill_outside(struct dcbs_section *to, const struct snapshot *snap);

/* The same in ns; off_ns[], zeroed, becomes its waits by cause. */
double threads_outside_ns(const struct snapshot *snap, __u64 *off_ns);

#endif
