/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* thread_time.bpf.h - a thread's clock: its time off a CPU charged to its sections, its running time to those it works for. */
#ifndef BPF_RULES_THREAD_TIME_H
#define BPF_RULES_THREAD_TIME_H

#include "state/open_sections.bpf.h"

struct charge {
	struct clock *clock;
	u32 cause;
	u64 ns;
};

static __always_inline u64 weighted(u64 ns)
{
	return throttle.wait_weight > 1 ? ns * throttle.wait_weight : ns;
}

/* Is what is known of the thread's coming and going of this generation? Then it is from here on. */
static __always_inline bool clock_in_phase(struct clock *clock)
{
	if (clock->generation == throttle.wait_generation)
		return true;
	clock->generation = throttle.wait_generation;
	clock->off_ns = clock->slice_ns = 0;
	clock->off_sample_ns = bpf_ktime_get_ns();
	clock->queued_ns = clock->waited_ns = 0;
	return false;
}

static long off_charge(u32 i, struct charge *c)
{
	struct open_section *s = open_at(c->clock, i);
	struct section_ledger *ledger = ledger_of(s->section_id);
	u32 cause = c->cause & (CAUSES - 1);

	if (!ledger)
		return 1;
	if (!c->clock->own && i < c->clock->nr_open)
		return 0;
	if (s->first)
		__sync_fetch_and_add(&ledger->off_ns[cause], c->ns);
	if (is_innermost(c->clock, i))
		__sync_fetch_and_add(&ledger->self_off_ns[cause], c->ns);
	return 0;
}

/* Time from `start` to `end` that a thread did not run. Only its own sections are charged: it did not work for others. */
__weak __noinline int charge_off(struct clock *clock, u32 cause, u64 start, u64 end)
{
	struct charge c = {.clock = clock};
	u64 last = window.end_ns ?: ~0ULL;

	if (!clock)
		return 0;
	cause &= CAUSES - 1;
	if (start < window.start_ns)
		start = window.start_ns;
	if (end > last)
		end = last;
	if (!window.start_ns || end <= start || throttle.waits_off)
		return 0;
	c.ns = weighted(end - start);
	__sync_fetch_and_add(&clock->sum.off_ns[cause], c.ns);
	c.cause = cause;
	if ((clock->own && clock->nr_open) || (has_function_probes && clock->nr_native))
		bpf_loop(nr_all(clock), off_charge, &c, 0);
	else
		__sync_fetch_and_add(&clock->sum.outside_off_ns[cause], c.ns);
	return 0;
}

static long worker_charge(u32 i, struct charge *c)
{
	struct open_section *s = &c->clock->open[i & (DCBS_SLOTS - 1)];
	struct section_ledger *ledger = ledger_of(s->section_id);

	if (!ledger)
		return 1;
	if (s->first)
		__sync_fetch_and_add(&ledger->worker_ns, c->ns);
	if (!i)
		__sync_fetch_and_add(&ledger->self_worker_ns, c->ns);
	return 0;
}

/* The current task has run since clock->on_ns: for whom? */
static __always_inline void charge_run(struct clock *clock, u64 now)
{
	struct charge c = {.clock = clock};
	u64 start = clock->on_ns > window.start_ns ? clock->on_ns : window.start_ns;

	clock->on_ns = now;
	if (throttle.waits_off || clock->generation != throttle.wait_generation)
		return;
	if (!clock->record || clock->own || !window.start_ns || window.end_ns || now <= start)
		return;
	c.ns = weighted(now - start);
	__sync_fetch_and_add(&clock->sum.worker_ns, c.ns);
	bpf_loop(clock->nr_open, worker_charge, &c, 0);
}

/* ---- the clock itself ---- */

static __always_inline struct clock *clock_of(struct task_struct *task, u64 flags)
{
	struct clock *clock = bpf_task_storage_get(&clocks, task, NULL, flags);

	if (!clock && flags)
		__sync_fetch_and_add(&counters.memory_short, 1);
	return clock;
}

/* A thread that we see for the first time. */
static __always_inline void clock_start(struct clock *clock, struct task_struct *task, u64 now)
{
	clock->since_ns = now;
	clock->generation = throttle.wait_generation;
	clock->on_ns = clock->slice_ns = now;
	clock->exec_start_ns = clock->slice_exec_ns = task->se.sum_exec_runtime;
	clock->memory_generation = window.start_ns ? throttle.memory_generation : NO_GENERATION;
	clock->minor = task->min_flt;
	clock->major = task->maj_flt;
}

/* The current task's clock, made if need be. NULL: the kernel could not, or it is being worked on. */
static __always_inline struct clock *clock_lock(struct task_struct *task)
{
	struct clock *clock = clock_of(task, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!clock || clock->dead || clock->busy)
		return NULL;
	clock->busy = 1;
	barrier();
	if (!clock->since_ns)
		clock_start(clock, task, bpf_ktime_get_ns());
	return clock;
}

static __always_inline void clock_unlock(struct clock *clock)
{
	barrier();
	*(volatile u32 *)&clock->busy = 0;
}

#endif
