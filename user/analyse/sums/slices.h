/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* slices.h - the window and its sections in slices of time. */
#ifndef ANALYSE_SUMS_SLICES_H
#define ANALYSE_SUMS_SLICES_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* Fills r->slices. Returns 0 or -ENOMEM. */
int slices_fill(struct dcbs_report *r, const struct snapshot *snap);

/* Fills the slices of a section whose times and causes are complete. Returns 0 or -ENOMEM. */
int slices_fill_section(struct dcbs_section *to, const struct snapshot_section *facts, const struct snapshot *snap);

void slices_free(struct dcbs_report *r);

#endif
