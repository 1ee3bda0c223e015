// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * sched.bpf.c - a target's thread is switched out, woken, switched in, created, or interrupted by a tick.
 *
 * Time off the CPU is charged when it is over, to the sections that were open when it began. A long wait is
 * charged by on_iter_thread (iter_threads.bpf.c) as it goes on. Running time is what remains.
 */
#include "rules/copies.bpf.h"
#include "rules/neighbours.bpf.h"
#include "rules/off_cpu_cause.bpf.h"
#include "rules/queue/cpu_quota.bpf.h"
#include "rules/queue/queue_wait.bpf.h"
#include "rules/flows/event_loop.bpf.h"
#include "rules/gpu/gpu_time.bpf.h"
#include "rules/new_children.bpf.h"
#include "rules/noted_waits.bpf.h"
#include "rules/thread_end.bpf.h"
#include "rules/take_sample.bpf.h"

/*
 * A thread's running time is the time that the kernel counts as such. It differs from the time between two
 * switches by some microseconds each. At the end of a slice the scheduler may pull threads over from other CPUs:
 * that is waiting for a CPU, too. A hypervisor may have taken the CPU meanwhile. At its beginning the kernel
 * counts from when an idle CPU began to wake up for the thread, even before it was woken.
 */
static __always_inline void charge_stolen(struct thread_account *account, struct task_struct *task, u64 now)
{
	u64 slice = now - account->slice_ns, ran = task->se.sum_exec_runtime - account->slice_exec_ns;

	if (!account->slice_ns || slice > now || window.end_ns)
		return;
	if (ran < slice)
		charge_off(account, kernel_counts_steal ? CAUSE_STEAL : CAUSE_RUNQUEUE, account->slice_ns + ran, now);
	else
		reduce_waits(account, ran - slice);
}

/*
 * Charges the wait that is over: from `off` until the thread was woken by its cause, then as throttled, and from `queued` to `end`
 * as run-queue wait. If it was woken before `off`, it was on its way out of the CPU and only waited in the run queue.
 */
static __always_inline void charge_wait(struct task_struct *task, struct thread_account *account, u64 off, u64 end)
{
	u64 woken = queued_since(account, task, off, end, true), queued;

	if (woken > off && (account->limit_ns || account->waits_for_epoll || account->waits_for_local))
		account->cause = cause_at_end(task, account, woken);
	if (woken > off)
		charge_off(account, account->cause, off, woken);
	queued = woken + quota_part(account, end - woken);
	charge_off(account, CAUSE_THROTTLED, woken, queued);
	charge_off(account, CAUSE_RUNQUEUE, queued, end);
	if (sampling)
		sample_waited(task, account, woken, queued, end);
	note_waits(account, off, woken, queued, end);
	loop_return(account, off, woken, end);
}

/*
 * A thread that runs has no wait. If it has one, the switch that gave it its CPU was not reported: some kernels
 * report no switch away from certain tasks. The slice began as long ago as the kernel has let the thread run.
 */
static __noinline int find_unseen_slice(struct task_struct *task, struct thread_account *account, u64 now)
{
	u64 off = take_unseen_wait(account, task->se.sum_exec_runtime, now);

	if (off)
		charge_wait(task, account, off, account->slice_ns);
	return 0;
}

static __always_inline void thread_descheduled(void *ctx, struct task_struct *task, struct process *process, u32 state)
{
	u64 now = bpf_ktime_get_ns();	/* first: the time from here on is ours, not the thread's */
	struct thread_account *account;

	read_ring_current(task, process);
	account = account_lock(task);
	if (!account)
		return;
	leave_out_run(account, task, now);
	find_unseen_slice(task, account, now);
	rss_settle(account, process, true);
	open_sections_update(account, task, process);
	if (account->dirty)
		memory_charge(account);
	account_in_generation(account);
	charge_run(account, now);
	charge_stolen(account, task, now);
	loop_run(account, process, now);
	account->slice_exec_ns = task->se.sum_exec_runtime;
	account->cause = cause_of(task, process, account, state);
	loop_leave(account, process, now);
	if (account->cause != CAUSE_RUNQUEUE)
		account->inherit = 0;	/* its next work is for the thread that wakes it */
	quota_note(account, task);
	queue_wait_note(account, task);
	if (sampling)
		sample_wait(ctx, task, process, account, now);
	account->off_ns = now;
	account_unlock(account);
}

