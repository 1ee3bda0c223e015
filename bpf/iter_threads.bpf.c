// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * iter_threads.bpf.c - lists the targets' threads: how far their rings have been read, and their times.
 *
 * Before the window opens it makes the threads' storage: here the kernel may wait for memory, while in a probe it
 * has few pieces at hand. It also finds out what threads wait for already. It must not take a thread's lock: it
 * may be preempted, and the thread would go unread meanwhile.
 */
#include "rules/queue/cpu_quota.bpf.h"
#include "rules/queue/queue_wait.bpf.h"
#include "rules/flows/event_loop.bpf.h"
#include "rules/off_cpu_cause.bpf.h"
#include "state/rss_counters.bpf.h"
#include "rules/take_sample.bpf.h"

static __always_inline bool copy_from_task(struct task_struct *task, void *to, u32 size, u64 from)
{
	return !bpf_copy_from_user_task(to, size, (void *)from, task, 0);
}

/* Reads the open sections of a thread that was off its CPU when observation began, and still is. */
static __noinline int read_open_sections(struct thread_account *account, struct task_struct *task, struct process *process)
{
	u64 record = 0;

	if (!process->tls_offset || !copy_from_task(task, &record, sizeof(record), thread_pointer(task) + process->tls_offset) ||
	    !record || !copy_from_task(task, &account->key, __builtin_offsetof(struct open_sections_key, flow),
				       record + __builtin_offsetof(struct dcbs_record, head)) ||
	    !account->key.innermost || !copy_from_task(task, account->slots, sizeof(account->slots),
						record + __builtin_offsetof(struct dcbs_record, slots)))
		return 0;
	account->readable = DCBS_SLOTS;
	account->key.flow = 0;
	account->own = record;
	open_sections_walk(account, process, 0);
	account->record = record;
	account->sections = 1;
	return 0;
}

static __always_inline void account_prepare(struct thread_account *account, struct task_struct *task, struct process *process)
{
	u32 state = task->__state;
	u64 now = bpf_ktime_get_ns();

	if (!window.start_ns) {
		account->exec_start_ns = task->se.sum_exec_runtime;	/* it may have run while other programs were attached */
		account->dead = !!(state & TASK_DEAD);	/* it ended before the window, and waits for its parent or other threads */
	}
	if (account->since_ns && (throttle.waits_off || account_in_generation(account)))
		return;
	if (!account->since_ns)
		account_start(account, task, now);
	if (task->on_cpu)
		return;
	read_open_sections(account, task, process);
	account->cause = cause_of(task, process, account, state);
	quota_note(account, task);
	queue_wait_note(account, task);
	account->off_ns = now;
}

/* Which of an epoll set's files will end the wait is not known yet: all of them count. */
static __always_inline u32 cause_so_far(struct thread_account *account, struct task_struct *task)
{
	return account->waits_for_epoll ? cause_in_set(causes_in_epoll(task, false)) : account->cause;
}

/*
 * A copy of what charge_off() reads of the account of a thread that waits. The thread may go on while its wait is charged: then it
 * changes the list of its sections, or it ends and its account is merged. Only the profiler reads the iterator, one reader at a time.
 */
static struct thread_account waiting;

static __always_inline void copy_open_sections(const struct thread_account *account)
{
	waiting.own = account->own;
	waiting.nr_open = account->nr_open;
	waiting.nr_flow = account->nr_flow;
	waiting.nr_functions = account->nr_functions;
	if (waiting.nr_open)
		bpf_probe_read_kernel(waiting.open, sizeof(waiting.open), account->open);
	if (has_function_probes && waiting.nr_functions)
		bpf_probe_read_kernel(waiting.functions, sizeof(waiting.functions), account->functions);
	__builtin_memset(&waiting.sum, 0, sizeof(waiting.sum));
}

static __always_inline void charge_part(struct thread_account *account, u32 cause, u64 start, u64 end)
{
	charge_off(&waiting, cause, start, end);
	if (end > start && window.start_ns && !throttle.waits_off)
		note_recent_wait(account, cause, start, end - start);
}

/* Adds the charged times to the thread's. What comes too late to be merged is taken back, and added to those of ended threads. */
__weak __noinline int add_waited(struct thread_account *account, struct process_sum *sum, u32 cause)
{
	struct thread_sum *ended;

	if (!account || !sum)
		return 0;
	cause &= CAUSES - 1;
	add_nonzero(&account->sum.off_ns[cause], waiting.sum.off_ns[cause]);
	add_nonzero(&account->sum.outside_off_ns[cause], waiting.sum.outside_off_ns[cause]);
	waiting.sum.off_ns[cause] = waiting.sum.outside_off_ns[cause] = 0;
	if (!*(volatile u32 *)&account->dead)
		return 0;
	ended = &sum->ended[account->ended_role & (ENDED_ROLES - 1)];
	add_nonzero(&ended->off_ns[cause], __sync_lock_test_and_set(&account->sum.off_ns[cause], 0));
	add_nonzero(&ended->outside_off_ns[cause], __sync_lock_test_and_set(&account->sum.outside_off_ns[cause], 0));
	return 0;
}

