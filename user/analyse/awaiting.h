/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* awaiting.h - where the suspended tasks of asyncio are. */
#ifndef ANALYSE_AWAITING_H
#define ANALYSE_AWAITING_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* Fills the report's places of suspended tasks. Returns 0 or -ENOMEM. */
int awaiting_fill(struct dcbs_report *r, const struct snapshot *snap);

void awaiting_free(struct dcbs_report *r);

#endif
