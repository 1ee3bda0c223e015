/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * pid_numbers.bpf.h - the numbers of processes and threads in the profiler's PID namespace.
 *
 * The fields pid and tgid of a task, and bpf_get_current_pid_tgid(), are numbers in the initial namespace. The helper
 * bpf_get_ns_current_pid_tgid() serves only the tasks whose innermost namespace it is given, while a target may live in a
 * namespace below the profiler's.
 */
#ifndef BPF_RULES_PID_NUMBERS_H
#define BPF_RULES_PID_NUMBERS_H

#include "state/maps.bpf.h"

static __always_inline struct upid *number_at(struct pid *pid, u32 level)
{
	return (void *)pid + bpf_core_field_offset(pid->numbers) + level * bpf_core_type_size(struct upid);
}

/* Returns the number of the thread in the profiler's PID namespace, or 0 if it lives in no part of that. */
static __always_inline u32 pid_of_task(struct task_struct *task)
{
	u32 level = pid_space.level;
	struct pid *pid;
	struct upid *number;

	if (!level)
		return task->pid;
	pid = BPF_CORE_READ(task, thread_pid);
	if (!pid || BPF_CORE_READ(pid, level) < level)
		return 0;
	number = number_at(pid, level);
	return (u64)BPF_CORE_READ(number, ns) == pid_space.namespace ? BPF_CORE_READ(number, nr) : 0;
}

#endif
