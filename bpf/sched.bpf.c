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

struct leave {
	struct thread *thread;
	struct process *process;
	u64 state, start_ns, end_ns;
	u64 last_ns;
	u32 at;			/* slot in the list of open ones */
	bool innermost;
};

/* The thread's slots have been copied over thread->events: both are 64-byte multiples that fit. */
static __always_inline struct dcbs_slot *left_slot(struct thread *thread, u32 i)
{
	return (struct dcbs_slot *)thread->events + (i & (DCBS_SLOTS - 1));
}

_Static_assert(sizeof(struct dcbs_slot) * DCBS_SLOTS <= sizeof(struct dcbs_event) * CHUNK, "slots are read into it");

/* One section that will never end: what is known of it is charged now. */
static long charge_left(u32 i, struct leave *l)
{
	struct dcbs_slot *s = left_slot(l->thread, l->at);
	u64 self = s->self_ns, watched, start = s->start_ns;
	struct row_stat *stat;
	u32 row;

	if (!l->at || s->name >= DCBS_NAMES)
		return 1;
	if (s->use & DCBS_USE_ENDED) {	/* by another thread, which has counted it */
		l->at = dcbs_use_below(s->use);
		return 0;
	}
	row = l->process->row[s->name & (DCBS_NAMES - 1)];
	if (!row)
		row = row_of_id(l->process, l->state, s->name);
	row &= ~ROW_MODEL;
	stat = bpf_map_lookup_elem(&stats, &row);
	if (start < l->start_ns)
		start = l->start_ns;
	if (!stat || start > l->end_ns)
		return 1;
	watched = l->end_ns - start;
	if (s->flags & DCBS_SELF_FROM_0)
		self = self > l->start_ns ? self - l->start_ns : 0;
	else if (s->start_ns && s->start_ns < l->start_ns)
		self = self_in_window(self, s->start_ns);
	if (l->innermost)
		self += l->end_ns - (l->last_ns > l->start_ns ? l->last_ns : l->start_ns);
	__sync_fetch_and_add(&stat->open, 1);
	__sync_fetch_and_add(&stat->items, s->items);
	__sync_fetch_and_add(&stat->self_ns, self < watched ? self : watched);
	if (s->flags & DCBS_OUTERMOST || !l->last_ns)	/* no begin or end since we came: flags are not kept */
		__sync_fetch_and_add(&stat->total_ns, watched);
	l->innermost = false;
	l->at = dcbs_use_below(s->use);
	return 0;
}

static __always_inline void charge_open(struct task_struct *task, struct process *process)
{
	u64 record = record_of(task, process);
	struct leave l = {.process = process, .start_ns = window.start_ns, .innermost = true};
	struct record_head head;

	if (!record || !l.start_ns || window.end_ns || bpf_probe_read_user(&head, sizeof(head), (void *)record) ||
	    head.magic != DCBS_RECORD_MAGIC || !head.innermost)
		return;
	l.thread = bpf_task_storage_get(&threads, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!l.thread || bpf_probe_read_user(l.thread->events, sizeof(struct dcbs_slot) * DCBS_SLOTS,
					     (void *)(record + __builtin_offsetof(struct dcbs_record, slots))))
		return;
	l.state = head.state;
	l.last_ns = head.last_ns;
	l.end_ns = bpf_ktime_get_ns();
	l.at = head.innermost & (DCBS_SLOTS - 1);
	bpf_loop(DCBS_DEPTH, charge_left, &l, 0);
}

/* /proc cannot be asked any more once the process has ended. */
static __always_inline void note_rss(struct task_struct *task, struct process *process)
{
	u64 rss = rss_bytes(), peak = task->mm ? task->mm->hiwater_rss * 4096 : 0;

	if (!rss)
		return;
	process->rss_bytes = rss;
	store_max(&process->rss_peak_bytes, rss > peak ? rss : peak);
}

/*
 * Linux 6.16 and later: while the memory is still there, for every thread however it dies. Before,
 * this trace point comes too late to read anything, and what the ring held is lost with a killed process.
 */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	struct process *process = process_of(task);

	if (!process)
		return 0;
	if (task->pid == task->tgid && task->signal->live.counter > 0 && !(task->signal->flags & SIGNAL_GROUP_EXIT))
		process->headless = 1;
	drain_current(task, process);
	if (!task->mm) {
		__sync_fetch_and_add(&counters.exits_unread, 1);
		return 0;
	}
	note_rss(task, process);
	charge_open(task, process);
	return 0;
}

static __always_inline int last_look(struct task_struct *task)
{
	struct process *process = process_of(task);

	if (!process)
		return 0;
	note_rss(task, process);
	drain_current(task, process);
	charge_open(task, process);
	return 0;
}

/* Before Linux 6.16, where the kernel lets its functions be traced: instead of the above. */
SEC("?fentry/do_exit")
int BPF_PROG(on_do_exit)
{
	return last_look(bpf_get_current_task_btf());
}

/* Linux 6.10 and later: before the old image goes. */
SEC("?tp_btf/sched_prepare_exec")
int BPF_PROG(on_leave_image, struct task_struct *task)
{
	return last_look(task);
}

/* The same before Linux 6.10. */
SEC("?fentry/begin_new_exec")
int BPF_PROG(on_begin_exec)
{
	return last_look(bpf_get_current_task_btf());
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

/*
 * Lists the targets' threads and how far their rings have been read. Before the window opens it gives
 * them their storage: here the kernel may wait for memory, while in a probe it has only a few pieces at
 * hand. It must not take a thread's lock: it may be preempted, and the thread would go unread meanwhile.
 */
SEC("iter.s/task")
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
	if (window.start_ns)
		thread = bpf_task_storage_get(&threads, task, NULL, 0);
	else
		thread = bpf_task_storage_get(&threads, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	view.tgid = task->tgid;
	view.tid = task->pid;
	view.record = thread ? thread->record : 0;
	view.consumed = thread ? thread->consumed : 0;
	view.busy = thread ? thread->busy : 0;
	bpf_seq_write(ctx->meta->seq, &view, sizeof(view));
	return 0;
}
