/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * queue_wait.bpf.h - since when a thread waits in a run queue for its CPU.
 *
 * The kernel counts that time itself, in task->sched_info, and /proc/PID/schedstat shows it: `run_delay` is the sum of the waits
 * that are over, and `last_queued` the begin of the one that goes on, 0 if none does. The sum is noted when a thread is switched
 * out. So no program has to run at each wake-up of the machine. Where the kernel does not count, on_wakeup notes the time.
 */
#ifndef BPF_RULES_QUEUE_QUEUE_WAIT_H
#define BPF_RULES_QUEUE_QUEUE_WAIT_H

#include "state/maps.bpf.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct sched_info {
	unsigned long long run_delay, last_queued;
};

struct task_struct___queued {
	struct sched_info sched_info;
};

/* The queue of a CPU. Its clock is that of last_queued. A switch has just set it; otherwise it is a tick old at most. */
struct rq {
	u64 clock;
};

struct cfs_rq___queued {
	struct rq *rq;
};

#pragma clang attribute pop

/* False where the verifier must see that nothing of it is read. */
static __always_inline bool delay_is_counted(void)
{
	const struct task_struct___queued *task = NULL;
	const struct cfs_rq___queued *group = NULL;

	return kernel_counts_delay && bpf_core_field_exists(task->sched_info.run_delay) && bpf_core_field_exists(group->rq);
}

/* A thread is switched out. */
static __always_inline void queue_wait_note(struct thread_account *account, struct task_struct *task)
{
	if (delay_is_counted())
		account->run_delay_ns = ((const struct task_struct___queued *)task)->sched_info.run_delay;
}

/* Returns how long a thread has waited in run queues since queue_wait_note(). */
static __always_inline u64 queue_wait_ns(const struct thread_account *account, struct task_struct *task)
{
	const struct task_struct___queued *counted = (const void *)task;
	const struct cfs_rq___queued *group = (const void *)task->se.cfs_rq;
	u64 over = counted->sched_info.run_delay - account->run_delay_ns, since = counted->sched_info.last_queued, now;

	if (!since)
		return over;
	now = BPF_CORE_READ(group, rq, clock);
	return over + (now > since ? now - since : 0);
}

/*
 * Returns since when a thread, off its CPU from `off` to `end`, has been in a run queue: `off` if it was put there before, and
 * `end` if it is not there. over: it gets its CPU at `end`.
 */
static __always_inline u64 queued_since(const struct thread_account *account, struct task_struct *task, u64 off, u64 end, bool over)
{
	u64 woken = account->woken_ns, ns;

	if (account->cause == CAUSE_RUNQUEUE)
		return off;
	if (!delay_is_counted()) {
		if (woken < off)
			return over ? off : end;
		return woken < end ? woken : end;
	}
	ns = queue_wait_ns(account, task);
	return ns < end - off ? end - ns : off;
}

#endif
