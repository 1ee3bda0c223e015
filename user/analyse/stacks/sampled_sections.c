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

/* Returns the running time that a tick stands for, over all threads. Idle threads hardly have any tick, so their time is left out. */
static double tick_weight_ns(const struct snapshot *snap)
{
	double ticks = 0, cpu_ns = 0;
	const struct thread_sum *sum;
	size_t i;

	for (i = 0; i < snap->nr_stacks; i++)
		ticks += (double)snap->stacks[i].cpu_samples;
	for (i = 0; i < snap->nr_threads; i++) {
		sum = &snap->threads[i].sum;
		if (!threads_is_idle(&snap->threads[i]))
			cpu_ns += (double)sum->wall_ns - ledger_off_ns(sum->off_ns);
	}
	return ticks > 0 ? fmax(cpu_ns, 0) / ticks : 0;
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
static __u64 add_stack_time(__u64 *off_ns, const struct snapshot_stack *stack, double tick_ns)
{
	__u64 total_ns = (__u64)((double)stack->cpu_samples * tick_ns);
	int c;

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

static void estimate_section(struct snapshot_section *facts, __u16 section, const struct snapshot *snap,
			     double tick_ns)
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
		facts->stat.total_ns += add_stack_time(l->off_ns, stack, tick_ns);
		if (is_innermost_sampled(snap, stack, section))
			facts->stat.self_ns += add_stack_time(l->self_off_ns, stack, tick_ns);
	}
	if (timed.sampled & SAMPLED_IN_PERIODS && period_calls_estimate(facts, &timed))
		return;
	add_counted_calls(facts, &timed);
}

void sampled_sections_estimate(struct snapshot_section **sections, const struct snapshot *snap)
{
	double tick_ns = tick_weight_ns(snap);
	size_t i;

	for (i = 0; i < snap->nr_sections; i++)
		if (sections[i]->stat.sampled)
			estimate_section(sections[i], (__u16)i, snap, tick_ns);
}

/* Ticks and sampled waits are independent of one another, so their variances add up. */
double sampled_sections_error_s(const struct snapshot *snap, size_t section)
{
	double tick_ns, variance = 0;
	size_t i;

	assert(section < snap->nr_sections);
	if (!snap->sections[section]->stat.sampled)
		return NAN;
	if (snap->sections[section]->total_error_ns > 0)
		return snap->sections[section]->total_error_ns * S_PER_NS;
	tick_ns = tick_weight_ns(snap);
	for (i = 0; i < snap->nr_stacks; i++)
		if (sample_weights_covers(snap, &snap->stacks[i], (__u16)section, SAMPLE_SCOPE_TOTAL))
			variance += snap->stacks[i].cpu_samples2 * tick_ns * tick_ns + snap->stacks[i].off_ns2;
	return sqrt(variance) * S_PER_NS;
}
