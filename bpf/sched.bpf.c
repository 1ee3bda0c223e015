// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sched.bpf.c - a target's thread leaves the CPU, is interrupted by a tick, executes another image, or ends. */
#include "drain.bpf.h"

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev)
{
	struct process *process = process_of(prev);

	if (!process)
		return 0;
	__sync_fetch_and_add(&counters.switches, 1);
	drain_current(prev, process);
	return 0;
}

/* So that what a thread has finished does not wait for as long as it computes without a marker. */
SEC("perf_event")
int on_tick(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process *process = process_of(task);

	if (!process)
		return 0;
	__sync_fetch_and_add(&counters.ticks, 1);
	drain_current(task, process);
	return 0;
}

/* Linux 6.16 and later: while the memory is still there, for every thread however it dies. Before, the trace point comes too late. */
SEC("?tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct process *process = process_of(task);

	if (process)
		drain_current(task, process);
	return 0;
}

/* Linux 6.10 and later: before the old image goes. */
SEC("?tp_btf/sched_prepare_exec")
int BPF_PROG(on_leave_image, struct task_struct *task)
{
	struct process *process = process_of(task);

	if (process)
		drain_current(task, process);
	return 0;
}

static long forget_row(u32 i, struct process **process)
{
	(*process)->row[i & (DCBS_NAMES - 1)] = ROW_NONE;
	return 0;
}

/* The new image has other names, and its records elsewhere. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task)
{
	struct process *process = process_of(task);

	if (!process)
		return 0;
	process->tls_offset = 0;
	bpf_loop(DCBS_NAMES, forget_row, &process, 0);
	__sync_fetch_and_add(&process->execs, 1);
	return 0;
}

/* Lists the targets' threads and how far their rings have been read. */
SEC("iter/task")
int on_list(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct thread_view view = {};
	struct process *process;
	struct thread *thread;

	if (!task)
		return 0;
	process = process_of(task);
	if (!process)
		return 0;
	thread = bpf_task_storage_get(&threads, task, NULL, 0);
	view.tgid = task->tgid;
	view.tid = task->pid;
	view.record = thread ? thread->record : 0;
	view.consumed = thread ? thread->consumed : 0;
	bpf_seq_write(ctx->meta->seq, &view, sizeof(view));
	return 0;
}
