// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * exit.bpf.c - a target's thread exits or executes another image: its ring, its memory and its account are read
 * for the last time.
 */
#include "rules/copies.bpf.h"
#include "rules/exit/open_at_exit.bpf.h"
#include "rules/new_children.bpf.h"
#include "rules/thread_end.bpf.h"

/* Linux 6.1: charges the pages that the thread is about to add to the counters, while its sections are known. */
static __always_inline void charge_gathered(struct thread_account *account, struct task_struct *task)
{
	count_pages(account, RSS_FILE, rss_gathered(task, RSS_FILE) * RSS_PAGE_BYTES);
	count_pages(account, RSS_ANON, rss_gathered(task, RSS_ANON) * RSS_PAGE_BYTES);
	count_pages(account, RSS_SHMEM, rss_gathered(task, RSS_SHMEM) * RSS_PAGE_BYTES);
}

/* Charges what is pending in the account and merges it into the process's totals. */
static __always_inline void exit_account(struct task_struct *task, struct process *process)
{
	struct process_sum *sum = process_sum_of(process);
	struct thread_account *account;

	if (!window.start_ns || window.end_ns || !sum)
		return;
	account = account_lock(task);
	if (!account)
		return;
	rss_settle(account, process, true);
	open_sections_update(account, task, process);
	if (rss_is_plain() && sum->mm == (u64)mm_of(task))
		charge_gathered(account, task);
	merge_account(account, sum, task);
	account_unlock(account);
}

/* Notes RSS and its peak, because /proc has no numbers of a process that has ended. */
static __always_inline void note_rss(struct task_struct *task, struct process *process)
{
	struct mm_struct *mm = mm_of(task);
	u64 rss = current_rss_bytes(), peak = mm ? BPF_CORE_READ(mm, hiwater_rss) * 4096 : 0;

	if (!rss)
		return;
	process->rss_bytes = rss;
	store_max(&process->rss_peak_bytes, rss > peak ? rss : peak);
}

/* Notes the exact RSS, for the memory ledger. */
static __always_inline void note_memory(struct task_struct *task, struct process *process)
{
	struct process_sum *sum = process_sum_of(process);
	struct mm_struct *mm = mm_of(task);

	if (!sum || !mm || sum->mm != (u64)mm || !rss_is_known())
		return;
	rss_exact(sum, process->index, mm, sum->rss_now, false, 0);
	sum->rss_now[0] += rss_gathered(task, RSS_ANON) * RSS_PAGE_BYTES;
	sum->rss_now[1] += rss_gathered(task, RSS_FILE) * RSS_PAGE_BYTES;
	sum->rss_now[2] += rss_gathered(task, RSS_SHMEM) * RSS_PAGE_BYTES;
}

/* Reads the memory for the last time and forgets its struct mm_struct: another process may soon have one at this address. */
static __always_inline void last_memory(struct task_struct *task, struct process *process)
{
	u64 key = (u64)mm_of(task);

	note_memory(task, process);
	if (!one_target && !process->borrows)
		bpf_map_delete_elem(&mms, &key);
}

/* Notes that the main thread has exited alone, while others go on. */
static __always_inline void note_headless(struct task_struct *task, struct process *process, int others)
{
	if (task->pid == task->tgid && others > 0 && !(BPF_CORE_READ(task, signal, flags) & SIGNAL_GROUP_EXIT))
		process->headless = 1;
}

/*
 * Notes what wait() will report of the process: the code of exit_group() or of the deadly signal, which every thread
 * then finds in the process, or else the code with which the main thread exits. `code` is that of this thread.
 */
static __always_inline void note_exit_code(struct task_struct *task, struct process *process, int others, int code)
{
	bool together = BPF_CORE_READ(task, signal, flags) & SIGNAL_GROUP_EXIT;

	if (!together && others > 0)
		return;
	if (together)
		code = BPF_CORE_READ(task, signal, group_exit_code);
	else if (task->pid != task->tgid)
		code = BPF_CORE_READ(task, group_leader, exit_code);
	process->exit_code = code;
	barrier();
	process->exit_known = 1;
}

/*
 * Returns true if the thread has been read for the last time. A killed thread is read when it gets the signal and
 * exits later.
 */
static __always_inline bool has_exited(struct task_struct *task)
{
	struct thread_account *account = account_of(task, 0);

	return account && account->dead;
}

/* Reads the thread's data in the target's memory for the last time. */
static __always_inline void read_last_time(struct task_struct *task, struct process *process)
{
	note_rss(task, process);
	read_ring_current(task, process);
	count_unread(task);
	charge_open_sections(task, process);
}

/* The same, and its account. */
static __always_inline void exit_thread(struct task_struct *task, struct process *process)
{
	read_last_time(task, process);
	exit_account(task, process);
}

static __always_inline int exit_process_thread(struct task_struct *task, struct process *process, int others, int code)
{
	note_headless(task, process, others);
	note_exit_code(task, process, others, code);
	if (!has_exited(task)) {
		if (mm_of(task))
			exit_thread(task, process);
		else
			__sync_fetch_and_add(&counters.exits_unread, 1);
	}
	if (others <= 0 && mm_of(task))
		last_memory(task, process);
	if (follow_children)
		child_thread_exited(task, process);
	return 0;
}

