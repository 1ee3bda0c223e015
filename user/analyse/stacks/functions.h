/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* functions.h - which functions a section's time went into, and the stacks they were on. */
#ifndef ANALYSE_STACKS_FUNCTIONS_H
#define ANALYSE_STACKS_FUNCTIONS_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

#define FUNCTIONS_MOST 200	/* of a section, by cumulative time; the others are one row, "(N more)" */

/* The report's functions, frames and stacks, from the snapshot's. */
int functions_fill(struct dcbs_report *report, const struct snapshot *snap);

void functions_free(struct dcbs_report *report);

#endif
