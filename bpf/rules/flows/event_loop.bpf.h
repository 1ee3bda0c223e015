/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * event_loop.bpf.h - how long threads that run an event loop wait in its selector, and how long they are held, see
 * bpfprof/loops.h.
 *
 * Other threads pay two comparisons at each switch and tick. A loop's figures are those of the on-periods of waits.
 *
 * An entry of `event_loops` belongs to one thread. The programs on that thread add to it while they hold the thread's account;
 * on_iter_thread adds the part of a wait that has passed. The thread's name and number stay when it ends.
 */
#ifndef BPF_RULES_FLOWS_EVENT_LOOP_H
#define BPF_RULES_FLOWS_EVENT_LOOP_H

#include "rules/pid_numbers.bpf.h"
#include "rules/thread_time.bpf.h"

#define NO_LOOP ~0U	/* in an account: there was no entry for its loop */

static __always_inline bool runs_flows(const struct thread_account *account)
{
	return account->own && account->key.flows;
}

static __always_inline struct event_loop *entry_of_loop(const struct thread_account *account)
{
	u32 index = account->loop.number - 1;

	return bpf_map_lookup_elem(&event_loops, &index);
}

static __always_inline void take_loop_entry(struct thread_account *account, struct task_struct *task, struct process *process)
{
	u32 number = __sync_fetch_and_add(&nr_event_loops, 1) + 1;
	struct event_loop *loop;

	account->loop.number = number <= BPFPROF_LOOPS ? number : NO_LOOP;
	loop = entry_of_loop(account);
	if (!loop)
		return;
	loop->pid = process->pid;
	loop->tid = pid_of_task(task);
	bpf_probe_read_kernel_str(loop->comm, sizeof(loop->comm), task->comm);
}

/* Returns the part of the time from `start` to `end` that lies in the window. */
static __always_inline u64 loop_ns_within(u64 start, u64 end)
{
	if (start < window.start_ns)
		start = window.start_ns;
	return window.start_ns && !window.end_ns && end > start ? end - start : 0;
}

static __always_inline void forget_loop_times(struct thread_account *account)
{
	account->loop.since_ns = account->loop.hold_ns = account->loop.step_ns = 0;
}

/* ---- steps ---- */

static __always_inline void note_step(struct thread_account *account, struct event_loop *loop, u64 now)
{
	u64 ns = loop_ns_within(account->loop.step_ns, now);

	if (!account->loop.step_ns || ns <= loop->step_max_ns)
		return;
	loop->step_max_ns = ns;
	loop->step_max_flows = account->key.flows;
}

/* Looks whether the same step still runs. */
static __always_inline void look_at_step(struct thread_account *account, struct event_loop *loop, u64 now)
{
	if (!account->key.flow_serial)
		return;
	__sync_fetch_and_add(&loop->steps, 1);
	if (account->loop.step_ns && account->loop.serial == account->serial) {
		note_step(account, loop, now);
		return;
	}
	account->loop.serial = account->serial;
	account->loop.step_ns = now;
}

/* Returns for how long the current step has run, as far as that is known. */
static __always_inline u64 step_so_far(const struct thread_account *account, u64 now)
{
	bool same = account->loop.step_ns && account->loop.serial == account->serial;

	return same && runs_flows(account) ? loop_ns_within(account->loop.step_ns, now) : 0;
}

/* ---- holds ---- */

static __always_inline void end_hold(struct thread_account *account, struct event_loop *loop, u64 now)
{
	u64 ns = loop_ns_within(account->loop.hold_ns, now);
	u32 place = ns ? coarse_place(ns) : 0;

	if (!account->loop.hold_ns || !ns)
		return;
	if (place < COARSE_PLACES)
		__sync_fetch_and_add(&loop->holds[place], 1);
	account->loop.hold_ns = 0;
	if (ns <= loop->hold_max_ns)
		return;
	loop->hold_max_ns = ns;
	loop->hold_max_flows = account->loop.flows;
}

/*
 * A thread that runs several contexts of Python in turn has an event loop, though it may never wait. With a single one it may be
 * the worker of a pool, which runs each call in a context: it has a loop if it waits in a selector, see loop_leave().
 */
