/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* report.h - from facts to answers: what the maps held becomes what people and scripts read. No I/O. */
#ifndef ANALYSE_REPORT_H
#define ANALYSE_REPORT_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* Sections and caches of threshold_s or more are bottlenecks. -ENOMEM is all that can go wrong. */
int report_build(struct dcbs_report **report, const struct snapshot *snap, double threshold_s);

#endif
