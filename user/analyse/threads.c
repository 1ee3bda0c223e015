// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* threads.c - the ledger of each thread, and of the time outside of sections. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/sums/ledger.h"
#include "analyse/sums/summary.h"
#include "analyse/threads.h"
#include "base/clock.h"
#include "base/sanitize.h"

#define IDLE_SHARE 0.01	/* of the time of a thread; one that is active for less is idle */

/*
 * An idle thread is a spare one of a pool, or a watcher: its hours of waiting would hide all other time outside of
 * sections. The main thread is never idle, as its waits are the target's. Threads that have ended are known only as two
 * sums, which the BPF programs keep: idle ones and others.
 */
bool threads_is_idle(const struct snapshot_thread *t)
{
	struct dcbs_wall wall;

	if (t->idle)
		return true;
	if (t->sections || !t->tid || t->tid == t->pid)
		return false;
	ledger_wall(&wall, t->sum.off_ns, 0, t->sum.wall_ns);
	return ledger_active_s(&wall) < IDLE_SHARE * t->sum.wall_ns * S_PER_NS;
}

static int by_tid(const void *a, const void *b)
{
	const struct snapshot_thread *const *x = a, *const *y = b;

	return ((*x)->tid > (*y)->tid) - ((*x)->tid < (*y)->tid);
}

int threads_mark_idle(const struct snapshot *snap)
{
	const struct snapshot_thread **threads = calloc(snap->nr_threads + 1, sizeof(*threads));
	size_t i;

	if (!threads)
		return -ENOMEM;
	for (i = 0; i < snap->nr_threads; i++)
		threads[i] = &snap->threads[i];
	qsort(threads, snap->nr_threads, sizeof(*threads), by_tid);
	for (i = 0; i < snap->nr_stacks; i++) {
		const struct snapshot_thread wanted = {.tid = (int)snap->stacks[i].tid}, *key = &wanted, **found;

		found = wanted.tid ? bsearch(&key, threads, snap->nr_threads, sizeof(*threads), by_tid) : NULL;
		snap->stacks[i].of_idle_thread = found && threads_is_idle(*found);
	}
	free(threads);
	return 0;
}

static int fill_thread(struct dcbs_thread *to, const struct snapshot_thread *from, bool wall_known)
{
	*to = (struct dcbs_thread) {
		.pid = from->pid, .tid = from->tid, .name = sanitize(from->comm, sizeof(from->comm)),
		.threads = summary_count(from->sum.threads), .sections = from->sections,
		.idle = wall_known && threads_is_idle(from),
		.wall_s = wall_known ? from->sum.wall_ns * S_PER_NS : NAN, .kernel_cpu_s = from->sum.cpu_ns * S_PER_NS,
	};
	ledger_wall(&to->wall, wall_known ? from->sum.off_ns : NULL, from->sum.worker_ns, from->sum.wall_ns);
	return to->name ? 0 : -ENOMEM;
}

static int busiest_first(const void *a, const void *b)
{
	const struct dcbs_thread *x = a, *y = b;
	double x_s = isnan(x->wall.cpu_s) ? x->kernel_cpu_s : x->wall.cpu_s;
	double y_s = isnan(y->wall.cpu_s) ? y->kernel_cpu_s : y->wall.cpu_s;

	if (x_s != y_s)
		return x_s < y_s ? 1 : -1;
	return x->pid != y->pid ? x->pid - y->pid : x->tid - y->tid;
}

