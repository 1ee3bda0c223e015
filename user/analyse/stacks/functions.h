/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* functions.h - the functions that a section's time was spent in, and the stacks they were on. */
#ifndef ANALYSE_STACKS_FUNCTIONS_H
#define ANALYSE_STACKS_FUNCTIONS_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

#define FUNCTIONS_MOST 200	/* of one section, by cumulative time; the others are one entry, "(N more)" */

/* Fills the report's functions, frames and stacks from the snapshot. Returns 0 or -ENOMEM. */
int functions_fill(struct dcbs_report *report, const struct snapshot *snap);

void functions_free(struct dcbs_report *report);

#endif
