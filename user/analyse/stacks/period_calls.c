// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* period_calls.c - the times of all calls of a function, from those that ended in on-periods. */
#include <math.h>

#include "analyse/stacks/period_calls.h"

#define FEW_CALLS 30	/* fewer timed calls are too few for a mean and its error */
#define FEW_PERIODS 3	/* fewer on-periods are too few for the error of their mean */

static __u64 scale_u64(double n, double by)
{
	return (__u64)llrint(n * by);
}

/* The rounded buckets add up to the count to within one call for each bucket. */
static void scale_calls(struct section_stat *stat, const struct section_stat *observed, const struct timed_calls *timed, double by)
{
	int place;

	stat->count = scale_u64(timed->calls, by);
	stat->sum_ns = scale_u64(timed->sum_ns, by);
	stat->max_ns = observed->max_ns;
	stat->min_inv_ns = observed->min_inv_ns;
	stat->zero_count = scale_u64(timed->zero_count, by);
	for (place = 0; place < HIST_PLACES; place++)
		stat->buckets[place] = scale_u64(timed->buckets[place], by);
}

static void scale_wall(__u64 *off_ns, double by)
{
	int c;

	for (c = 0; c < CAUSES; c++)
		off_ns[c] = scale_u64((double)off_ns[c], by);
}

/* Recursion and nested calls are known of the calls whose begin was observed, too. */
static void scale_times(struct snapshot_section *facts, const struct section_stat *observed)
{
	struct section_stat *stat = &facts->stat;
	double sampled_ns = (double)stat->total_ns, sampled_self_ns = (double)stat->self_ns, sum = (double)stat->sum_ns;

	stat->total_ns = stat->self_ns = stat->sum_ns;
	if (observed->observed_ns) {
		stat->total_ns = (__u64)(sum * fmin(1, (double)observed->total_ns / (double)observed->observed_ns));
		stat->self_ns = (__u64)(sum * fmin(1, (double)observed->self_ns / (double)observed->observed_ns));
	}
	if (sampled_ns > 0)
		scale_wall(facts->ledger.off_ns, (double)stat->total_ns / sampled_ns);
	if (sampled_self_ns > 0)
		scale_wall(facts->ledger.self_off_ns, (double)stat->self_ns / sampled_self_ns);
}

/*
 * Returns by how much a standard error from so few differences has to grow, so that twice the error still covers 95 of 100
 * truths: the ratio of Student's distribution to the normal one, to within 4 % from 2 degrees of freedom on.
 */
static double widen_for_few(unsigned int degrees)
{
	return 1 + 1.35 / degrees + 2.1 / ((double)degrees * degrees);
}

bool period_calls_estimate(struct snapshot_section *facts, const struct section_stat *observed)
{
	const struct timed_calls *timed = facts->timed;
	__u64 ended = observed->begun > facts->open ? observed->begun - facts->open : 0;
	double by;

	if (!timed || timed->periods < FEW_PERIODS || observed->count < FEW_CALLS || ended < observed->count)
		return false;
	by = (double)ended / timed->calls;
	facts->stat.sampled = SAMPLED_AND_TIMED;
	facts->stat.begun = observed->begun;
	scale_calls(&facts->stat, observed, timed, by);
	scale_times(facts, observed);
	facts->total_error_ns = by * sqrt(timed->variance_ns2) * widen_for_few(timed->periods - 1);
	return true;
}
