// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * rss_events.bpf.c - charges a target's RSS changes to the sections that are open on the thread that makes them.
 *
 * The address space has no trace point, except for mmap()'s choice of a place. Its size is read whenever RSS
 * changes: memory is mapped to be touched, and given back with pages in it. A change that neither shows, above all
 * a munmap() of memory that was never touched, is charged at the next event.
 */
#include "rules/thread_time.bpf.h"

/* Notes a change that another task made to a target's memory, above all the kernel's reclaim. */
static __always_inline void change_by_other(struct mm_struct *mm, u32 member)
{
	u64 key = (u64)mm;
	u32 index = 0, *found;
	struct process_sum *sum;
	struct rss_local *local;
	s64 bytes;

	if (!one_target) {
		found = bpf_map_lookup_elem(&mms, &key);
		if (!found)
			return;
		index = *found;
	}
	sum = bpf_map_lookup_elem(&process_sums, &index);
	local = rss_local_of(index);
	if (!sum || sum->mm != key || !key || rss_begin_generation(sum, local, mm))
		return;
	bytes = rss_change(sum, local, mm, member) * RSS_PAGE_BYTES;
	if (window.end_ns)
		return;
	if (member == RSS_ANON)
		__sync_fetch_and_add(&sum->others[0], bytes);
	else if (member == RSS_FILE)
		__sync_fetch_and_add(&sum->others[1], bytes);
	else
		__sync_fetch_and_add(&sum->others[2], bytes);
}

/* Returns the number of the current task's system call; negative: it is in none. */
static __always_inline s64 syscall_of_current(struct pt_regs **regs)
{
	*regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return syscall_number(*regs);
}

static __always_inline u64 second_in_pages(struct pt_regs *regs)
{
	return (syscall_argument(regs, 1) + RSS_PAGE_BYTES - 1) / RSS_PAGE_BYTES;
}

/* Returns the pages that the current call takes out of the address space. munmap() counts whole, at its first event. */
static __always_inline u64 pages_unmapped(struct thread_account *account, struct mm_struct *mm, struct pt_regs *regs,
					  s64 number, s64 bytes)
{
	u64 pages = BPF_CORE_READ(mm, total_vm);

	if (number != unmap_syscall)
		return (u64)-bytes / RSS_PAGE_BYTES;
	if (pages == account->unmapping_vm)
		return 0;
	account->unmapping_vm = pages;
	return second_in_pages(regs);
}

static __always_inline bool is_unmapping(s64 number)
{
	return number >= 0 && syscall_kinds[number & (SYSCALLS - 1)] == SYSCALL_UNMAP;
}

/*
 * Charges an unmapping at once: the address space shrinks only after its pages are gone, and memory may be mapped
 * again before the next event.
 */
static __always_inline void note_unmapping(struct thread_account *account, struct process_sum *sum, struct mm_struct *mm,
					   struct pt_regs *regs, s64 number, s64 bytes)
{
	u64 pages = pages_unmapped(account, mm, regs, number, bytes);

	account->pending.unmapped += pages * RSS_PAGE_BYTES;
	account->mapping_vm = 0;
	__sync_fetch_and_add(&sum->total_vm, -pages);
}

/*
 * Returns the change of the address space since the last event. Growth belongs to the section that touches memory
 * now, shrinking to the one before.
 */
static __always_inline s64 space_change(struct process_sum *sum, struct mm_struct *mm)
{
	s64 pages = mm->total_vm;

	if (pages == sum->total_vm)
		return 0;
	return (pages - (s64)__sync_lock_test_and_set(&sum->total_vm, pages)) * RSS_PAGE_BYTES;
}

/*
 * Returns the bytes that skipped events before this one brought, under the sections of then. number < 0: this
 * event is a fault, which brings one page; otherwise it is a system call.
 */
static __always_inline s64 bytes_before(u32 skipped, s64 bytes, s64 number)
{
	if (!skipped)
		return 0;
	return number < 0 ? bytes - RSS_PAGE_BYTES : skipped * (s64)RSS_PAGE_BYTES;
}

