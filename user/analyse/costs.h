/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* costs.h - the price of the figures: what profiling cost, what is missing, and the notes. */
#ifndef ANALYSE_COSTS_H
#define ANALYSE_COSTS_H

#include "collect/snapshot.h"
#include "dcbs/profiler.h"

/* The report's overhead, lost and notes; its duration is there already. */
int costs_fill(struct dcbs_report *report, const struct snapshot *snap);

#endif
