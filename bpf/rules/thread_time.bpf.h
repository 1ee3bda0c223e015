/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * thread_time.bpf.h - a thread's account: charges time off the CPU to its own sections, and running time to
 * inherited ones.
 */
#ifndef BPF_RULES_THREAD_TIME_H
#define BPF_RULES_THREAD_TIME_H

#include "state/open_sections.bpf.h"

struct charge {
	struct thread_account *account;
	u32 cause;
	u64 ns;
};

static __always_inline u64 weighted_ns(u64 ns)
{
	return throttle.wait_weight > 1 ? ns * throttle.wait_weight : ns;
}

/*
 * Returns true if the state of the thread's waits and slices is of this generation. Otherwise resets it, and it is
 * from now on.
 */
static __always_inline bool account_in_generation(struct thread_account *account)
{
	if (account->generation == throttle.wait_generation)
		return true;
	account->generation = throttle.wait_generation;
	account->off_ns = account->slice_ns = 0;
	account->off_sample_ns = bpf_ktime_get_ns();
	account->queued_ns = account->waited_ns = 0;
	account->recent_since_ns = account->off_sample_ns;
	account->loop.since_ns = account->loop.hold_ns = account->loop.step_ns = 0;
	return false;
}

static long charge_off_section(u32 i, struct charge *c)
{
	struct open_section *s = open_section_at(c->account, i);
	struct section_ledger *ledger = ledger_of(s->section_id);
	u32 cause = c->cause & (CAUSES - 1);

	if (!ledger)
		return 1;
	if (!c->account->own && i < c->account->nr_open)
		return 0;
	if (s->first)
		__sync_fetch_and_add(&ledger->off_ns[cause], c->ns);
	if (is_innermost(c->account, i))
		__sync_fetch_and_add(&ledger->self_off_ns[cause], c->ns);
	if (i >= c->account->nr_flow)
		return 0;
	if (s->first)
		__sync_fetch_and_add(&ledger->flow_off_ns, c->ns);
	if (!i)
		__sync_fetch_and_add(&ledger->self_flow_off_ns, c->ns);
	return 0;
}

/* Returns true if the thread's waits are charged to sections, and false if they are charged to the time outside of all. */
static __always_inline bool has_charged_sections(const struct thread_account *account)
{
	return (account->own && account->nr_open) || (has_function_probes && account->nr_functions);
}

/* Time of a thread that is charged to its current flow and to its first one. */
static __always_inline void note_twice(const struct thread_account *account, u64 ns)
{
	if (account->nr_flow && account->nr_open > account->nr_flow)
		__sync_fetch_and_add(&counters.flow_twice_ns, ns);
}

/* The wait may be noted by the thread's own program or by on_iter_thread, which run at the same time. */
static __always_inline void note_recent_wait(struct thread_account *account, u32 cause, u64 start, u64 ns)
{
	struct recent_wait *w = &account->recent[__sync_fetch_and_add(&account->nr_recent, 1) & (RECENT_WAITS - 1)];

	w->start_ns = start;
	w->ns_and_cause = ns << RECENT_CAUSE_BITS | cause;
}

/*
 * Charges the time from `start` to `end`, in which a thread did not run. Inherited sections are not charged: it
 * did not work for them.
 */
__weak __noinline int charge_off(struct thread_account *account, u32 cause, u64 start, u64 end)
{
	struct charge c = {.account = account};
	u64 last = window.end_ns ?: ~0ULL;

	if (!account)
		return 0;
	cause &= CAUSES - 1;
	if (start < window.start_ns)
		start = window.start_ns;
	if (end > last)
		end = last;
	if (!window.start_ns || end <= start || throttle.waits_off)
		return 0;
	c.ns = weighted_ns(end - start);
	note_recent_wait(account, cause, start, end - start);
	__sync_fetch_and_add(&account->sum.off_ns[cause], c.ns);
	c.cause = cause;
	if (!has_charged_sections(account)) {
		__sync_fetch_and_add(&account->sum.outside_off_ns[cause], c.ns);
		return 0;
	}
	bpf_loop(nr_all_open(account), charge_off_section, &c, 0);
	if (account->own)
		note_twice(account, c.ns);
	return 0;
}

/*
 * Takes the wait of a thread that runs, if it has one: the switch that gave it its CPU was missed, or not reported. Returns when the
 * wait began, 0 if there is none. It ended at account->slice_ns, as long ago as the kernel has let the thread run.
 */
static __always_inline u64 take_unseen_wait(struct thread_account *account, u64 exec_ns, u64 now)
{
	u64 off = account->off_ns, ran = exec_ns - account->slice_exec_ns;

	if (!off || !account_in_generation(account) || !__sync_bool_compare_and_swap(&account->off_ns, off, 0))
		return 0;
	account->on_ns = account->slice_ns = now > off && ran < now - off ? now - ran : off;
	return off;
}

/*
 * The current task runs, and has a wait: the switch that gave it its CPU was missed, as when it came while its CPU was in the kernel's
 * code for task storage. on_switch and on_tick find that in find_unseen_slice(). A program that comes first, and is about to list the
 * sections that are open now, charges the wait to those that were open then. exec_ns: how long the task has run, by the kernel.
 */
