/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* neighbours.h - the processes that had the CPU while the targets waited for it. */
#ifndef ANALYSE_NEIGHBOURS_H
#define ANALYSE_NEIGHBOURS_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* Fills the report's neighbours; its targets are known. Returns 0 or -ENOMEM. */
int neighbours_fill(struct dcbs_report *r, const struct snapshot *snap);

void neighbours_free(struct dcbs_report *r);

#endif