/*
 * Merges the account of a thread whose exit was missed, see copies.bpf.h. Its memory cannot be read any more:
 * sections that it had open or not flushed are missing.
 */
static __always_inline void exit_missed(struct task_struct *task, struct thread_account *account, struct process_sum *sum)
{
	struct ring_reader *reader = reader_lock(task, 0);

	if (reader) {
		thread_sums_spill(reader);
		reader_unlock(reader);
	}
	if (!window.start_ns || !account_lock(task))
		return;
	merge_account(account, sum, task);
	account_unlock(account);
}

/* Adds the running time since the thread's account was merged, when it began to exit. */
static __always_inline void thread_last_switch(struct task_struct *task, struct process *process)
{
	struct thread_account *account = account_of(task, 0);
	u32 index = process->index;
	struct process_sum *sum = bpf_map_lookup_elem(&process_sums, &index);
	struct thread_sum *to;
	u64 ran, left;

	if (!account || !sum || window.end_ns)
		return;
	if (!window.start_ns) {		/* it has no time in the window */
		account->dead = 1;
		return;
	}
	if (!account->dead)
		exit_missed(task, account, sum);
	to = &sum->ended[account->ended_role & (ENDED_ROLES - 1)];
	ran = task->se.sum_exec_runtime - account->exec_start_ns;
	left = ran > account->exec_merged_ns ? ran - account->exec_merged_ns : 0;
	__sync_fetch_and_add(&to->cpu_ns, left);
	if (left > account->unmerged_ns)
		__sync_fetch_and_add(&to->wall_ns, left - account->unmerged_ns);
	account->exec_merged_ns = ran;
}

static __noinline int thread_scheduled(struct task_struct *prev, struct task_struct *task)
{
	struct thread_account *account = account_of(task, BPF_LOCAL_STORAGE_GET_F_CREATE);
	u64 off, now = bpf_ktime_get_ns();

	if (!account || account->dead)
		return 0;
	if (!account->since_ns)
		account_start(account, task, now);
	begin_faults(account, task->min_flt, task->maj_flt);
	account->on_ns = account->slice_ns = now;
	account->slice_exec_ns = task->se.sum_exec_runtime;
	if (!account_in_generation(account)) {
		account->slice_ns = now;
		return 0;
	}
	off = __sync_lock_test_and_set(&account->off_ns, 0);
	if (!off)
		return 0;
	charge_wait(task, account, off, now);
	if (!throttle.waits_off && !window.end_ns)
		neighbour_charge(prev, account->queued_ns);
	return 0;
}

static __noinline int switched_out(u64 *ctx, struct task_struct *prev, struct process *process)
{
	u32 state = switch_tells_state ? (u32)ctx[3] : prev->__state;

	__sync_fetch_and_add(&counters.switches, 1);
	if (state & TASK_DEAD)
		thread_last_switch(prev, process);
	else
		thread_descheduled(ctx, prev, process, ctx[0] ? 0 : state);
	return 0;
}

/* Every switch of the machine pays for this function, so it is short, and what it calls is not a part of it. */
SEC("tp_btf/sched_switch")
int on_switch(u64 *ctx)
{
	struct task_struct *prev = (struct task_struct *)ctx[1], *next = (struct task_struct *)ctx[2];
	struct process *process = process_of(prev);

	if (process)
		switched_out(ctx, prev, process);
	if (process_of(next))
		thread_scheduled(prev, next);
	return 0;
}

/*
 * Attributes the next work of a thread to the record to whose sections the time of the current task is charged: its own if a
 * section is open there, else the inherited one.
 */
static __always_inline void inherit_from(struct thread_account *to, struct task_struct *task, struct process *process)
{
	u64 own = record_of(task, process);
	struct open_sections_key key = {};
	struct thread_account *account = NULL;

	if (!read_sections_key(own, &key))
		account = account_of(task, 0);
	if (account && account->inherit) {
		to->inherit_flow = account->inherit_flow;
		to->inherit = account->inherit;
		return;
	}
	to->inherit_flow = key.flow;
	to->inherit = own;
}

