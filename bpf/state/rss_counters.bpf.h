/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * rss_counters.bpf.h - reads the kernel's counters of a process's RSS exactly.
 *
 * Linux 6.2 and later have one percpu counter for each kind of page: a shared part, and a part for each CPU that
 * is added to the shared one when it passes a limit. The trace point rss_stat fires after each change, on the CPU
 * that made it, and does not report the size of the change. So for each CPU we remember its own part as of its
 * last event; the difference is the change. If the part is 0 now, it may have been added to the shared one: then
 * the growth of the shared part since that last happened counts, too. Simultaneous events on two CPUs may swap a
 * few pages between two sections; the sum stays right.
 *
 * How a program reads the kernel's percpu variables without symbols: a percpu map of our own has the same layout.
 * The kernel keeps a base address for each entry. Subtracted from the address at which a program finds the entry
 * on a CPU, it gives that CPU's offset.
 *
 * Linux 6.1 and earlier have plain counters. A thread adds its changes to them every 64 faults and when it exits,
 * and the event comes then.
 */
#ifndef BPF_STATE_RSS_COUNTERS_H
#define BPF_STATE_RSS_COUNTERS_H

#include "state/maps.bpf.h"

#define RSS_FILE 0	/* the kernel's MM_FILEPAGES and so on; 2 counts swap entries */
#define RSS_ANON 1
#define RSS_SHMEM 3

static __always_inline bool rss_is_percpu(void)
{
	return bpf_core_field_exists(struct mm_struct, rss_stat[0].counters);
}

static __always_inline bool rss_is_plain(void)
{
	return bpf_core_field_exists(struct mm_struct___6_1, rss_stat.count);
}

/* Returns true if the counters can be read on this kernel. */
static __always_inline bool rss_is_known(void)
{
	return rss_is_plain() || rss_is_percpu();
}

/* Returns the shared part. Only constant indices are looked up in the running kernel's types. */
static __always_inline s64 rss_shared(struct mm_struct *mm, u32 member)
{
	struct mm_struct___6_1 *old = (void *)mm;

	if (rss_is_plain()) {
		if (member == RSS_FILE)
			return BPF_CORE_READ(old, rss_stat.count[0].counter);
		if (member == RSS_ANON)
			return BPF_CORE_READ(old, rss_stat.count[1].counter);
		return BPF_CORE_READ(old, rss_stat.count[3].counter);
	}
	if (member == RSS_FILE)
		return BPF_CORE_READ(mm, rss_stat[0].count);
	if (member == RSS_ANON)
		return BPF_CORE_READ(mm, rss_stat[1].count);
	return BPF_CORE_READ(mm, rss_stat[3].count);
}

static __always_inline u64 rss_parts(struct mm_struct *mm, u32 member)
{
	if (member == RSS_FILE)
		return (u64)BPF_CORE_READ(mm, rss_stat[0].counters);
	if (member == RSS_ANON)
		return (u64)BPF_CORE_READ(mm, rss_stat[1].counters);
	return (u64)BPF_CORE_READ(mm, rss_stat[3].counters);
}

/* Returns a CPU's own part, by the offset of that CPU's area. */
static __always_inline s32 rss_part(struct mm_struct *mm, u32 member, u64 offset)
{
	s32 part = 0;

	bpf_probe_read_kernel(&part, sizeof(part), (void *)(rss_parts(mm, member) + offset));
	return part;
}

static __always_inline struct rss_local *rss_local_of(u32 index)
{
	return rss_is_percpu() ? bpf_map_lookup_elem(&rss_locals, &index) : NULL;
}

/*
 * During bursts of page faults most events are skipped, because reading user memory at each would add a tenth to
 * the cost of a fault. The next event that is not skipped accounts for those before it. The longer the current
 * burst has lasted for the same sections, or the earlier ones did, the more events are skipped: one for each
 * RSS_STREAK events, at most RSS_LEFT consecutive ones. If the open sections change in between, the error is no larger
 * than that. Only events that add to the CPU's part are skipped: not those that give pages back, nor those that
 * make the kernel add the part to the shared counter. A switch, a tick and the thread's exit account for events
 * skipped by then.
 */
#define RSS_STREAK	32
#define RSS_LEFT	31

static __always_inline s32 rss_part_now(const struct rss_local *local, u32 member)
{
	s32 part = 0;

	bpf_probe_read_kernel(&part, sizeof(part), (void *)local->part[member]);
	return part;
}