int threads_fill(struct dcbs_report *r, const struct snapshot *snap)
{
	const struct snapshot_thread *from;

	r->ledger_cpu_s = snap->nr_threads && snap->wall_known ? 0 : NAN;
	r->kernel_cpu_s = snap->nr_threads ? 0 : NAN;
	r->threads = calloc(snap->nr_threads + 1, sizeof(*r->threads));
	if (!r->threads)
		return -ENOMEM;
	while (r->nr_threads < snap->nr_threads) {
		from = &snap->threads[r->nr_threads];
		if (fill_thread(&r->threads[r->nr_threads++], from, snap->wall_known))
			return -ENOMEM;
		r->ledger_cpu_s += (from->sum.wall_ns - ledger_off_ns(from->sum.off_ns)) * S_PER_NS;
		r->kernel_cpu_s += from->sum.cpu_ns * S_PER_NS;
	}
	qsort(r->threads, r->nr_threads, sizeof(*r->threads), busiest_first);
	return 0;
}

/* ---- outside of sections ---- */

bool threads_have_outside(const struct snapshot *snap)
{
	return snap->wall_known && snap->nr_threads;
}

static void add_off_by_cause(__u64 *to, const __u64 *from)
{
	int i;

	for (i = 0; i < CAUSES; i++)
		to[i] += from[i];
}

/* The time of threads that is self time of sections: while its flow is not the current one a section takes no time of a thread. */
static double self_time_on_threads_ns(const struct snapshot *snap, const struct snapshot_section *facts)
{
	double await_ns = 0;

	if (snap->wall_known)
		ledger_cpu_ns(facts, true, &await_ns);
	return (double)facts->stat.self_ns - await_ns;
}

/*
 * The time of the threads, less the self time of sections and less the CPU time that workers ran for sections. It is at
 * least the waits, which are counted by themselves: the sections' counters are read later than the threads'.
 */
double threads_outside_ns(const struct snapshot *snap, __u64 *off_ns)
{
	const struct snapshot_thread *t;
	double ns = 0;
	size_t i;

	for (i = 0; i < snap->nr_threads; i++) {
		t = &snap->threads[i];
		if (threads_is_idle(t))
			continue;
		ns += (double)t->sum.wall_ns - (double)t->sum.worker_ns;
		add_off_by_cause(off_ns, t->sum.outside_off_ns);
	}
	for (i = 0; i < snap->nr_sections; i++) {
		if (!summary_is_timed(snap->sections[i]))
			continue;
		ns -= self_time_on_threads_ns(snap, snap->sections[i]);
		add_off_by_cause(off_ns, snap->sections[i]->cut_off_ns);
	}
	ns += (double)snap->counters.flow_twice_ns;
	return fmax(ns, ledger_off_ns(off_ns));
}

int threads_fill_outside(struct dcbs_section *to, const struct snapshot *snap)
{
	__u64 off_ns[CAUSES] = {0};
	double total_ns = threads_outside_ns(snap, off_ns);

	*to = (struct dcbs_section) {
		.name = strdup(DCBS_OUTSIDE), .kind = DCBS_NAME_SECTION, .count = DCBS_UNKNOWN,
		.total_s = total_ns * S_PER_NS, .self_s = total_ns * S_PER_NS, .mean_s = NAN, .min_s = NAN, .max_s = NAN,
		.p50_s = NAN, .p90_s = NAN, .p95_s = NAN, .p99_s = NAN, .p999_s = NAN,
		.cancelled = DCBS_UNKNOWN, .items = DCBS_UNKNOWN, .items_per_s = NAN, .error_s = NAN, .unseen_s = NAN, .cpu_error_s = NAN,
		.in_flight = NAN, .in_flight_most = DCBS_UNKNOWN, .profiling_s = NAN, .profiling_per_call_s = NAN,
	};
	if (!to->name)
		return -ENOMEM;
	ledger_wall(&to->wall, off_ns, 0, total_ns);
	ledger_memory(&to->memory, snap->memory_known ? &snap->outside.self_memory : NULL,
		      snap->memory_estimated ? &snap->outside_variance[1] : NULL, DCBS_UNKNOWN);
	to->self_wall = to->wall;
	to->self_memory = to->memory;
	to->skew.ratio = NAN;
	to->late_growth_bytes = DCBS_UNKNOWN;
	ledger_no_spread(&to->growth);
	ledger_no_spread(&to->faults);
	return 0;
}
