/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * numbers.h - mean, extremes and percentiles from the kernel's counters of one section or cache.
 *
 * Results are nanoseconds as double; NAN if no value was recorded. The BPF programs update the counters while the profiler
 * reads them, so the counters of one section need not agree to the last call. Each result therefore uses counters that are
 * updated together: percentiles use the buckets alone.
 */
#ifndef ANALYSE_SUMS_NUMBERS_H
#define ANALYSE_SUMS_NUMBERS_H

#include <stddef.h>

#include "bpfprof/abi.h"

double numbers_mean_ns(const struct section_stat *stat);
double numbers_min_ns(const struct section_stat *stat);
double numbers_max_ns(const struct section_stat *stat);

/*
 * Nearest-rank percentiles: value_ns[i] is the smallest value that at least a share q[i] of all values do not exceed. q[]
 * is ascending. The result is within 1.1 %: it is the geometric middle of the value's bucket. Interpolating within the
 * bucket could be 2.2 % off, when all values in it are equal. The smallest and the largest value are exact, and so is a
 * small value that has a bucket to itself.
 */
void numbers_percentiles_ns(const struct section_stat *stat, const double *q, double *value_ns, size_t nr);

/* For histograms of other widths: the rank of percentile q among n values; the middle of bucket `index` of `sub` per octave. */
double numbers_rank(double q, __u64 n);
double numbers_bucket_middle(int index, int sub);

/* The number of recorded values, those of 0 ns included. */
__u64 numbers_recorded(const struct section_stat *stat);

#endif
