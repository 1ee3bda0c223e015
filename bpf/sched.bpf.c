// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * sched.bpf.c - a target's thread leaves its CPU, is woken, gets one again, is born, or is interrupted by a tick.
 *
 * Time off the CPU is charged when it is over, to the sections that were open when it began; what lasts
 * longer is charged by on_list (list.bpf.c) as it goes. Time on it is what remains.
 */
#include "path.bpf.h"
#include "cause.bpf.h"

/*
 * What the kernel does not count as the thread's running time, though the thread had the CPU: the scheduler
 * at work on its way out, which may pull threads over from other CPUs, and what a hypervisor took.
 */
static __always_inline void charge_stolen(struct clock *clock, struct task_struct *task, u64 now)
{
	u64 slice = now - clock->slice_ns, ran = task->se.sum_exec_runtime - clock->slice_exec_ns;

	if (ran < slice && slice < now)
		charge_off(clock, CAUSE_RUNQUEUE, clock->slice_ns + ran, now);
}

static __always_inline void leave_cpu(struct task_struct *task, struct process *process, u32 state)
{
	u64 now = bpf_ktime_get_ns();	/* first: what follows is our time, not the thread's */
	struct clock *clock;

	drain_current(task, process);
	clock = clock_lock(task);
	if (!clock)
		return;
	path_update(clock, task, process);
	if (clock->dirty)
		memory_flush(clock);
	charge_run(clock, now);
	charge_stolen(clock, task, now);
	clock->cause = cause_of(task, process, state);
	if (clock->cause != CAUSE_RUNQUEUE)
		clock->inherit = 0;	/* what it works on next is for whoever wakes it */
	clock->off_ns = now;
	clock_unlock(clock);
}

/* It ran until now, and had been folded into its process's sum when it began to end, but for the time since. */
static __always_inline void leave_for_good(struct task_struct *task, struct process *process)
{
	struct clock *clock = clock_of(task, 0);
	u32 index = process->index;
	struct process_sum *sum = bpf_map_lookup_elem(&process_sums, &index);
	u64 ran;

	if (!clock || !sum || !clock->dead || window.end_ns)
		return;
	ran = task->se.sum_exec_runtime - clock->exec_start_ns;
	if (ran > clock->exec_folded_ns)
		__sync_fetch_and_add(&sum->ended.cpu_ns, ran - clock->exec_folded_ns);
	clock->exec_folded_ns = ran;
}

/* From `off` the thread waited, until it was woken; then it waited for a CPU. Woken before `off`: it was on its way out. */
static __always_inline void enter_cpu(struct task_struct *task)
{
	struct clock *clock = clock_of(task, BPF_LOCAL_STORAGE_GET_F_CREATE);
	u64 off, woken, now = bpf_ktime_get_ns();

	if (!clock || clock->dead)
		return;
	if (!clock->since_ns)
		clock_start(clock, task, now);
	clock->on_ns = clock->slice_ns = now;
	clock->slice_exec_ns = task->se.sum_exec_runtime;
	off = __sync_lock_test_and_set(&clock->off_ns, 0);
	if (!off)
		return;
	woken = clock->waking_ns;
	if (clock->cause == CAUSE_RUNQUEUE || woken < off)
		woken = off;
	if (woken > now)
		woken = now;
	if (woken > off)
		charge_off(clock, clock->cause, off, woken);
	charge_off(clock, CAUSE_RUNQUEUE, woken, now);
}

SEC("tp_btf/sched_switch")
int on_switch(u64 *ctx)
{
	struct task_struct *prev = (struct task_struct *)ctx[1], *next = (struct task_struct *)ctx[2];
	struct process *process = process_of(prev);
	u32 state;

	if (process) {
		state = switch_tells_state ? (u32)ctx[3] : prev->__state;
		__sync_fetch_and_add(&counters.switches, 1);
		if (state & TASK_DEAD)
			leave_for_good(prev, process);
		else
			leave_cpu(prev, process, ctx[0] ? 0 : state);
	}
	if (process_of(next))
		enter_cpu(next);
	return 0;
}

/*
 * A thread of the same process that wakes another one from its own code, not an interrupt that happens to
 * come while it runs, has work for it. Who waited for the interpreter's lock goes on with work of its own.
 */
static __always_inline void inherit(struct clock *clock, struct task_struct *task)
{
	struct task_struct *waker = bpf_get_current_task_btf();
	struct clock *from;

	if (waker->tgid != task->tgid || waker == task || clock->cause == CAUSE_GIL ||
	    syscall_number((struct pt_regs *)bpf_task_pt_regs(waker)) < 0)
		return;
	from = clock_of(waker, 0);
	if (from)
		clock->inherit = from->record;
}

SEC("tp_btf/sched_waking")
int BPF_PROG(on_waking, struct task_struct *task)
{
	struct clock *clock;

	if (!process_of(task))
		return 0;
	clock = clock_of(task, 0);
	if (!clock)
		return 0;
	__sync_fetch_and_add(&counters.wakings, 1);
	clock->waking_ns = bpf_ktime_get_ns();
	inherit(clock, task);
	return 0;
}

/* A new thread works for its creator's section until it waits for the first time. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	struct clock *clock, *from;
	u64 now;

	if (!process_of(child) || child->tgid != parent->tgid)
		return 0;
	clock = clock_of(child, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!clock || clock->since_ns)
		return 0;
	now = bpf_ktime_get_ns();
	clock_start(clock, child, now);
	clock->cause = CAUSE_RUNQUEUE;
	clock->off_ns = now;
	from = clock_of(parent, 0);
	if (from)
		clock->inherit = from->record;
	return 0;
}

/* So that what a thread has finished does not wait for as long as it computes without a marker. */
SEC("perf_event")
int on_tick(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process *process = process_of(task);
	struct clock *clock;

	if (!process)
		return 0;
	__sync_fetch_and_add(&counters.ticks, 1);
	drain_current(task, process);
	if (!window.start_ns)
		return 0;
	clock = clock_lock(task);
	if (!clock)
		return 0;
	path_update(clock, task, process);
	if (clock->dirty)
		memory_flush(clock);
	charge_run(clock, bpf_ktime_get_ns());
	clock_unlock(clock);
	return 0;
}
