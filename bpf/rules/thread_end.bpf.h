/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* thread_end.bpf.h - merges the account of a thread that exits into its process's totals. */
#ifndef BPF_RULES_THREAD_END_H
#define BPF_RULES_THREAD_END_H

#include "rules/thread_time.bpf.h"

struct merge {
	struct thread_account *account;
	struct thread_sum *to;
};

static long merge_off_times(u32 i, struct merge *f)
{
	i &= CAUSES - 1;
	add_nonzero(&f->to->off_ns[i], __sync_lock_test_and_set(&f->account->sum.off_ns[i], 0));
	add_nonzero(&f->to->outside_off_ns[i], __sync_lock_test_and_set(&f->account->sum.outside_off_ns[i], 0));
	return 0;
}

/*
 * Returns true if the thread had work in less than 1 % of its time. user/analyse/threads.c uses the same rule for
 * live threads.
 */
static __always_inline bool is_idle(const struct thread_account *account, struct task_struct *task, u64 wall)
{
	const u64 *off = account->sum.off_ns;
	u64 waited = off[CAUSE_LOCK] + off[CAUSE_NETWORK] + off[CAUSE_SLEEP] + off[CAUSE_GPU] + off[CAUSE_PIPE] +
		     off[CAUSE_CHILD] + off[CAUSE_STOPPED] + off[CAUSE_OTHER];

	return !account->sections && task->pid != task->tgid && wall - waited < wall / 100;
}

/* A section that is over before the next event leaves its thread's record only. */
static __always_inline bool may_have_had_sections(const struct thread_account *account, struct task_struct *task)
{
	const struct ring_reader *reader = bpf_task_storage_get(&ring_readers, task, NULL, 0);

	return account->sections || (reader && reader->record);
}

static __always_inline enum ended_role role_at_end(const struct thread_account *account, struct task_struct *task,
						   struct process_sum *sum, u64 wall)
{
	bool sections = may_have_had_sections(account, task);

	if (task->pid == task->tgid) {
		sum->main_sections = sections;
		return ENDED_MAIN;
	}
	if (is_idle(account, task, wall))
		return ENDED_IDLE;
	return sections ? ENDED_SECTIONS : ENDED_POOL;
}

/* Returns how long the thread has run in its slice beyond what the kernel has added to its running time, which it does at ticks. */
static __always_inline u64 run_not_counted(const struct thread_account *account, struct task_struct *task, u64 now)
{
	u64 slice = now - account->slice_ns, counted = task->se.sum_exec_runtime - account->slice_exec_ns;

	return account->slice_ns && slice > counted ? slice - counted : 0;
}

/*
 * Charges pending events and adds the thread's time to its process, once. The thread still runs for a moment, see
 * thread_last_switch() in sched.bpf.c.
 */
static __noinline int merge_account(struct thread_account *account, struct process_sum *sum, struct task_struct *task)
{
	struct merge f = {.account = account};
	u64 start, now = bpf_ktime_get_ns();

	if (!account || !sum)
		return 0;
	if (account->dirty)
		memory_charge(account);
	charge_run(account, now);
	start = account->since_ns > window.start_ns ? account->since_ns : window.start_ns;
	account->ended_role = role_at_end(account, task, sum, now > start ? now - start : 0);
	f.to = &sum->ended[account->ended_role & (ENDED_ROLES - 1)];
	add_nonzero(&f.to->threads, 1);
	add_nonzero(&f.to->wall_ns, now > start ? now - start : 0);
	add_nonzero(&f.to->worker_ns, account->sum.worker_ns);
	account->exec_merged_ns = task->se.sum_exec_runtime - account->exec_start_ns;
	account->unmerged_ns = run_not_counted(account, task, now);
	add_nonzero(&f.to->cpu_ns, account->exec_merged_ns);
	*(volatile u32 *)&account->dead = 1;	/* before its times are taken, see add_waited() in iter_threads.bpf.c */
	bpf_loop(CAUSES, merge_off_times, &f, 0);
	return 0;
}

#endif
