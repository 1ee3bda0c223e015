/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* report.h - builds the report, which people and scripts read, from the facts of a snapshot. No I/O. */
#ifndef ANALYSE_REPORT_H
#define ANALYSE_REPORT_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

/*
 * Sections and caches that took threshold_s or more are bottlenecks. Estimates replace the counters of the snapshot's
 * sections that are known from samples only. Returns 0 or -ENOMEM.
 */
int report_build(struct dcbs_report **report, const struct snapshot *snap, double threshold_s);

#endif