/*
 * Every thread of a process that is killed, or ends in another thread, gets SIGKILL while its memory is still
 * there. This serves kernels before 6.16 that do not allow tracing of functions. From 7.0 on it is needed because
 * interrupts are off here, so that no preemption is possible, while all threads of a killed process may exit at
 * once: see copies.bpf.h.
 */
SEC("?tp_btf/signal_deliver")
int BPF_PROG(on_signal, int number)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process *process;

	if (number != SIGKILL)
		return 0;
	process = process_of(task);
	if (!process || has_exited(task))
		return 0;
	exit_thread(task, process);
	note_memory(task, process);
	return 0;
}

/*
 * Linux 6.16 and later run this trace point while the memory is still there, for every thread, however it exits.
 * Earlier kernels run it too late to read memory: the ring of a thread that got no SIGKILL is lost.
 */
static __always_inline int thread_ended(struct task_struct *task, bool first)
{
	struct process *process = process_of(task);

	if (!process || !claim_event(COPIED_EXIT, 1, first))
		return 0;
	return exit_process_thread(task, process, live_threads(task), task->exit_code);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	return thread_ended(task, true);
}

PROGRAM_COPY(sched_process_exit, on_exit_copy, thread_ended(task, false), struct task_struct *task)

/* Used instead of on_exit before Linux 6.16, where the kernel allows tracing of functions. */
SEC("?fentry/do_exit")
int BPF_PROG(on_do_exit, long code)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process *process = process_of(task);

	return process ? exit_process_thread(task, process, live_threads(task) - 1, (int)code) : 0;
}

static __always_inline int image_ending(struct task_struct *task, bool first)
{
	struct process *process = process_of(task);

	if (!process || !claim_event(COPIED_PREPARE_EXEC, task->self_exec_id + 1, first))
		return 0;
	read_last_time(task, process);
	note_memory(task, process);
	return 0;
}

/* Linux 6.10 and later: runs before the old image goes. */
SEC("?tp_btf/sched_prepare_exec")
int BPF_PROG(on_prepare_exec, struct task_struct *task)
{
	return image_ending(task, true);
}

PROGRAM_COPY(sched_prepare_exec, on_prepare_exec_copy, image_ending(task, false), struct task_struct *task)

/* The same before Linux 6.10. */
SEC("?fentry/begin_new_exec")
int BPF_PROG(on_begin_exec)
{
	return image_ending(bpf_get_current_task_btf(), true);
}

static long forget_section_id(u32 i, struct process **process)
{
	(*process)->section_id[i & (DCBS_NAMES - 1)] = SECTION_NONE;
	return 0;
}

/* Accounts for the change of images: no section gave back the old image's memory or took the new one's. */
static __always_inline void change_memory(struct task_struct *task, struct process *process)
{
	struct process_sum *sum = process_sum_of(process);
	struct mm_struct *mm = mm_of(task);
	u64 key = (u64)mm, old;
	u32 index = process->index;
	s64 now[RSS_KINDS] = {};
	int i;

	if (!sum || !mm || !rss_is_known())
		return;
	if (!sum->mm) {		/* a child that used its parent's memory until now */
		if (follow_children && process->parent)
			child_memory(task, process);
		return;
	}
	rss_exact(sum, index, mm, now, true, 0);
	for (i = 0; i < RSS_KINDS; i++)
		sum->others[i] += now[i] - sum->rss_now[i];
	old = sum->mm;
	sum->mm = key;
	if (one_target)
		return;
	bpf_map_delete_elem(&mms, &old);
	bpf_map_update_elem(&mms, &key, &index, BPF_ANY);
}

/* Forgets a target that the profiler's user may not trace from now on. To the profiler a child has ended. */
static __always_inline int leave_process(struct task_struct *task, struct process *process)
{
	struct process_sum *sum = process_sum_of(process);
	u32 tgid = task->tgid;

	bpf_map_delete_elem(&targets, &tgid);
	if (sum && sum->mm)
		bpf_map_delete_elem(&mms, &sum->mm);
	process->left = 1;
	if (process->parent)
		process->ended_ns = bpf_ktime_get_ns();
	if (follow_children)
		wake_profiler();
	return 0;
}

/* The new image has other names, and its records are elsewhere. */
static __always_inline int image_replaced(struct task_struct *task, struct linux_binprm *program, bool first)
{
	struct process *process = process_of(task);

	if (!process || !claim_event(COPIED_EXEC, task->self_exec_id + 1, first))
		return 0;
	process->tls_offset = 0;
	if (leave_secure && BPF_CORE_READ_BITFIELD_PROBED(program, secureexec))
		return leave_process(task, process);
	process->borrows = 0;
	process->gil_start = process->gil_end = 0;
	change_memory(task, process);
	bpf_loop(DCBS_NAMES, forget_section_id, &process, 0);
	__sync_fetch_and_add(&process->execs, 1);
	if (follow_children)
		wake_profiler();
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *program)
{
	return image_replaced(task, program, true);
}

PROGRAM_COPY(sched_process_exec, on_exec_copy, image_replaced(task, program, false), struct task_struct *task, int old_pid,
	     struct linux_binprm *program)
