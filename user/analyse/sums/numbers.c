// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* numbers.c - mean, extremes and percentiles of recorded values. */
#include <assert.h>
#include <math.h>

#include "analyse/sums/numbers.h"

#define ROUNDING 1e-12	/* 0.07 * 100 is 7.000000000000001 as a double; the rank is 7 */

double numbers_mean_ns(const struct section_stat *stat)
{
	return stat->count ? (double)stat->sum_ns / (double)stat->count : NAN;
}

double numbers_min_ns(const struct section_stat *stat)
{
	return stat->min_inv_ns ? (double)~stat->min_inv_ns : NAN;
}

double numbers_max_ns(const struct section_stat *stat)
{
	return stat->min_inv_ns ? (double)stat->max_ns : NAN;
}

__u64 numbers_recorded(const struct section_stat *stat)
{
	__u64 n = stat->zero_count;
	__u32 place;

	for (place = 0; place < HIST_PLACES; place++)
		n += stat->buckets[place];
	return n;
}

/* The geometric middle, clamped to the whole numbers in the bucket. */
double numbers_bucket_middle(int index, int sub)
{
	double least = floor(exp2((double)index / sub)) + 1;
	double greatest = floor(exp2((double)(index + 1) / sub));
	double middle = exp2((index + 0.5) / sub);

	return fmin(fmax(middle, least), fmax(least, greatest));
}

double numbers_rank(double q, __u64 n)
{
	double rank = ceil(q * (double)n * (1 - ROUNDING));

	return fmin(fmax(rank, 1), (double)n);
}

/* fmin and fmax ignore a NAN argument: unknown extremes clamp nothing. */
static double value_at_rank(const struct section_stat *stat, double rank, __u64 n, __u32 place)
{
	double min = numbers_min_ns(stat), max = numbers_max_ns(stat);

	if (rank <= 1 && !isnan(min))
		return min;
	if (rank >= (double)n && !isnan(max))
		return max;
	if (rank <= (double)stat->zero_count)
		return 0;
	return fmin(fmax(numbers_bucket_middle(hist_index(place), HIST_SUB), min), max);
}

void numbers_percentiles_ns(const struct section_stat *stat, const double *q, double *value_ns, size_t nr)
{
	__u64 n = numbers_recorded(stat), below = stat->zero_count + stat->buckets[0];
	__u32 place = 0;
	double rank;
	size_t i;

	for (i = 0; i < nr; i++) {
		assert(!i || q[i - 1] <= q[i]);
		if (!n) {
			value_ns[i] = NAN;
			continue;
		}
		rank = numbers_rank(q[i], n);
		while ((double)below < rank && place + 1 < HIST_PLACES)
			below += stat->buckets[++place];
		value_ns[i] = value_at_rank(stat, rank, n, place);
	}
}