/* Charges a wait that goes on, up to now, unless the thread's own program is about to do so. */
static __always_inline void charge_current_wait(struct thread_account *account, struct task_struct *task, struct process *process)
{
	u64 now = bpf_ktime_get_ns(), off = *(volatile u64 *)&account->off_ns, woken, queued;
	struct process_sum *sum = process_sum_of(process);
	u32 cause = cause_so_far(account, task);

	if (!sum || !off || off >= now || task->on_cpu)
		return;
	woken = queued_since(account, task, off, now, false);
	copy_open_sections(account);
	if (!__sync_bool_compare_and_swap(&account->off_ns, off, now))
		return;
	queued = woken + (woken < now ? quota_part_so_far(account, now - woken) : 0);
	charge_part(account, cause, off, woken);
	charge_part(account, CAUSE_THROTTLED, woken, queued);
	charge_part(account, CAUSE_RUNQUEUE, queued, now);
	loop_waited(account, off, woken);
	add_waited(account, sum, cause);
	add_waited(account, sum, CAUSE_THROTTLED);
	add_waited(account, sum, CAUSE_RUNQUEUE);
	if (sampling)
		sample_waiting(task, account, cause, woken, queued, now);
}

static __always_inline void fill_thread_sum(struct thread_sum *sum, struct thread_account *account, struct task_struct *task)
{
	u64 start = account->since_ns > window.start_ns ? account->since_ns : window.start_ns;
	u64 now = bpf_ktime_get_ns(), end = window.end_ns && window.end_ns < now ? window.end_ns : now;

	__builtin_memcpy(sum, &account->sum, sizeof(*sum));
	sum->threads = 1;
	sum->wall_ns = end > start ? end - start : 0;
	if (window.end_ns && !account->exec_end_ns)
		account->exec_end_ns = task->se.sum_exec_runtime;
	sum->cpu_ns = (account->exec_end_ns ?: task->se.sum_exec_runtime) - account->exec_start_ns;
}

/* Reads the RSS exactly: when the window opens, and at each listing after that. */
static __noinline int update_process_rss(struct task_struct *task, struct process *process)
{
	struct process_sum *sum = process_sum_of(process);
	struct mm_struct *mm = mm_of(task);

	if (!sum || !mm || !rss_is_known())
		return 0;
	if (window.start_ns) {
		if (sum->mm == (u64)mm)
			rss_exact(sum, process->index, mm, sum->rss_now, false, 0);
		return 0;
	}
	rss_exact(sum, process->index, mm, sum->rss_start, true, rss_is_percpu() ? rss_local_entry(process->index) : 0);
	sum->mm = (u64)mm;
	if (!one_target) {
		u64 key = (u64)mm;
		u32 index = process->index;

		bpf_map_update_elem(&mms, &key, &index, BPF_ANY);
	}
	return 0;
}

/*
 * The entry of the list in the making, which is too large for the stack. Only the profiler reads the iterator, one
 * reader at a time.
 */
static struct thread_view view;

/* The list of open sections is as of the thread's last event. */
static __always_inline void list_gpu_call(const struct thread_account *account)
{
	if (!account->gpu.sp)
		return;
	view.gpu_begun_ns = account->gpu.begun_ns;
	view.gpu_section = account->own && account->nr_open ? account->open[0].section_id : SECTION_OUTSIDE;
}

/* The ends of calls are not seen in an off-period: a thread's stack pointer tells which of its calls are over. */
static __always_inline void list_stack_pointer(struct task_struct *task)
{
	struct function_calls *list = has_function_probes ? bpf_task_storage_get(&open_calls, task, NULL, 0) : NULL;
	struct pt_regs *regs = list && !task->on_cpu ? (struct pt_regs *)bpf_task_pt_regs(task) : NULL;

	if (!regs || PT_REGS_SP(regs) >= list->stack_end)
		return;
	view.kernel_tid = task->pid;
	view.own_sp = PT_REGS_SP(regs);
}

SEC("iter.s/task")
int on_iter_thread(struct bpf_iter__task *ctx)
{
	u64 flags = window.start_ns ? 0 : BPF_LOCAL_STORAGE_GET_F_CREATE;
	struct task_struct *task = ctx->task;
	struct process *process;
	struct ring_reader *reader;
	struct thread_account *account;

	if (!task)
		return 0;
	process = process_of(task);
	if (!process)
		return 0;
	reader = bpf_task_storage_get(&ring_readers, task, NULL, flags);
	__builtin_memset(&view, 0, sizeof(view));
	view.pid = process->pid;
	view.tid = pid_of_task(task);
	view.record = reader ? reader->record : 0;
	view.consumed = reader ? reader->consumed : 0;
	view.busy = reader ? reader->busy || reader->has_section_sums : 0;
	bpf_probe_read_kernel_str(view.comm, sizeof(view.comm), task->comm);
	look_for_quota(task);
	wakeups_wanted = cpu_quotas || !delay_is_counted();
	account = account_of(task, flags);
	if (account && !account->dead) {
		account_prepare(account, task, process);
		if (window.start_ns)
			charge_current_wait(account, task, process);
		fill_thread_sum(&view.sum, account, task);
		view.sections = account->sections;
		list_gpu_call(account);
	}
	list_stack_pointer(task);
	if (task->pid == task->tgid)
		update_process_rss(task, process);
	bpf_seq_write(ctx->meta->seq, &view, sizeof(view));
	return 0;
}
