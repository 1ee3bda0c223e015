// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* stretch_calls.c - the times of functions that samples cannot see, from calls that were timed in one stretch of the window. */
#include "analyse/stacks/stretch_calls.h"

#define FEW_TIMED 30		/* fewer timed calls are too few for a mean */
#define MISSED_SHARE 0.5	/* of the time that the timed calls speak for; samples with less do not see the function */
#define SEEN_SHARE 0.7		/* of timed calls; samples that saw less do not see the function */
#define STRETCH_ERROR 0.25	/* of a total that rests on the calls of one stretch of the window */

/*
 * Returns the time of all calls of a function by those that were timed before they became too expensive: their mean, if all
 * calls were counted; else the part of the time that they took. 0: they do not tell.
 */
static double time_by_timed_calls(const struct snapshot_section *facts, const struct section_stat *timed, const struct snapshot *snap)
{
	double ended = timed->begun > facts->open ? (double)(timed->begun - facts->open) : 0;

	if (timed->count < FEW_TIMED)
		return 0;
	if (ended >= (double)timed->count)
		return ended * (double)timed->sum_ns / (double)timed->count;
	return timed->begun ? 0 : facts->timed_share * (double)(snap->end_ns - snap->start_ns);
}

/*
 * Samples cannot see a function below which the stack is deeper than a sample reaches. That shows while all calls are timed; if
 * that time was short, it shows where the samples have less than half of the least that all calls must have taken.
 */
static bool samples_miss(const struct snapshot_section *facts, double least_ns)
{
	if (facts->seen_share > 0)
		return facts->seen_share < SEEN_SHARE;
	return (double)facts->stat.total_ns + 2 * facts->total_error_ns < MISSED_SHARE * least_ns;
}

/*
 * Returns true if the calls that began before the probes were taken away took longer than the estimate for the whole window: the
 * function was called more often then than in the stretch, as after a start without work.
 */
static bool are_contradicted(const struct snapshot_section *facts, const struct section_stat *timed, double by_timed_ns)
{
	double begun_ns = (double)facts->given_up_calls * (double)timed->sum_ns / (double)timed->count;

	return begun_ns > (1 + STRETCH_ERROR) * by_timed_ns;
}

bool stretch_calls_hold_against(struct snapshot_section *facts, const struct section_stat *timed, const struct snapshot *snap)
{
	double by_timed_ns = time_by_timed_calls(facts, timed, snap), added;

	if (!(by_timed_ns > 0) || !timed->sum_ns)
		return false;
	added = snap->probe_added_ns * (double)timed->count / (double)timed->sum_ns;
	if (!(added < 0.5) || !samples_miss(facts, by_timed_ns * (1 - 2 * added)))
		return false;
	if (are_contradicted(facts, timed, by_timed_ns)) {
		facts->has_no_time = true;
		return true;
	}
	facts->stat.total_ns = facts->stat.self_ns = (__u64)(by_timed_ns * (1 - added));
	facts->total_error_ns = by_timed_ns * added + STRETCH_ERROR * (double)facts->stat.total_ns;
	return true;
}
