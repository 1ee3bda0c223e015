/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* sampled_sections.h - estimates the time of sections that are functions without a marker, from samples of the stack. */
#ifndef ANALYSE_STACKS_SAMPLED_SECTIONS_H
#define ANALYSE_STACKS_SAMPLED_SECTIONS_H

#include "collect/facts.h"

/*
 * Fills the total time, the self time and the ledger of waits of such sections in `sections`, which are snap->sections. The exact
 * time of each marked section is divided among the samples in it, so a function is never longer than what encloses it. Calls are
 * estimated where enough of them were timed by probes; otherwise they stay unknown, as does memory. Returns 0 or -ENOMEM.
 */
int sampled_sections_estimate(struct snapshot_section **sections, const struct snapshot *snap);

/* The time in ns that a tick stands for, over all threads: running, and waiting in the run queue. */
double sampled_sections_tick_ns(const struct snapshot *snap);

/* The standard deviation of the total time of snap->sections[section], seconds. NAN: the total time is exact. */
double sampled_sections_error_s(const struct snapshot *snap, size_t section);

#endif