static __always_inline bool rss_skip(struct rss_local *local)
{
	s32 part;

	if (!local->skip)
		return false;
	part = rss_part_now(local, RSS_ANON);
	if (part <= local->last_part)
		return false;
	local->last_part = part;
	local->skip--;
	local->skipped++;
	return true;
}

/* Notes events that have been charged, and whether the open sections are still the same. */
static __always_inline void rss_count_streak(struct rss_local *local, u32 events, bool same_sections)
{
	if (same_sections) {
		local->streak += events;
		return;
	}
	local->usual = local->streak < local->last_streak ? local->streak : local->last_streak;
	local->last_streak = local->streak;
	local->streak = events;
}

/* Decides how many of the next events are skipped. */
static __always_inline void rss_pace(struct rss_local *local)
{
	u32 most = (local->streak > local->usual ? local->streak : local->usual) / RSS_STREAK;

	local->last_part = local->count[RSS_ANON];
	local->skip = most < RSS_LEFT ? most : RSS_LEFT;
}

/*
 * Starts over at the first event of a generation: changes of an off-period are not charged here. The first event
 * on each CPU sets the base of that CPU's part, the first of all that of the shared ones. Returns true if this
 * event was such a first one.
 */
static __always_inline bool rss_begin_generation(struct process_sum *sum, struct rss_local *local, struct mm_struct *mm)
{
	u32 generation = throttle.memory_generation;

	if (sum->generation != generation) {
		sum->generation = generation;
		sum->count[RSS_FILE] = rss_shared(mm, RSS_FILE);
		sum->count[RSS_ANON] = rss_shared(mm, RSS_ANON);
		sum->count[RSS_SHMEM] = rss_shared(mm, RSS_SHMEM);
		sum->total_vm = BPF_CORE_READ(mm, total_vm);
		if (!local)
			return true;
	}
	if (!local || local->generation == generation)
		return false;
	local->generation = generation;
	local->skip = local->skipped = local->streak = local->last_streak = local->usual = 0;
	local->count[RSS_FILE] = rss_part_now(local, RSS_FILE);
	local->count[RSS_ANON] = rss_part_now(local, RSS_ANON);
	local->count[RSS_SHMEM] = rss_part_now(local, RSS_SHMEM);
	return true;
}

/* Returns the pages by which the counter has changed since this CPU's last event that was not skipped. */
static __always_inline s64 rss_change(struct process_sum *sum, struct rss_local *local, struct mm_struct *mm, u32 member)
{
	s64 change = 0, shared;
	s32 part = 0;

	member &= 3;
	if (rss_is_percpu()) {
		if (!local || !local->part[member])
			return 0;
		part = rss_part_now(local, member);
		change = part - local->count[member];
		local->count[member] = part;
	}
	if (part)
		return change;
	shared = rss_shared(mm, member);
	return change + shared - (s64)__sync_lock_test_and_set(&sum->count[member], shared);
}

struct rss_walk {
	struct mm_struct *mm;
	u32 index;
	bool keep;		/* later changes are measured from here */
	u64 entry;		/* the kernel's base address of our entry of rss_locals; 0: the offsets are known */
	s64 file, anon, shmem;
};

/* Returns a CPU's offset from entry 0, for a child's entry: the offset is the same in all entries. */
static __always_inline u64 rss_offset(u32 cpu)
{
	u32 first = 0;
	struct rss_local *local = bpf_map_lookup_percpu_elem(&rss_locals, &first, cpu);

	return local ? local->offset : 0;
}

static long rss_add_cpu(u32 cpu, struct rss_walk *w)
{
	struct rss_local *local = bpf_map_lookup_percpu_elem(&rss_locals, &w->index, cpu);
	s32 file, anon, shmem;

	if (!local)
		return 1;
	if (w->entry) {
		*(void *volatile *)&local->offset = local;
		local->offset = *(volatile u64 *)&local->offset - w->entry;
	}
	if (!local->offset)
		local->offset = rss_offset(cpu);
	if (!local->offset)
		return 1;
	file = rss_part(w->mm, RSS_FILE, local->offset);
	anon = rss_part(w->mm, RSS_ANON, local->offset);
	shmem = rss_part(w->mm, RSS_SHMEM, local->offset);
	w->file += file;
	w->anon += anon;
	w->shmem += shmem;
	if (!w->keep)
		return 0;
	local->part[RSS_FILE] = rss_parts(w->mm, RSS_FILE) + local->offset;
	local->part[RSS_ANON] = rss_parts(w->mm, RSS_ANON) + local->offset;
	local->part[RSS_SHMEM] = rss_parts(w->mm, RSS_SHMEM) + local->offset;
	local->generation = throttle.memory_generation;
	local->skip = local->skipped = 0;
	local->count[RSS_FILE] = file;
	local->count[RSS_ANON] = anon;
	local->count[RSS_SHMEM] = shmem;
	return 0;
}

