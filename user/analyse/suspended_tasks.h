/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* suspended_tasks.h - where the suspended tasks of asyncio are. */
#ifndef ANALYSE_SUSPENDED_TASKS_H
#define ANALYSE_SUSPENDED_TASKS_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* Fills the report's places of suspended tasks. Returns 0 or -ENOMEM. */
int suspended_tasks_fill(struct dcbs_report *r, const struct snapshot *snap);

void suspended_tasks_free(struct dcbs_report *r);

#endif
