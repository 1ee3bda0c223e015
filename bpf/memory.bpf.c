// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * memory.bpf.c - a target's RSS changes: charged to the sections that are open on the thread that did it.
 *
 * The address space has no trace point. Its size is looked at whenever RSS changes: memory is mapped to be
 * touched, and given back with pages in it.
 */
#include "path.bpf.h"
#include "rss.bpf.h"

/* What another task did to a target's memory: the kernel's reclaim, above all. */
static __always_inline void change_by_other(struct mm_struct *mm, u32 member)
{
	u64 key = (u64)mm;
	u32 index = 0, *found;
	struct process_sum *sum;
	s64 bytes;

	if (!only_tgid) {
		found = bpf_map_lookup_elem(&mms, &key);
		if (!found)
			return;
		index = *found;
	}
	sum = bpf_map_lookup_elem(&process_sums, &index);
	if (!sum || sum->mm != key || !key)
		return;
	bytes = rss_change(sum, index, mm, member) * RSS_PAGE_BYTES;
	if (window.end_ns)
		return;
	if (member == RSS_ANON)
		__sync_fetch_and_add(&sum->others[0], bytes);
	else if (member == RSS_FILE)
		__sync_fetch_and_add(&sum->others[1], bytes);
	else
		__sync_fetch_and_add(&sum->others[2], bytes);
}

/*
 * The address space is made smaller after its pages are gone, and memory may be mapped anew before the next
 * event: so the pages that go in such a call are taken off at once.
 */
static __always_inline void note_unmapping(struct clock *clock, struct process_sum *sum, struct task_struct *task, s64 bytes)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	s64 number = syscall_number(regs);

	if (number < 0 || syscall_kinds[number & (SYSCALLS - 1)] != SYSCALL_UNMAP)
		return;
	clock->pending.unmapped -= bytes;
	__sync_fetch_and_add(&sum->total_vm, bytes / RSS_PAGE_BYTES);
}

/* What the address space has grown by belongs to the section that touches it now, what it has shrunk by to the one before. */
static __always_inline s64 space_change(struct process_sum *sum, struct mm_struct *mm)
{
	s64 pages = mm->total_vm;

	if (pages == sum->total_vm)
		return 0;
	return (pages - (s64)__sync_lock_test_and_set(&sum->total_vm, pages)) * RSS_PAGE_BYTES;
}

static __always_inline void charge_change(struct clock *clock, struct process *process, struct process_sum *sum,
					  struct mm_struct *mm, u32 member, s64 bytes)
{
	struct task_struct *task = bpf_get_current_task_btf();
	s64 space = space_change(sum, mm);

	if (space < 0) {
		clock->pending.unmapped -= space;
		clock->dirty = 1;
	}
	path_update(clock, task, process);
	if (space > 0)
		clock->pending.mapped += space;
	count_pages(clock, member, bytes);
	if (bytes < 0)
		note_unmapping(clock, sum, task, bytes);
}

/* A thread that ends adds what it has gathered on Linux 6.1, which end_clock() in leave.bpf.c has charged already. */
static __always_inline void note_unlocked(struct task_struct *task)
{
	struct clock *clock = clock_of(task, 0);

	if (!clock || !clock->dead)
		__sync_fetch_and_add(&counters.lost_paths, 1);
}

SEC("tp_btf/rss_stat")
int BPF_PROG(on_rss, struct mm_struct *mm, int member)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process *process = process_of(task);
	struct process_sum *sum;
	struct clock *clock;
	s64 bytes;

	if (!window.start_ns || member == 2)
		return 0;
	if (!process) {
		change_by_other(mm, member);
		return 0;
	}
	/* Not ours: a child's memory while it is forked, or the old image's. */
	sum = sum_of_process(process);
	if (!sum || sum->mm != (u64)mm || mm_of(task) != mm)
		return 0;
	bytes = rss_change(sum, process->index, mm, member) * RSS_PAGE_BYTES;
	if (!bytes || window.end_ns)
		return 0;
	__sync_fetch_and_add(&sum->rss_events, 1);
	clock = clock_lock(task);
	if (!clock) {
		note_unlocked(task);
		return 0;
	}
	charge_change(clock, process, sum, mm, member, bytes);
	clock_unlock(clock);
	return 0;
}
