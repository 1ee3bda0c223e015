/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* profiler_cost.h - the price of the figures: what profiling cost, what is missing, and the notes. */
#ifndef ANALYSE_PROFILER_COST_H
#define ANALYSE_PROFILER_COST_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* The report's overhead, lost and notes; its duration is there already. */
int profiler_cost_fill(struct dcbs_report *report, const struct snapshot *snap);

#endif
