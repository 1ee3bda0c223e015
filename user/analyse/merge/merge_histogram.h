/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* merge_histogram.h - histograms of several sessions as one, and its percentiles. */
#ifndef ANALYSE_MERGE_MERGE_HISTOGRAM_H
#define ANALYSE_MERGE_MERGE_HISTOGRAM_H

#include "dcbs/profiler.h"

/* Adds the counts of `more`. Returns 0 or -ENOMEM. */
int merge_histogram_add(struct dcbs_histogram *to, const struct dcbs_histogram *more);

/* The number of values, those of 0 included. */
double merge_histogram_values(const struct dcbs_histogram *h);

/*
 * The value that at least a share q of all do not exceed, as in analyse/sums/numbers.h; buckets are a part `sub` of an octave wide. min
 * and max are the extremes, or NAN. NAN: it has no value.
 */
double merge_histogram_percentile(const struct dcbs_histogram *h, double q, int sub, double min, double max);

#endif
