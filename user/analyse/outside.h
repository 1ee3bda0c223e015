/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* outside.h - divides the time outside of all sections among the processes and what their threads are for. */
#ifndef ANALYSE_OUTSIDE_H
#define ANALYSE_OUTSIDE_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* Fills the report's `outside`; its targets are known. Returns 0 or -ENOMEM. */
int outside_fill(struct dcbs_report *r, const struct snapshot *snap);

#endif
