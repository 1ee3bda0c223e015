// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* period_calls.c - estimates the times of all calls of a function from those that ended in on-periods. */
#include <math.h>

#include "analyse/stacks/period_calls.h"
#include "analyse/sums/numbers.h"

#define FEW_CALLS 30	/* fewer timed calls are too few for a mean and its error */

/* The standard deviation of the timed calls, by their histogram. */
static double standard_deviation_ns(const struct section_stat *timed)
{
	double mean = numbers_mean_ns(timed), squares = (double)timed->zero_count * mean * mean, n = (double)timed->zero_count;
	int place;

	for (place = 0; place < HIST_PLACES; place++) {
		double off = numbers_bucket_middle(hist_index(place), HIST_SUB) - mean;

		squares += (double)timed->buckets[place] * off * off;
		n += (double)timed->buckets[place];
	}
	return n > 1 ? sqrt(squares / (n - 1)) : 0;
}

static __u64 scale_u64(__u64 n, double by)
{
	return (__u64)llrint((double)n * by);
}

/* The rounded buckets add up to the count to within one call for each bucket. */
static void scale_calls(struct section_stat *stat, const struct section_stat *timed, __u64 ended)
{
	double by = (double)ended / (double)timed->count;
	int place;

	stat->count = ended;
	stat->sum_ns = scale_u64(timed->sum_ns, by);
	stat->max_ns = timed->max_ns;
	stat->min_inv_ns = timed->min_inv_ns;
	stat->zero_count = scale_u64(timed->zero_count, by);
	for (place = 0; place < HIST_PLACES; place++)
		stat->buckets[place] = scale_u64(timed->buckets[place], by);
}

static void scale_wall(__u64 *off_ns, double by)
{
	int c;

	for (c = 0; c < CAUSES; c++)
		off_ns[c] = scale_u64(off_ns[c], by);
}

/* Recursion and nested calls are known of the calls whose begin was observed, too. */
static void scale_times(struct snapshot_section *facts, const struct section_stat *timed)
{
	struct section_stat *stat = &facts->stat;
	double sampled_ns = (double)stat->total_ns, sampled_self_ns = (double)stat->self_ns, sum = (double)stat->sum_ns;

	stat->total_ns = stat->self_ns = stat->sum_ns;
	if (timed->observed_ns) {
		stat->total_ns = (__u64)(sum * fmin(1, (double)timed->total_ns / (double)timed->observed_ns));
		stat->self_ns = (__u64)(sum * fmin(1, (double)timed->self_ns / (double)timed->observed_ns));
	}
	if (sampled_ns > 0)
		scale_wall(facts->ledger.off_ns, (double)stat->total_ns / sampled_ns);
	if (sampled_self_ns > 0)
		scale_wall(facts->ledger.self_off_ns, (double)stat->self_ns / sampled_self_ns);
}

bool period_calls_estimate(struct snapshot_section *facts, const struct section_stat *timed)
{
	__u64 ended = timed->begun > facts->open ? timed->begun - facts->open : 0;

	if (timed->count < FEW_CALLS || ended < timed->count)
		return false;
	facts->stat.sampled = SAMPLED_AND_TIMED;
	facts->stat.begun = timed->begun;
	scale_calls(&facts->stat, timed, ended);
	scale_times(facts, timed);
	facts->total_error_ns = (double)ended * standard_deviation_ns(timed) / sqrt((double)timed->count) *
				sqrt(1 - (double)timed->count / (double)ended);
	return true;
}
