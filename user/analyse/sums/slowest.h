/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* slowest.h - the slowest calls of a section. */
#ifndef ANALYSE_SUMS_SLOWEST_H
#define ANALYSE_SUMS_SLOWEST_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* Returns 0 or -ENOMEM. */
int slowest_fill(struct dcbs_section *to, const struct snapshot_section *facts, const struct snapshot *snap);

void slowest_free(struct dcbs_report *r);

#endif
