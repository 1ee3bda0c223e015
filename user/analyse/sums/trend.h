/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* trend.h - whether a call of a section took longer and longer, or began slowly, by the slices of the window. */
#ifndef ANALYSE_SUMS_TREND_H
#define ANALYSE_SUMS_TREND_H

#include "dcbs/profiler.h"

/* Fills the trend of a section whose slices are complete. `slices`: those of the window. */
void trend_fill(struct dcbs_section *section, const struct dcbs_slices *slices);

#endif
