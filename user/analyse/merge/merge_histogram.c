// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* merge_histogram.c - see merge_histogram.h. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "analyse/merge/merge_histogram.h"
#include "analyse/sums/numbers.h"

/* Documents hold counts as signed integers. */
static uint64_t add_counts(uint64_t a, uint64_t b)
{
	return a > INT64_MAX || b > INT64_MAX - a ? INT64_MAX : a + b;
}

int merge_histogram_add(struct dcbs_histogram *to, const struct dcbs_histogram *more)
{
	struct dcbs_bucket *sum = calloc(to->nr_buckets + more->nr_buckets + 1, sizeof(*sum));
	size_t i = 0, j = 0, nr = 0;

	if (!sum)
		return -ENOMEM;
	while (i < to->nr_buckets || j < more->nr_buckets) {
		const struct dcbs_bucket *a = i < to->nr_buckets ? &to->buckets[i] : NULL;
		const struct dcbs_bucket *b = j < more->nr_buckets ? &more->buckets[j] : NULL;
		bool take_a = a && (!b || a->index <= b->index), take_b = b && (!a || b->index <= a->index);

		sum[nr].index = take_a ? a->index : b->index;
		sum[nr++].count = add_counts(take_a ? a->count : 0, take_b ? b->count : 0);
		i += take_a;
		j += take_b;
	}
	free(to->buckets);
	to->buckets = sum;
	to->nr_buckets = nr;
	to->zero_count = add_counts(to->zero_count, more->zero_count);
	return 0;
}

static __u64 count_values(const struct dcbs_histogram *h)
{
	__u64 n = h->zero_count;
	size_t i;

	for (i = 0; i < h->nr_buckets; i++)
		n += h->buckets[i].count;
	return n;
}

double merge_histogram_values(const struct dcbs_histogram *h)
{
	return (double)count_values(h);
}

/* fmin() and fmax() ignore a NAN argument: unknown extremes clamp nothing. */
double merge_histogram_percentile(const struct dcbs_histogram *h, double q, int sub, double min, double max)
{
	__u64 n = count_values(h), below = h->zero_count;
	double rank = numbers_rank(q, n);
	size_t i;

	if (!n)
		return NAN;
	if (rank <= 1 && !isnan(min))
		return min;
	if (rank >= (double)n && !isnan(max))
		return max;
	if (rank <= (double)below)
		return 0;
	for (i = 0; i + 1 < h->nr_buckets; i++) {
		below += h->buckets[i].count;
		if ((double)below >= rank)
			break;
	}
	return fmin(fmax(numbers_bucket_middle(h->buckets[i].index, sub), min), max);
}
