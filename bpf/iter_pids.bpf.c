// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * iter_pids.bpf.c - finds the number of a process in the initial PID namespace.
 *
 * It is used by a profiler that lives in another namespace. The iterator runs in the profiler and visits the tasks that the
 * profiler can see.
 */
#include "rules/pid_numbers.bpf.h"

/* Stores the PID namespace of the current task, which is the profiler. */
static __always_inline void note_namespace(void)
{
	struct task_struct *self = bpf_get_current_task_btf();
	struct pid *pid = BPF_CORE_READ(self, thread_pid);
	struct upid *number;

	pid_space.level = BPF_CORE_READ(pid, level);
	number = number_at(pid, pid_space.level);
	pid_space.namespace = (u64)BPF_CORE_READ(number, ns);
}

SEC("?iter/task")
int on_iter_pid(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!pid_space.namespace)
		note_namespace();
	if (task && task->pid == task->tgid && pid_of_task(task) == pid_space.wanted)
		pid_space.found = task->tgid;
	return 0;
}
