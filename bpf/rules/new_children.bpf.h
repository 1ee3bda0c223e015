/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * new_children.bpf.h - a target forks, and the child becomes a target before it runs; and the last thread of a
 * child exits.
 *
 * A forked child has its parent's memory: the same names under the same numbers, the record of the forking thread
 * at the same place, and in it events that are the parent's to report. The marker's breakpoint and its counter of
 * probes come with the memory, too, so the child's sections are timed from the first one on. See struct process in
 * bpfprof/abi.h for the life of its entry.
 */
#ifndef BPF_RULES_NEW_CHILDREN_H
#define BPF_RULES_NEW_CHILDREN_H

#include "rules/pid_numbers.bpf.h"
#include "rules/thread_time.bpf.h"
#include "state/rss_counters.bpf.h"

#define KERNEL_WORKER 0x4010	/* PF_IO_WORKER, PF_USER_WORKER: threads for which there was no fork event */

/* Wakes the profiler. If the ring buffer is full, it has been woken already. */
static __always_inline void wake_profiler(void)
{
	u64 word = 0;

	bpf_ringbuf_output(&news, &word, sizeof(word), 0);
}

/* Begins to account for the child's memory. Pages that it has from its parent came by no section. */
static __noinline int child_memory(struct task_struct *child, struct process *process)
{
	struct process_sum *sum = process_sum_of(process);
	struct mm_struct *mm = mm_of(child);
	u32 index = process->index;
	u64 key = (u64)mm;

	if (!sum || !mm || !rss_is_known())
		return 0;
	rss_exact(sum, index, mm, sum->rss_start, true, 0);
	__builtin_memcpy(sum->rss_now, sum->rss_start, sizeof(sum->rss_now));
	sum->mm = key;
	bpf_map_update_elem(&mms, &key, &index, BPF_ANY);
	return 0;
}

/*
 * Sets the child's ring reader to the parent's position: older events are the parent's. If there is no memory for
 * a ring reader, the child is read from its first flush on, when its library has reported the record.
 */
static __noinline int child_reader(struct task_struct *child, struct process *process, u64 record)
{
	struct ring_reader *reader = bpf_task_storage_get(&ring_readers, child, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!reader) {
		__sync_fetch_and_add(&counters.memory_short, 1);
		process->tls_offset = 0;
		return 0;
	}
	if (!record || bpf_probe_read_user(&reader->head, sizeof(reader->head), (void *)record))
		return 0;
	reader->record = record;
	reader->consumed = reader->head.head;
	reader->too_deep = reader->head.too_deep;
	reader->unmatched = reader->head.unmatched;
	return 0;
}

static __always_inline void child_set_fields(struct process *process, u32 index, struct task_struct *parent,
					     struct task_struct *child)
{
	process->tgid = child->tgid;
	process->parent = process->pid;	/* the entry is a copy of the parent's */
	process->pid = pid_of_task(child);
	process->index = index;
	process->born_ns = bpf_ktime_get_ns();
	process->ended_ns = 0;
	process->threads = 1;
	process->execs = process->headless = process->left = 0;
	process->names_lost = process->rss_bytes = process->rss_peak_bytes = 0;
	process->exit_known = 0;
	process->borrows = mm_of(child) == mm_of(parent);
}

/* Returns the child's new entry, or NULL if all are taken. */
static __always_inline struct process *child_create(struct task_struct *parent, struct task_struct *child, struct process *from)
{
	u32 index = 0, tgid = child->tgid, own = from->index;
	struct process *process;
	void *python;

	if (bpf_map_pop_elem(&vacant, &index)) {
		__sync_fetch_and_add(&counters.lost_processes, 1);
		return NULL;
	}
	bpf_map_update_elem(&processes, &index, from, BPF_ANY);
	process = bpf_map_lookup_elem(&processes, &index);
	if (!process)
		return NULL;
	process->serial = 0;
	child_set_fields(process, index, parent, child);
	if (process->borrows) {
		process->tls_offset = 0;
	} else {
		child_memory(child, process);
		child_reader(child, process, record_of(parent, from));
		python = bpf_map_lookup_elem(&pythons, &own);
		if (python)
			bpf_map_update_elem(&pythons, &index, python, BPF_ANY);
	}
	bpf_map_update_elem(&targets, &tgid, &index, BPF_ANY);
	barrier();
	process->serial = __sync_fetch_and_add(&counters.processes, 1) + 1;
	wake_profiler();
	return process;
}

/* Notes that a thread has exited, when all of its data has been read. If it was the child's last one, the child has ended. */
static __always_inline void child_thread_exited(struct task_struct *task, struct process *process)
{
	struct task_struct *leader;

	if (!process->parent || task->flags & KERNEL_WORKER || __sync_fetch_and_add(&process->threads, -1) != 1)
		return;
	leader = BPF_CORE_READ(task, group_leader);
	bpf_probe_read_kernel_str(process->comm, sizeof(process->comm), &leader->comm);
	process->ended_ns = bpf_ktime_get_ns();
	wake_profiler();
}

#endif