/*
 * Attributes a wake-up: a thread of the same process that wakes another one from its own code, and not from an
 * interrupt that happens to come while it runs, has work for it. A thread that waited for the GIL goes on with
 * work of its own.
 */
static __always_inline void inherit_from_waker(struct thread_account *account, struct task_struct *task, struct process *process)
{
	struct task_struct *waker = bpf_get_current_task_btf();

	if (waker->tgid != task->tgid || waker == task || account->cause == CAUSE_GIL ||
	    syscall_number((struct pt_regs *)bpf_task_pt_regs(waker)) < 0)
		return;
	account->woken_by_own = 1;
	inherit_from(account, waker, process);
}

SEC("tp_btf/sched_waking")
int BPF_PROG(on_waking, struct task_struct *task)
{
	struct process *process = process_of(task);
	struct thread_account *account;

	if (!process)
		return 0;
	account = account_of(task, 0);
	if (!account)
		return 0;
	__sync_fetch_and_add(&counters.wakings, 1);
	inherit_from_waker(account, task, process);
	return 0;
}

/*
 * The thread is in a run queue now. The time before was its waking up, which takes a while on an idle CPU, and no
 * run-queue wait. Attached only where the kernel does not count run-queue waits, and for threads that have a CPU quota.
 */
SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct *task)
{
	struct thread_account *account;

	if (!process_of(task))
		return 0;
	account = account_of(task, 0);
	if (!account)
		return 0;
	__sync_fetch_and_add(&counters.wakeups, 1);
	account->woken_ns = bpf_ktime_get_ns();
	quota_note(account, task);
	return 0;
}

/* The time of a new thread is charged to its creator's section until it first waits. A new process has sections of its own. */
static __always_inline int task_forked(struct task_struct *parent, struct task_struct *child, bool first)
{
	struct process *process = process_of(parent);
	bool is_process = child->tgid != parent->tgid;
	struct thread_account *account;
	u64 now;

	if (!process || (is_process && !follow_children))
		return 0;
	if (!claim_event(COPIED_FORK, child->start_time, first))
		return 0;
	if (!is_process)
		__sync_fetch_and_add(&process->threads, 1);
	else if (!follow_children || !child_create(parent, child, process))	/* the verifier must see follow_children, too */
		return 0;
	account = account_of(child, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!account || account->since_ns)
		return 0;
	now = bpf_ktime_get_ns();
	account_start(account, child, now);
	account->cause = CAUSE_RUNQUEUE;
	account->off_ns = now;
	if (!is_process)
		inherit_from(account, parent, process);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	return task_forked(parent, child, true);
}

/* A missed child is missed with all that it does, so there are more copies of this program. */
PROGRAM_COPY(sched_process_fork, on_fork_copy_1, task_forked(parent, child, false), struct task_struct *parent,
	     struct task_struct *child)
PROGRAM_COPY(sched_process_fork, on_fork_copy_2, task_forked(parent, child, false), struct task_struct *parent,
	     struct task_struct *child)
PROGRAM_COPY(sched_process_fork, on_fork_copy_3, task_forked(parent, child, false), struct task_struct *parent,
	     struct task_struct *child)

static __always_inline int tick_before_window(struct task_struct *task)
{
	struct thread_account *account = account_of(task, 0);

	if (account)
		leave_out_run(account, task, bpf_ktime_get_ns());
	return 0;
}

/* Reads the ring at ticks, so that finished sections do not wait while a thread computes without a marker. */
SEC("perf_event")
int on_tick(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process *process = process_of(task);
	struct thread_account *account;

	if (!process)
		return 0;
	__sync_fetch_and_add(&counters.ticks, 1);
	read_ring_current(task, process);
	if (!window.start_ns)
		return tick_before_window(task);
	account = account_lock(task);
	if (!account)
		return 0;
	leave_out_run(account, task, bpf_ktime_get_ns());
	find_unseen_slice(task, account, bpf_ktime_get_ns());
	rss_settle(account, process, false);
	open_sections_update(account, task, process);
	if (account->dirty)
		memory_charge(account);
	charge_run(account, bpf_ktime_get_ns());
	charge_flow_run(account, task, bpf_ktime_get_ns());
	gpu_charge_so_far(account, bpf_ktime_get_ns());
	loop_run(account, process, bpf_ktime_get_ns());
	account_unlock(account);
	return 0;
}
