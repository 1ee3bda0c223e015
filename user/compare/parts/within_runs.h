/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* within_runs.h - how far two sessions differ beyond what varies within them, by their slices of time. */
#ifndef COMPARE_PARTS_WITHIN_RUNS_H
#define COMPARE_PARTS_WITHIN_RUNS_H

#include "compare/comparison.h"

/* Stores the interval of NEW / OLD - 1 of one session each. Returns false for metrics and sections without slices. */
bool within_runs_interval(const struct comparison *c, const struct comparison_subject *subject, const struct metric *metric,
			  double *low, double *high);

#endif
