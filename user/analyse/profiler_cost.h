/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* profiler_cost.h - what profiling cost the targets, what was lost, and the notes on both. */
#ifndef ANALYSE_PROFILER_COST_H
#define ANALYSE_PROFILER_COST_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* Fills the report's overhead, lost and notes, and profiling_s of its sections, which are already there. Returns 0 or -ENOMEM. */
int profiler_cost_fill(struct dcbs_report *report, const struct snapshot *snap);

#endif
