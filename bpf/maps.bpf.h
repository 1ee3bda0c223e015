/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * maps.bpf.h - every map and global, and the few operations on them that all programs share.
 *
 * The maps are declared here for all objects; the linker of bpftool makes one of each. Programs may
 * run at any time on any CPU, uprobe programs may be preempted: shared values are only added to
 * atomically, and what a program needs as scratch lies in its task's own storage, guarded by `busy`.
 */
#ifndef BPF_MAPS_H
#define BPF_MAPS_H

#include "kernel.h"
#include "bpfprof/abi.h"

/* Set before load. With one target a compare decides whether a task is ours; otherwise `targets` does. */
extern const volatile __u32 only_tgid;

/* hist_place() of small values, filled before load: what is short is frequent. */
#define SMALL_NS 4096
extern const volatile __u16 small_place[SMALL_NS];

extern struct window window;
extern struct counters counters;

/*
 * Figures that wait in a thread's own storage. An atomic add costs as much as all the rest of reading
 * an event and keeps the CPU from overlapping one event with the next, so the marker's probe adds
 * here, plainly, and a switch or a tick carries the sums to `stats`: at most a few milliseconds later.
 */
#define SUMS 8		/* rows at a time */
#define BINS 128	/* buckets at a time, of any rows */
#define CHUNK 128	/* events that are copied at a time */

struct sum {
	u64 row;
	u64 count;
	u64 sum_ns;
	u64 inner_ns;		/* of sum_ns, calls inside another of the same section */
	u64 self_ns;
	u64 max_ns;
	u64 min_inv_ns;
	u64 items;
};

struct bin {
	u32 key;	/* row << 16 | place; 0: free */
	u32 count;
};

/* The part of struct dcbs_record before the slots. */
struct record_head {
	u64 magic, head, last_ns, flush_ns, flush_head, use;
	u8 innermost, foreign, pad[2];
	u32 tid;
	u64 next, state, too_deep, unmatched, foreign_ns, base;
};

_Static_assert(__builtin_offsetof(struct record_head, base) == __builtin_offsetof(struct dcbs_record, base), "layout");
_Static_assert(__builtin_offsetof(struct record_head, unmatched) == __builtin_offsetof(struct dcbs_record, unmatched), "layout");

/* What is true of a whole drain. */
struct drain {
	u64 state;		/* address of the target's struct dcbs_state */
	u64 start_ns;		/* the window */
	u64 end_ns;
	u64 now;
	u64 limit_ns;		/* the earlier of both: an end after it is not the common case */
	u64 ring;		/* address */
	u64 next, last;		/* what is to be read of it */
};

/*
 * A thread of a target. Whatever the programs need as scratch lies here and not on their stacks: from
 * Linux 6.13 on, a function of a uprobe program with 64 bytes of stack or more gets a stack of its own
 * for each CPU, which another task's probe overwrites when it preempts this one.
 */
struct thread {
	u64 record;		/* address of its record */
	u64 consumed;		/* its ring is read up to here */
	u64 too_deep;		/* counters of the record that are accounted for */
	u64 unmatched;
	u32 busy;		/* a program is at work here and may have been interrupted by the present one */
	u32 nr_used;		/* bins in use, listed in `used` */
	u64 sums_used;		/* a row is in some sum */
	struct record_head head;	/* scratch, like all that follows but sums, bins and used */
	struct drain drain;
	struct row_name name;
	u32 pad;
	struct sum sums[SUMS];
	struct bin bins[BINS];
	u8 used[BINS];
	struct dcbs_event events[CHUNK];
};

struct stats_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BPFPROF_ROWS);
	__type(key, u32);
	__type(value, struct row_stat);
};

struct rows_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BPFPROF_ROWS);
	__type(key, struct row_name);
	__type(value, u32);
};

struct row_names_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BPFPROF_ROWS);
	__type(key, u32);
	__type(value, struct row_name);
};

struct processes_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BPFPROF_PROCESSES);
	__type(key, u32);
	__type(value, struct process);
};

struct targets_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BPFPROF_PROCESSES);
	__type(key, u32);
	__type(value, u32);
};

struct baselines_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);
	__type(value, struct baseline);
};

struct begun_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);
	__type(value, u64);
};

struct threads_map {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread);
};

extern struct stats_map stats SEC(".maps");		/* row -> figures; the profiler reads it in place */
extern struct rows_map rows SEC(".maps");		/* name -> row */
extern struct row_names_map row_names SEC(".maps");	/* row -> name */
extern struct processes_map processes SEC(".maps");	/* the targets */
extern struct targets_map targets SEC(".maps");		/* tgid -> index of `processes` */
extern struct baselines_map baselines SEC(".maps");	/* record -> its counters at attach, written by the profiler */
extern struct begun_map begun SEC(".maps");		/* start of a section that another profiler saw begin -> its self time before our window */
extern struct threads_map threads SEC(".maps");

/* A section's self time in the window, for one that began before it. */
static __always_inline u64 self_in_window(u64 self_ns, u64 start_ns)
{
	u64 *before = bpf_map_lookup_elem(&begun, &start_ns);

	return before ? self_ns - (*before < self_ns ? *before : self_ns) : self_ns;
}

/* The target that a task belongs to, NULL for all others. */
static __always_inline struct process *process_of(struct task_struct *task)
{
	u32 tgid = task->tgid, zero = 0, *index;

	if (only_tgid)
		return tgid == only_tgid ? bpf_map_lookup_elem(&processes, &zero) : NULL;
	index = bpf_map_lookup_elem(&targets, &tgid);
	return index ? bpf_map_lookup_elem(&processes, index) : NULL;
}

/* Global functions like this one are verified once, not at each call. */
__weak __noinline int store_max(u64 *where, u64 value)
{
	u64 old, seen;
	int i;

	if (!where)
		return 0;
	old = *(volatile u64 *)where;
	for (i = 0; i < 8 && value > old; i++) {
		seen = __sync_val_compare_and_swap(where, old, value);
		if (seen == old)
			break;
		old = seen;
	}
	return 0;
}

__weak __noinline int add_to_bucket(u32 row, u32 place, u32 count)
{
	struct row_stat *stat = bpf_map_lookup_elem(&stats, &row);

	if (stat && place < HIST_PLACES)
		__sync_fetch_and_add(&stat->buckets[place], count);
	return 0;
}

static __always_inline void add_duration(struct row_stat *stat, u32 row, u64 ns)
{
	if (ns)
		add_to_bucket(row, hist_place(ns), 1);
	else
		__sync_fetch_and_add(&stat->zero_count, 1);
}

#endif