static __always_inline void charge_change(struct thread_account *account, struct process *process, struct process_sum *sum,
					  u32 skipped, struct mm_struct *mm, u32 member, s64 bytes)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs;
	s64 number = syscall_of_current(&regs), before = bytes_before(skipped, bytes, number), space = 0;

	bytes -= before;
	if (bytes >= 0 || !is_unmapping(number))
		space = space_change(sum, mm);
	if (space < 0) {
		account->pending.unmapped -= space;
		account->dirty = 1;
	}
	if (before)
		count_pages(account, member, before);
	end_unseen_wait(account, task);
	open_sections_update(account, task, process);
	if (space > 0)
		account->pending.mapped += space;
	if (bytes < 0 && is_unmapping(number))
		note_unmapping(account, sum, mm, regs, number, bytes);
	if (bytes)
		count_pages(account, member, bytes);
}

/* mmap() has found a place. The mapping is charged to the current thread, whichever thread touches the memory. */
SEC("tp_btf/vm_unmapped_area")
int BPF_PROG(on_map, unsigned long address)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process *process = process_of(task);
	struct process_sum *sum;
	struct pt_regs *regs;
	struct thread_account *account;
	u64 pages;

	if (!process || !window.start_ns || window.end_ns || throttle.memory_off || address & (RSS_PAGE_BYTES - 1))
		return 0;
	sum = process_sum_of(process);
	if (!sum || !sum->mm || syscall_of_current(&regs) != map_syscall)
		return 0;
	account = account_lock(task);
	if (!account)
		return 0;
	pages = BPF_CORE_READ(mm_of(task), total_vm);
	if (pages != account->mapping_vm || task->min_flt != account->mapping_faults) {
		end_unseen_wait(account, task);
		open_sections_update(account, task, process);
		account->pending.mapped += second_in_pages(regs) * RSS_PAGE_BYTES;
		account->mapping_vm = pages;
		account->mapping_faults = task->min_flt;
		account->unmapping_vm = 0;
		account->dirty = 1;
		__sync_fetch_and_add(&sum->total_vm, second_in_pages(regs));
	}
	account_unlock(account);
	return 0;
}

/*
 * Counts a change whose account is locked. On Linux 6.1 a merged account is no loss: the thread adds its gathered pages, which
 * exit_account() in exit.bpf.c has charged already.
 */
static __always_inline void note_unlocked(struct task_struct *task)
{
	struct thread_account *account = account_of(task, 0);

	if (!account || !account->dead)
		__sync_fetch_and_add(&counters.lost_open_sections, 1);
}

SEC("tp_btf/rss_stat")
int BPF_PROG(on_rss, struct mm_struct *mm, int member)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process *process = process_of(task);
	struct process_sum *sum;
	struct rss_local *local;
	struct thread_account *account;
	u32 skipped = 0;
	s64 bytes;
	u64 stamp;

	if (!window.start_ns || member == 2 || throttle.memory_off)
		return 0;
	if (!process) {
		change_by_other(mm, member);
		return 0;
	}
	local = rss_local_of(process->index);
	if (local && member == RSS_ANON && local->generation == throttle.memory_generation && rss_skip(local))
		return 0;
	/* The mm may be another one: of a child that is being forked, or of an old image. */
	sum = process_sum_of(process);
	if (!sum || sum->mm != (u64)mm || mm_of(task) != mm || rss_begin_generation(sum, local, mm))
		return 0;
	bytes = rss_change(sum, local, mm, member) * RSS_PAGE_BYTES;
	if (!bytes || window.end_ns)
		return 0;
	__sync_fetch_and_add(&counters.rss_events, 1);
	account = account_lock(task);
	if (!account) {
		note_unlocked(task);
		return 0;
	}
	if (local && member == RSS_ANON) {
		skipped = local->skipped;
		local->skipped = 0;
		if (skipped)
			__sync_fetch_and_add(&counters.rss_skipped, skipped);
	}
	stamp = open_sections_stamp(&account->key);
	charge_change(account, process, sum, skipped, mm, member, bytes);
	if (local && member == RSS_ANON) {
		rss_count_streak(local, skipped + 1, stamp == open_sections_stamp(&account->key));
		rss_pace(local);
	}
	account_unlock(account);
	return 0;
}
