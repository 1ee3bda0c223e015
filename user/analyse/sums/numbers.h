/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * numbers.h - figures from the kernel's counters of one section or cache. ns as double; NAN: no value was recorded.
 *
 * The counters go on while they are read, so those of one section need not agree to the last call:
 * each figure is taken from counters that belong together, percentiles from the buckets alone.
 */
#ifndef ANALYSE_SUMS_NUMBERS_H
#define ANALYSE_SUMS_NUMBERS_H

#include <stddef.h>

#include "bpfprof/abi.h"

double numbers_mean_ns(const struct section_stat *stat);
double numbers_min_ns(const struct section_stat *stat);
double numbers_max_ns(const struct section_stat *stat);

/*
 * The value below or at which a share q of the values lies, for each of q[], ascending: the value of
 * nearest rank, within 1.1 %. It is the geometric middle of that value's bucket: a place interpolated from
 * the rank may be at the wrong end of the bucket, 2.2 % off, when the values in it are equal. The least and
 * the greatest value are known exactly, and so is a small one that has a bucket to itself.
 */
void numbers_percentiles_ns(const struct section_stat *stat, const double *q, double *value_ns, size_t nr);

/* Its parts, for histograms of other widths: the rank, and the middle of bucket `index` of `sub` in an octave. */
double numbers_rank(double q, __u64 n);
double numbers_bucket_middle(int index, int sub);

/* Durations of 0 included. */
__u64 numbers_recorded(const struct section_stat *stat);

#endif
