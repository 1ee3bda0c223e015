// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sampled_sections.c - sections that are functions without a marker: what samples of the stack tell of them. */
#include <math.h>
#include <string.h>

#include "analyse/sums/ledger.h"
#include "analyse/stacks/sampled_sections.h"
#include "analyse/stacks/sample_weights.h"
#include "analyse/threads.h"
#include "base/clock.h"

#define FEW_CALLS 100	/* with less it cannot be told how long one takes */

/* What a tick is worth, over all threads: of running, and of waiting for a CPU meanwhile. */
struct worth {
	double tick_ns, queue_ns;
};

/* Threads that did nothing but wait have hardly any tick, and nothing to share out. */
static struct worth worth_of(const struct snapshot *snap)
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
	return ticks > 0 ? (struct worth) {fmax(cpu_ns, 0) / ticks, queue_ns / ticks} : (struct worth) {0, 0};
}

/* Of the functions that are sections: they are a tree of their own, whatever sections are marked. */
static bool is_innermost(const struct snapshot *snap, const struct snapshot_stack *stack, __u16 row)
{
	__u32 i;

	for (i = 0; i < stack->nr_sections; i++)
		if (stack->sections[i] < snap->nr_sections && snap->sections[stack->sections[i]]->stat.sampled)
			return stack->sections[i] == row;
	return false;
}

/* A wait was measured, and stands for as many as were not. */
static __u64 add_stack(__u64 *off_ns, const struct snapshot_stack *stack, const struct worth *w)
{
	__u64 queue_ns = (__u64)((double)stack->cpu_samples * w->queue_ns);
	__u64 total_ns = (__u64)((double)stack->cpu_samples * w->tick_ns) + queue_ns;
	int c;

	off_ns[CAUSE_RUNQUEUE] += queue_ns;
	for (c = 0; c < CAUSES; c++) {
		off_ns[c] += stack->off_ns[c];
		total_ns += stack->off_ns[c];
	}
	return total_ns;
}

static __u64 scaled(__u64 n, double by)
{
	return (__u64)llrint((double)n * by);
}

/*
 * Some calls were timed, by probes that were there now and then, and took `probe_ns` longer for it. With the time that
 * all took that tells how many there were; how they are distributed they tell themselves.
 */
static void count_calls(struct section_stat *stat, const struct section_stat *timed, double probe_ns)
{
	double timed_ns = (double)timed->total_ns - (double)timed->count * probe_ns, by = (double)stat->total_ns / timed_ns;
	int place;

	if (timed->count < FEW_CALLS || !((double)timed->sum_ns >= SNAPSHOT_LONG_CALL * probe_ns * (double)timed->count) || timed_ns <= 0)
		return;
	stat->sampled = SAMPLED_AND_TIMED;
	stat->max_ns = timed->max_ns;
	stat->min_inv_ns = timed->min_inv_ns;
	stat->zero_count = stat->count = scaled(timed->zero_count, by);
	for (place = 0; place < HIST_PLACES; place++) {
		stat->buckets[place] = scaled(timed->buckets[place], by);
		stat->count += stat->buckets[place];
	}
	stat->sum_ns = scaled(timed->sum_ns, (double)stat->count / (double)timed->count);
}

static void estimate(struct snapshot_section *row, __u16 index, const struct snapshot *snap, const struct worth *w)
{
	struct section_stat timed = row->stat;
	struct section_ledger *l = &row->ledger;
	size_t i;

	memset(l, 0, sizeof(*l));
	row->stat = (struct section_stat){.kind = row->stat.kind, .sampled = SAMPLED};
	for (i = 0; i < snap->nr_stacks; i++) {
		const struct snapshot_stack *stack = &snap->stacks[i];

		if (!sample_weights_covers(snap, stack, index, SAMPLE_SCOPE_TOTAL))
			continue;
		row->stat.total_ns += add_stack(l->off_ns, stack, w);
		if (is_innermost(snap, stack, index))
			row->stat.self_ns += add_stack(l->self_off_ns, stack, w);
	}
	count_calls(&row->stat, &timed, row->probe_ns);
}

void sampled_sections_estimate(struct snapshot_section **rows, const struct snapshot *snap)
{
	struct worth w = worth_of(snap);
	size_t i;

	for (i = 0; i < snap->nr_sections; i++)
		if (rows[i]->stat.sampled)
			estimate(rows[i], (__u16)i, snap, &w);
}

/* Each tick comes or does not come on its own, as does each wait that was sampled: variances add up. */
double sampled_sections_error_s(const struct snapshot *snap, const struct snapshot_section *row)
{
	double tick_ns, squares = 0;
	struct worth w;
	size_t i, at;

	if (!row->stat.sampled)
		return NAN;
	for (at = 0; at < snap->nr_sections && snap->sections[at] != row; at++)
		;
	w = worth_of(snap);
	tick_ns = w.tick_ns + w.queue_ns;
	for (i = 0; i < snap->nr_stacks; i++)
		if (sample_weights_covers(snap, &snap->stacks[i], (__u16)at, SAMPLE_SCOPE_TOTAL))
			squares += snap->stacks[i].cpu_samples2 * tick_ns * tick_ns + snap->stacks[i].off_ns2;
	return sqrt(squares) * S_PER_NS;
}
