// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sampled.c - sections that are Python functions without a marker: what samples of the stack tell of them. */
#include <math.h>
#include <string.h>

#include "analyse/ledger.h"
#include "analyse/sampled.h"
#include "analyse/samples.h"
#include "analyse/threads.h"

#define NS 1e-9

/* What a tick and a nanosecond that was seen waiting are worth, over all threads. */
struct worth {
	double tick_ns, queue_ns;
	double off[CAUSES];
};

static void sum_seen(const struct snapshot *snap, double *ticks, double *off_ns)
{
	size_t i;
	int c;

	for (i = 0; i < snap->nr_stacks; i++) {
		*ticks += (double)snap->stacks[i].cpu_samples;
		for (c = 0; c < CAUSES; c++)
			off_ns[c] += (double)snap->stacks[i].off_ns[c];
	}
}

/* Threads that did nothing but wait have hardly any sample, and nothing to share out. */
static double sum_exact(const struct snapshot *snap, double *off_ns)
{
	double cpu_ns = 0;
	size_t i;
	int c;

	for (i = 0; i < snap->nr_threads; i++) {
		const struct thread_sum *sum = &snap->threads[i].sum;

		if (threads_is_idle(&snap->threads[i]))
			continue;
		cpu_ns += (double)sum->wall_ns - ledger_off_ns(sum->off_ns);
		for (c = 0; c < CAUSES; c++)
			off_ns[c] += (double)sum->off_ns[c];
	}
	return fmax(cpu_ns, 0);
}

static struct worth worth_of(const struct snapshot *snap)
{
	double ticks = 0, seen_ns[CAUSES] = {0}, exact_ns[CAUSES] = {0}, cpu_ns;
	struct worth w = {0};
	int c;

	sum_seen(snap, &ticks, seen_ns);
	cpu_ns = sum_exact(snap, exact_ns);
	if (ticks > 0) {
		w.tick_ns = cpu_ns / ticks;
		w.queue_ns = exact_ns[CAUSE_RUNQUEUE] / ticks;
	}
	for (c = 0; c < CAUSES; c++)
		w.off[c] = seen_ns[c] > 0 ? exact_ns[c] / seen_ns[c] : 0;
	return w;
}

/* The innermost of what is open there, if what is outside of marked sections does not count. */
static bool is_innermost(const struct snapshot_stack *stack, __u16 row)
{
	__u32 i;

	for (i = 0; i < stack->nr_rows; i++)
		if (stack->rows[i] != SNAPSHOT_OUTSIDE)
			return stack->rows[i] == row;
	return false;
}

static __u64 add_stack(__u64 *off_ns, const struct snapshot_stack *stack, const struct worth *w)
{
	double total_ns = (double)stack->cpu_samples * (w->tick_ns + w->queue_ns);
	int c;

	off_ns[CAUSE_RUNQUEUE] += (__u64)((double)stack->cpu_samples * w->queue_ns);
	for (c = 0; c < CAUSES; c++) {
		double ns = (double)stack->off_ns[c] * w->off[c];

		off_ns[c] += (__u64)ns;
		total_ns += ns;
	}
	return (__u64)total_ns;
}

static void estimate(struct snapshot_row *row, __u16 index, const struct snapshot *snap, const struct worth *w)
{
	struct row_ledger *l = &row->ledger;
	size_t i;

	memset(l, 0, sizeof(*l));
	row->stat.total_ns = row->stat.self_ns = 0;
	for (i = 0; i < snap->nr_stacks; i++) {
		const struct snapshot_stack *stack = &snap->stacks[i];

		if (!samples_in(stack, index, SAMPLES_INCLUSIVE))
			continue;
		row->stat.total_ns += add_stack(l->off_ns, stack, w);
		if (is_innermost(stack, index))
			row->stat.self_ns += add_stack(l->self_off_ns, stack, w);
	}
}

void sampled_estimate(struct snapshot_row **rows, const struct snapshot *snap)
{
	struct worth w = worth_of(snap);
	size_t i;

	for (i = 0; i < snap->nr_rows; i++)
		if (rows[i]->stat.sampled)
			estimate(rows[i], (__u16)i, snap, &w);
}

/* Each sample comes or does not come on its own: the variance of a sum is the sum of the squares. */
double sampled_error_s(const struct snapshot *snap, const struct snapshot_row *row)
{
	struct worth w;
	double squares = 0;
	size_t i, at;
	int c;

	if (!row->stat.sampled)
		return NAN;
	for (at = 0; at < snap->nr_rows && snap->rows[at] != row; at++)
		;
	w = worth_of(snap);
	for (i = 0; i < snap->nr_stacks; i++) {
		const struct snapshot_stack *stack = &snap->stacks[i];
		double tick_ns = w.tick_ns + w.queue_ns, off_ns = 0;

		if (!samples_in(stack, (__u16)at, SAMPLES_INCLUSIVE))
			continue;
		for (c = 0; c < CAUSES; c++)
			off_ns += (double)stack->off_ns[c] * w.off[c];
		squares += (double)stack->cpu_samples * tick_ns * tick_ns;
		if (stack->off_samples)
			squares += off_ns * off_ns / (double)stack->off_samples;
	}
	return sqrt(squares) * NS;
}