/* Returns the kernel's base address of an entry of rss_locals. Runs in the profiler, whose descriptor leads to the map. */
static __always_inline u64 rss_local_entry(u32 index)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file **files = BPF_CORE_READ(task, files, fdt, fd), *file = NULL;
	struct bpf_array *array;
	u64 entry = 0;

	if (rss_locals_fd <= 0)
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), files + rss_locals_fd);
	array = BPF_CORE_READ(file, private_data);
	bpf_probe_read_kernel(&entry, sizeof(entry), (void *)__builtin_preserve_access_index(&array->pptrs) + index * 8);
	return entry;
}

/*
 * Reads the RSS of a process with the parts of all CPUs into to[]: anon, file, shmem, in bytes. keep: rss_change()
 * measures from here on. entry: of rss_local_entry() the first time, else 0.
 */
static __always_inline void rss_exact(struct process_sum *sum, u32 index, struct mm_struct *mm, s64 *to, bool keep, u64 entry)
{
	struct rss_walk w = {.mm = mm, .index = index, .keep = keep, .entry = entry};
	s64 file = rss_shared(mm, RSS_FILE), anon = rss_shared(mm, RSS_ANON), shmem = rss_shared(mm, RSS_SHMEM);

	if (keep) {
		sum->generation = throttle.memory_generation;
		sum->count[RSS_FILE] = file;
		sum->count[RSS_ANON] = anon;
		sum->count[RSS_SHMEM] = shmem;
		sum->total_vm = BPF_CORE_READ(mm, total_vm);
	}
	if (rss_is_percpu())
		bpf_loop(nr_cpus, rss_add_cpu, &w, 0);
	to[0] = (anon + w.anon) * RSS_PAGE_BYTES;
	to[1] = (file + w.file) * RSS_PAGE_BYTES;
	to[2] = (shmem + w.shmem) * RSS_PAGE_BYTES;
}

/* Returns the pages that a thread has gathered and not yet added to its process's counters, on Linux 6.1 and earlier. */
static __always_inline s64 rss_gathered(struct task_struct *task, u32 member)
{
	struct task_struct___6_1 *old = (void *)task;

	if (!bpf_core_field_exists(old->rss_stat.count))
		return 0;
	if (member == RSS_FILE)
		return BPF_CORE_READ(old, rss_stat.count[0]);
	if (member == RSS_ANON)
		return BPF_CORE_READ(old, rss_stat.count[1]);
	return BPF_CORE_READ(old, rss_stat.count[3]);
}

/* Adds a change to the pending memory events of the open sections. */
static __always_inline void count_pages(struct thread_account *account, u32 member, s64 bytes)
{
	struct memory_sum *to = &account->pending;

	if (member == RSS_ANON)
		to->anon += bytes;
	else if (member == RSS_FILE)
		to->file += bytes;
	else
		to->shmem += bytes;
	if (bytes > 0)
		to->grown += bytes;
	else
		to->shrunk -= bytes;
	account->run += bytes;
	if (account->run > account->run_max)
		account->run_max = account->run;
	account->dirty = 1;
}

static __always_inline struct process_sum *process_sum_of(const struct process *process)
{
	u32 index = process->index;

	return bpf_map_lookup_elem(&process_sums, &index);
}

/* Accounts for skipped events. descheduled: the current thread is switched out or exits. */
__weak __noinline int rss_settle(struct thread_account *account, const struct process *process, bool descheduled)
{
	struct process_sum *sum;
	struct rss_local *local;

	if (!account || !process || throttle.memory_off)
		return 0;
	local = rss_local_of(process->index);
	if (!local || local->generation != throttle.memory_generation)
		return 0;
	local->skip = 0;
	if (descheduled)
		local->streak = local->last_streak = local->usual = 0;
	sum = process_sum_of(process);
	if (!local->skipped || !sum || !sum->mm)
		return 0;
	local->skipped = 0;
	count_pages(account, RSS_ANON, rss_change(sum, local, (struct mm_struct *)sum->mm, RSS_ANON) * RSS_PAGE_BYTES);
	return 0;
}

#endif
