/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* bottleneck.h - what took more time than the user will accept, and what is known about why. */
#ifndef ANALYSE_VERDICT_BOTTLENECK_H
#define ANALYSE_VERDICT_BOTTLENECK_H

#include "dcbs/profiler.h"

/* Fills the report's bottlenecks from its sections and caches; those of another threshold are replaced. */
int bottleneck_find(struct dcbs_report *report, double threshold_s);

void bottleneck_free(struct dcbs_report *report);

#endif
