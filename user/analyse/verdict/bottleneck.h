/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* bottleneck.h - the sections and caches that took more time than the user accepts, each with its cause. */
#ifndef ANALYSE_VERDICT_BOTTLENECK_H
#define ANALYSE_VERDICT_BOTTLENECK_H

#include "dcbs/profiler.h"

/* Fills the report's bottlenecks from its sections, threads and caches, and replaces those that it has. Returns 0 or -ENOMEM. */
int bottleneck_find(struct dcbs_report *report, double threshold_s);

void bottleneck_free(struct dcbs_report *report);

#endif