__weak __noinline int loop_charge_held(struct thread_account *account, struct process *process, u64 now)
{
	bool observed = account && !throttle.waits_off && account->generation == throttle.wait_generation;
	struct event_loop *loop;
	u64 ns;

	if (!account || !process)
		return 0;
	if (!account->loop.number && account->key.flows > 1 && account->key.flow_serial && runs_flows(account))
		take_loop_entry(account, bpf_get_current_task_btf(), process);
	loop = entry_of_loop(account);
	if (loop && observed && account->loop.since_ns) {
		ns = loop_ns_within(account->loop.since_ns, now);
		__sync_fetch_and_add(&loop->held_ns, ns);
		__sync_fetch_and_add(&loop->flows_ns, ns * account->loop.flows);
		if (!runs_flows(account))
			end_hold(account, loop, now);
	}
	if (!observed || !runs_flows(account)) {
		forget_loop_times(account);
		return 0;
	}
	account->loop.since_ns = now;
	account->loop.flows = account->key.flows;
	if (!loop)
		return 0;
	if (window.start_ns && account->loop.flows > loop->flows_most)
		loop->flows_most = account->loop.flows;
	look_at_step(account, loop, now);
	return 0;
}

/* At each event of the current task: its open sections are up to date. */
static __always_inline void loop_run(struct thread_account *account, struct process *process, u64 now)
{
	if (account->loop.since_ns || runs_flows(account))
		loop_charge_held(account, process, now);
}

/* ---- waits ---- */

/*
 * The current task is switched out, and its cause is known. It waits in its selector if no section of a coroutine is current, as
 * sections call poll(), too. A thread that waits for epoll sets has no other selector.
 */
__weak __noinline int loop_select(struct thread_account *account, struct process *process, u64 now)
{
	struct event_loop *loop;

	if (!account || !process)
		return 0;
	if (account->waits_for_epoll)
		account->loop.has_epoll = 1;
	else if (account->loop.has_epoll)
		return 0;
	if (!account->loop.number)
		take_loop_entry(account, bpf_get_current_task_btf(), process);
	loop = entry_of_loop(account);
	if (!loop)
		return 0;
	account->loop.selects = 1;
	account->loop.step_ns = 0;
	end_hold(account, loop, now);
	return 0;
}

static __always_inline void loop_leave(struct thread_account *account, struct process *process, u64 now)
{
	account->loop.selects = 0;
	if (account->loop.since_ns && account->cause != CAUSE_RUNQUEUE && account->waits_for_files && !account->nr_flow)
		loop_select(account, process, now);
}

/* Time that the thread has waited in its selector. */
static __always_inline void loop_waited(struct thread_account *account, u64 start, u64 end)
{
	u64 ns = loop_ns_within(start, end);
	struct event_loop *loop;

	if (!account->loop.selects || throttle.waits_off)
		return;
	loop = entry_of_loop(account);
	if (!loop)
		return;
	__sync_fetch_and_add(&loop->waited_ns, ns);
	__sync_fetch_and_add(&loop->flows_ns, ns * account->key.flows);
}

/* Returns LOOP_WAITS for any other cause. */
static __always_inline u32 loop_wait_of(u32 cause)
{
	switch (cause) {
	case CAUSE_NETWORK:
		return LOOP_WAIT_NETWORK;
	case CAUSE_SLEEP:
		return LOOP_WAIT_TIMER;
	case CAUSE_LOCK:
		return LOOP_WAIT_THREAD;
	case CAUSE_PIPE:
	case CAUSE_CHILD:
		return LOOP_WAIT_PIPE;
	}
	return LOOP_WAITS;
}

/* A wait in the selector ended at `woken`, so its cause is known. on_iter_thread may have charged parts of it before. */
static __always_inline void note_what_ended(struct thread_account *account, u64 woken)
{
	struct event_loop *loop = entry_of_loop(account);
	u32 wait = loop_wait_of(account->cause);

	if (loop && wait < LOOP_WAITS && !throttle.waits_off)
		__sync_fetch_and_add(&loop->waited_for_ns[wait], loop_ns_within(account->wait_start_ns, woken));
}

/* The thread's wait ended at `woken`, and it runs again at `end`. In any other wait than that in the selector its step went on. */
__weak __noinline int loop_resume(struct thread_account *account, u64 off, u64 woken, u64 end)
{
	struct event_loop *loop;

	if (!account)
		return 0;
	if (account->loop.selects) {
		loop_waited(account, off, woken);
		note_what_ended(account, woken);
		account->loop.selects = 0;
		account->loop.since_ns = account->loop.hold_ns = woken;
		return 0;
	}
	loop = entry_of_loop(account);
	if (loop)
		note_step(account, loop, end);
	return 0;
}

static __always_inline void loop_return(struct thread_account *account, u64 off, u64 woken, u64 end)
{
	if (account->loop.since_ns)
		loop_resume(account, off, woken, end);
}

#endif
