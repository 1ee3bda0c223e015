/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * cpu_quota.bpf.h - how much of a thread's wait in a run queue is due to the CPU quota of its cgroup.
 *
 * When a cgroup has used up its quota, the kernel throttles its run queues until the next period, and counts the time for each of
 * them. The count is noted when a thread is put into its run queue: at a switch-out, and at a wake-up. The difference to the count
 * at the switch-in is the part of the wait in which the thread was throttled. Without quotas nothing is noted.
 */
#ifndef BPF_RULES_CPU_QUOTA_H
#define BPF_RULES_CPU_QUOTA_H

#include "state/maps.bpf.h"

#define NO_QUOTA (~0ULL)
#define GROUPS_MOST 8	/* cgroups within one another that are examined */

/* Notes that a target's thread is in a cgroup with a quota. For on_iter_thread. */
static __always_inline void look_for_quota(struct task_struct *task)
{
	struct task_group *group = NULL;
	int i;

	if (cpu_quotas || !bpf_core_field_exists(group->cfs_bandwidth) || !bpf_core_field_exists(task->sched_task_group))
		return;
	group = BPF_CORE_READ(task, sched_task_group);
	for (i = 0; i < GROUPS_MOST && group; i++) {
		if (BPF_CORE_READ(group, cfs_bandwidth.quota) != NO_QUOTA)
			cpu_quotas = 1;
		group = BPF_CORE_READ(group, parent);
	}
}

static __noinline u64 throttled_time(u64 address)
{
	struct cfs_rq *queue = (void *)address;
	struct cfs_rq___5_19 *queue_5_19 = (void *)address;
	struct cfs_rq___5_15 *queue_5_15 = (void *)address;

	if (bpf_core_field_exists(queue->throttled_clock_self_time))
		return BPF_CORE_READ(queue, throttled_clock_self_time);
	if (bpf_core_field_exists(queue_5_19->throttled_clock_pelt_time))
		return BPF_CORE_READ(queue_5_19, throttled_clock_pelt_time);
	if (bpf_core_field_exists(queue_5_15->throttled_clock_task_time))
		return BPF_CORE_READ(queue_5_15, throttled_clock_task_time);
	return 0;
}

/* The thread is put into a run queue. */
static __always_inline void quota_note(struct thread_account *account, struct task_struct *task)
{
	struct sched_entity *entity = &task->se;

	if (!cpu_quotas || !bpf_core_field_exists(entity->cfs_rq))
		return;
	account->cfs_rq = (u64)BPF_CORE_READ(task, se.cfs_rq);
	account->throttled_ns = throttled_time(account->cfs_rq);
}

/* Returns the part of a wait of `queued` ns in a run queue, which is over, in which the thread was throttled. */
static __always_inline u64 quota_part(const struct thread_account *account, u64 queued)
{
	u64 before = account->throttled_ns, ns;

	if (!cpu_quotas || !account->cfs_rq)
		return 0;
	ns = throttled_time(account->cfs_rq);
	ns = ns > before ? ns - before : 0;
	return ns < queued ? ns : queued;
}

/* The same for a wait that goes on. A throttling that goes on is not yet in the count: it is most of the wait so far. */
static __always_inline u64 quota_part_so_far(struct thread_account *account, u64 queued)
{
	struct cfs_rq *queue = (void *)account->cfs_rq;
	u64 ns = quota_part(account, queued);

	if (cpu_quotas && queue && bpf_core_field_exists(queue->throttle_count) && BPF_CORE_READ(queue, throttle_count) > 0)
		ns = queued;
	account->throttled_ns += ns;
	return ns;
}

#endif