__weak __noinline int charge_unseen_wait(struct thread_account *account, u64 exec_ns)
{
	u64 off;

	if (!account)
		return 0;
	off = take_unseen_wait(account, exec_ns, bpf_ktime_get_ns());
	if (off)
		charge_off(account, account->cause, off, account->slice_ns);
	return 0;
}

static __always_inline void end_unseen_wait(struct thread_account *account, struct task_struct *task)
{
	if (account->off_ns)
		charge_unseen_wait(account, task->se.sum_exec_runtime);
}

static long charge_worker_section(u32 i, struct charge *c)
{
	struct open_section *s = &c->account->open[i & (DCBS_SLOTS - 1)];
	struct section_ledger *ledger = ledger_of(s->section_id);

	if (!ledger)
		return 1;
	if (s->first == FIRST)
		__sync_fetch_and_add(&ledger->worker_ns, c->ns);
	if (!i)
		__sync_fetch_and_add(&ledger->self_worker_ns, c->ns);
	return 0;
}

/* Charges the running time of the current task since account->on_ns to inherited sections, if it has any. */
static __always_inline void charge_run(struct thread_account *account, u64 now)
{
	struct charge c = {.account = account};
	u64 start = account->on_ns > window.start_ns ? account->on_ns : window.start_ns;

	account->on_ns = now;
	if (throttle.waits_off || account->generation != throttle.wait_generation)
		return;
	if (!account->record || account->own || !window.start_ns || window.end_ns || now <= start)
		return;
	c.ns = weighted_ns(now - start);
	__sync_fetch_and_add(&account->sum.worker_ns, c.ns);
	bpf_loop(account->nr_open, charge_worker_section, &c, 0);
}

static long charge_flow_section(u32 i, struct charge *c)
{
	struct open_section *s = &c->account->open[i & (DCBS_SLOTS - 1)];
	struct section_ledger *ledger = ledger_of(s->section_id);
	u64 us = c->ns / 1000;

	if (!ledger)
		return 1;
	if (s->first) {
		__sync_fetch_and_add(&ledger->flow_run_ns, c->ns);
		__sync_fetch_and_add(&ledger->flow_run_us2, us * us);
	}
	if (!i) {
		__sync_fetch_and_add(&ledger->self_flow_run_ns, c->ns);
		__sync_fetch_and_add(&ledger->self_flow_run_us2, us * us);
	}
	return 0;
}

/* At a tick: charges the time that the current task has run since its last tick to the sections of its current flow. */
static __always_inline void charge_flow_run(struct thread_account *account, struct task_struct *task, u64 now)
{
	u64 exec = task->se.sum_exec_runtime;
	struct charge c = {.account = account, .ns = exec - account->tick_exec_ns};

	account->tick_exec_ns = exec;
	if (!account->nr_flow || !account->own || !window.start_ns || window.end_ns || now <= window.start_ns)
		return;
	if (c.ns > now - window.start_ns)
		c.ns = now - window.start_ns;
	bpf_loop(account->nr_flow, charge_flow_section, &c, 0);
	note_twice(account, c.ns);
}

/* ---- the account itself ---- */

static __always_inline struct thread_account *account_of(struct task_struct *task, u64 flags)
{
	struct thread_account *account = bpf_task_storage_get(&thread_accounts, task, NULL, flags);

	if (!account && flags)
		__sync_fetch_and_add(&counters.memory_short, 1);
	return account;
}

/* Begins the account of a thread that is observed for the first time. */
static __always_inline void account_start(struct thread_account *account, struct task_struct *task, u64 now)
{
	account->since_ns = account->recent_since_ns = now;
	account->generation = throttle.wait_generation;
	account->on_ns = account->slice_ns = now;
	account->exec_start_ns = account->slice_exec_ns = account->tick_exec_ns = task->se.sum_exec_runtime;
	account->memory_generation = window.start_ns ? throttle.memory_generation : NO_GENERATION;
	account->minor = task->min_flt;
	account->major = task->maj_flt;
}

/*
 * The thread's running time before the window does not count. Between the listing of a thread and the beginning of the window it
 * may run for as long as the profiler takes to list the others, or has no CPU itself.
 */
static __always_inline void leave_out_run(struct thread_account *account, struct task_struct *task, u64 now)
{
	if (!window.start_ns || now < window.start_ns)
		account->exec_start_ns = task->se.sum_exec_runtime;
}

/*
 * Locks the current task's account, and makes it if need be. Returns NULL if it could not be made, has been merged
 * already, or is locked by the program that we have interrupted.
 */
static __always_inline struct thread_account *account_lock(struct task_struct *task)
{
	struct thread_account *account = account_of(task, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!account || account->dead || account->busy)
		return NULL;
	account->busy = 1;
	barrier();
	if (!account->since_ns)
		account_start(account, task, bpf_ktime_get_ns());
	return account;
}

static __always_inline void account_unlock(struct thread_account *account)
{
	barrier();
	*(volatile u32 *)&account->busy = 0;
}

#endif
