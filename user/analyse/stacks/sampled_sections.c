// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sampled_sections.c - estimates the time of sections that are functions without a marker. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "analyse/sums/ledger.h"
#include "analyse/stacks/period_calls.h"
#include "analyse/stacks/sampled_sections.h"
#include "analyse/stacks/sample_weights.h"
#include "analyse/threads.h"
#include "base/clock.h"

#define FEW_TIMED 30		/* fewer timed calls are too few for a mean */
#define MISSED_SHARE 0.5	/* of the time that the timed calls speak for; samples with less do not see the function */
#define SEEN_SHARE 0.7		/* of timed calls; samples that saw less do not see the function */
#define STRETCH_ERROR 0.25	/* of a total that rests on the calls of one stretch of the window */

/* The time that a tick stands for, over all threads: running, and waiting in the run queue. */
struct tick_weight {
	double cpu_ns, queue_ns;
};

/* Idle threads hardly have any tick, so their time is left out. */
static struct tick_weight compute_tick_weight(const struct snapshot *snap)
{
	double ticks = 0, cpu_ns = 0, queue_ns = 0;
	const struct thread_sum *sum;
	size_t i;

	for (i = 0; i < snap->nr_stacks; i++)
		ticks += (double)snap->stacks[i].cpu_samples;
	for (i = 0; i < snap->nr_threads; i++) {
		sum = &snap->threads[i].sum;
		if (threads_is_idle(&snap->threads[i]))
			continue;
		cpu_ns += (double)sum->wall_ns - ledger_off_ns(sum->off_ns);
		queue_ns += (double)sum->off_ns[CAUSE_RUNQUEUE];
	}
	return ticks > 0 ? (struct tick_weight) {fmax(cpu_ns, 0) / ticks, queue_ns / ticks} : (struct tick_weight) {0, 0};
}

/* Returns true if `section` is the innermost sampled one of the stack. Marked sections inside it do not count. */
static bool is_innermost_sampled(const struct snapshot *snap, const struct snapshot_stack *stack, __u16 section)
{
	__u32 i;

	for (i = 0; i < stack->nr_sections && i < SAMPLE_SECTIONS; i++)
		if (stack->sections[i] < snap->nr_sections && snap->sections[stack->sections[i]]->stat.sampled)
			return stack->sections[i] == section;
	return false;
}

/* Adds the waits of a stack and returns its whole time. Its sampled waits include those that they stand for. */
static __u64 add_stack_time(__u64 *off_ns, const struct snapshot_stack *stack, const struct tick_weight *tick)
{
	__u64 queue_ns = (__u64)((double)stack->cpu_samples * tick->queue_ns);
	__u64 total_ns = (__u64)((double)stack->cpu_samples * tick->cpu_ns) + queue_ns;
	int c;

	off_ns[CAUSE_RUNQUEUE] += queue_ns;
	for (c = 0; c < CAUSES; c++) {
		off_ns[c] += stack->off_ns[c];
		total_ns += stack->off_ns[c];
	}
	return total_ns;
}

/* The calls were counted at their entries, if they were at all; only their times are of samples. */
static void add_counted_calls(struct snapshot_section *facts, const struct section_stat *timed)
{
	__u64 ended = timed->begun > facts->open ? timed->begun - facts->open : 0;

	if (!ended)
		return;
	facts->stat.sampled = SAMPLED_AND_TIMED;
	facts->stat.count = ended;
	facts->stat.sum_ns = facts->stat.total_ns;
}

/* Ticks and sampled waits are independent of one another, so their variances add up. */
static double sampled_error_ns(const struct snapshot *snap, size_t section, double tick_ns)
{
	double variance = 0;
	size_t i;

	for (i = 0; i < snap->nr_stacks; i++)
		if (sample_weights_covers(snap, &snap->stacks[i], (__u16)section, SAMPLE_SCOPE_TOTAL))
			variance += snap->stacks[i].cpu_samples2 * tick_ns * tick_ns + snap->stacks[i].off_ns2;
	return sqrt(variance);
}

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
static bool samples_miss(const struct snapshot_section *facts, double sampled_error_ns, double least_ns)
{
	if (facts->seen_share > 0)
		return facts->seen_share < SEEN_SHARE;
	return (double)facts->stat.total_ns + 2 * sampled_error_ns < MISSED_SHARE * least_ns;
}

/* If samples miss the function, the timed calls stand for all. They are of one stretch of the window, so the error is large. */
static void hold_against_timed_calls(struct snapshot_section *facts, const struct section_stat *timed, double sampled_error_ns,
				     const struct snapshot *snap)
{
	double by_timed_ns = time_by_timed_calls(facts, timed, snap), added;

	if (!(by_timed_ns > 0) || !timed->sum_ns)
		return;
	added = snap->probe_added_ns * (double)timed->count / (double)timed->sum_ns;
	if (!(added < 0.5) || !samples_miss(facts, sampled_error_ns, by_timed_ns * (1 - 2 * added)))
		return;
	facts->stat.total_ns = facts->stat.self_ns = (__u64)(by_timed_ns * (1 - added));
	facts->total_error_ns = by_timed_ns * added + STRETCH_ERROR * (double)facts->stat.total_ns;
}

static void estimate_section(struct snapshot_section *facts, __u16 section, const struct snapshot *snap,
			     const struct tick_weight *tick)
{
	struct section_stat timed = facts->stat;
	struct section_ledger *l = &facts->ledger;
	size_t i;

	memset(l, 0, sizeof(*l));
	facts->stat = (struct section_stat){.kind = facts->stat.kind, .sampled = SAMPLED};
	for (i = 0; i < snap->nr_stacks; i++) {
		const struct snapshot_stack *stack = &snap->stacks[i];

		if (!sample_weights_covers(snap, stack, section, SAMPLE_SCOPE_TOTAL))
			continue;
		facts->stat.total_ns += add_stack_time(l->off_ns, stack, tick);
		if (is_innermost_sampled(snap, stack, section))
			facts->stat.self_ns += add_stack_time(l->self_off_ns, stack, tick);
	}
	if (timed.sampled & SAMPLED_IN_PERIODS && period_calls_estimate(facts, &timed))
		return;
	hold_against_timed_calls(facts, &timed, sampled_error_ns(snap, section, tick->cpu_ns + tick->queue_ns), snap);
	add_counted_calls(facts, &timed);
}

void sampled_sections_estimate(struct snapshot_section **sections, const struct snapshot *snap)
{
	struct tick_weight tick = compute_tick_weight(snap);
	size_t i;

	for (i = 0; i < snap->nr_sections; i++)
		if (sections[i]->stat.sampled)
			estimate_section(sections[i], (__u16)i, snap, &tick);
}

double sampled_sections_tick_ns(const struct snapshot *snap)
{
	struct tick_weight tick = compute_tick_weight(snap);

	return tick.cpu_ns + tick.queue_ns;
}

double sampled_sections_error_s(const struct snapshot *snap, size_t section)
{
	assert(section < snap->nr_sections);
	if (!snap->sections[section]->stat.sampled)
		return NAN;
	if (snap->sections[section]->total_error_ns > 0)
		return snap->sections[section]->total_error_ns * S_PER_NS;
	return sampled_error_ns(snap, section, sampled_sections_tick_ns(snap)) * S_PER_NS;
}
