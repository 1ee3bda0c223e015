/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * maps.bpf.h - every map and global, and the few operations on them that all programs share.
 *
 * The maps are declared here for all objects; the linker of bpftool makes one of each. The head of types.bpf.h
 * says which program writes which map, and under which lock.
 */
#ifndef BPF_STATE_MAPS_H
#define BPF_STATE_MAPS_H

#include "state/types.bpf.h"

/* Set before load. With one target, comparing the tgid decides whether a task belongs to it; otherwise `targets` does. */
extern const volatile bool one_target;

/* hist_place() of small values, filled before load: short durations are the most frequent ones. */
#define SMALL_NS 4096
extern const volatile __u16 small_place[SMALL_NS];

/* enum syscall_kind of each system call, by its number. */
#define SYSCALLS 512
extern const volatile __u8 syscall_kinds[SYSCALLS];

extern const volatile __u32 map_syscall, unmap_syscall;	/* numbers of mmap() and munmap() */

extern const volatile __u32 nr_cpus;
extern const volatile __u32 slow_kept;		/* entries of `slow_calls` for each section, at least 1 */
extern const volatile bool follow_children;	/* --children */
extern const volatile bool leave_secure;	/* programs with more rights than their caller are not observed */
extern const volatile bool has_function_probes;	/* --section */
extern const volatile bool sampling;		/* --frequency is not 0 */
extern const volatile __u64 sample_period_ns;
extern const volatile __u64 samples_half;	/* bytes: half of the ring `samples` */
extern const volatile bool kernel_counts_steal;	/* it knows what its hypervisor took, and takes it off running time */
extern const volatile bool kernel_counts_delay;	/* it counts how long threads wait in run queues */
extern const volatile bool switch_tells_state;	/* Linux 5.18 and later: on_switch has a fourth argument */

extern struct window window;
extern struct counters counters;
extern struct throttle throttle;
extern __u32 nr_event_loops;	/* so far; there may be more than `event_loops` has room for */
extern __u32 cpu_quotas;	/* a thread of a target is in a cgroup with a CPU quota */
extern __u32 wakeups_wanted;	/* on_wakeup must be attached: it alone tells when a target's thread is put into a run queue */
extern struct pid_space pid_space;
extern __u32 only_tgid;		/* of the one target */
extern __s32 rss_locals_fd;	/* a descriptor in the profiler, in which on_iter_thread runs */

struct open_calls_map {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct function_calls);
};

/*
 * A call begins and ends on any thread, so the map is shared; each entry has one call, which ends once. Its entries are allocated
 * beforehand, because an allocation at each call would take longer.
 */
struct calls_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BPFPROF_OPEN_CALLS);
	__type(key, struct call_key);
	__type(value, struct open_call);
};

struct thread_accounts_map {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread_account);
};

struct slow_calls_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BPFPROF_SECTIONS);
	__type(key, u32);
	__type(value, struct slow_call);
};

struct ledgers_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BPFPROF_SECTIONS);
	__type(key, u32);
	__type(value, struct section_ledger);
};

struct gpu_sums_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BPFPROF_SECTIONS);
	__type(key, u32);
	__type(value, struct gpu_sum);
};

struct gpu_memory_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, GPU_MEMORY_ALL + 1);
	__type(key, u32);
	__type(value, struct gpu_memory_sum);
};

struct gpu_pieces_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, GPU_PIECES);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct gpu_piece_key);
	__type(value, struct gpu_piece);
};

struct process_sums_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BPFPROF_PROCESSES);
	__type(key, u32);
	__type(value, struct process_sum);
};

struct rss_locals_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, BPFPROF_PROCESSES);
	__type(key, u32);
	__type(value, struct rss_local);
};

struct mms_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4 * BPFPROF_PROCESSES);
	__type(key, u64);
	__type(value, u32);
};

#define WALK_BYTES 256	/* a power of two */

/*
 * A sample in the making: the head, the Python frames and behind them the native addresses are sent as one. There
 * is room for both at their longest.
 */
struct walker {
	u64 next;	/* address of the next frame */
	u32 passed;	/* frames beyond the innermost ones */
	u32 pad;
	u8 frame[WALK_BYTES + 8];	/* copy of a frame; `code`: of the head of its code object */
	u8 code[WALK_BYTES + 8];
	struct sample sample;
	struct python_frame python[SAMPLE_PYTHON + SAMPLE_NATIVE / 2 + 1];
};

struct cpu_walker {
	struct walker walker;
	u8 stack[SAMPLE_CPU_STACK - SAMPLE_STACK];	/* the rest of it, right behind the walker's sample */
	struct thread_account account;	/* see open_sections_apart() */
};

struct sample_context {
	struct walker *walker;
	const struct python_layout *layout;
	struct thread_account *account;
	bool off;		/* the thread waits: only its own sections are listed */
};

struct walkers_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cpu_walker);
};

struct waits_map {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct walker);
};

struct pythons_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BPFPROF_PROCESSES);
	__type(key, u32);
	__type(value, struct python_layout);
};

struct samples_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
};

struct stats_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BPFPROF_SECTIONS);
	__type(key, u32);
	__type(value, struct section_stat);
};

struct section_ids_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BPFPROF_SECTIONS);
	__type(key, struct section_name);
	__type(value, u32);
};

struct section_names_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BPFPROF_SECTIONS);
	__type(key, u32);
	__type(value, struct section_name);
};

struct processes_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BPFPROF_PROCESSES);
	__type(key, u32);
	__type(value, struct process);
};

struct gils_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BPFPROF_GILS);
	__type(key, u64);	/* gil_key() */
	__type(value, u32);
};

/* Indices of free entries of `processes`. */
struct vacant_map {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, BPFPROF_PROCESSES);
	__type(value, u32);
};

/* Wakes the profiler: a child was created, executed an image or ended. The facts are in `processes`. */
struct news_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
};

struct parts_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BPFPROF_PARTS);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct part_key);
	__type(value, struct process_part);
};

struct neighbours_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BPFPROF_NEIGHBOURS);
	__type(key, u32);
	__type(value, struct neighbour);
};

struct event_loops_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BPFPROF_LOOPS);
	__type(key, u32);
	__type(value, struct event_loop);
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
	__uint(max_entries, 32768);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);
	__type(value, u64);
};

struct ring_readers_map {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct ring_reader);
};

extern struct stats_map stats SEC(".maps");		/* section_id -> statistics; the profiler reads it in place */
extern struct section_ids_map section_ids SEC(".maps");		/* name -> section_id */
extern struct section_names_map section_names SEC(".maps");	/* section_id -> name */
extern struct processes_map processes SEC(".maps");	/* the targets */
extern struct targets_map targets SEC(".maps");		/* tgid -> index of `processes` */
extern struct neighbours_map neighbours SEC(".maps");	/* tgid -> run-queue waits of targets behind that process */
extern struct event_loops_map event_loops SEC(".maps");
extern struct parts_map parts SEC(".maps");		/* used if there are several targets */
extern struct gils_map gils SEC(".maps");
extern struct vacant_map vacant SEC(".maps");		/* this and `news`: only with --children */
extern struct news_map news SEC(".maps");
extern struct baselines_map baselines SEC(".maps");	/* record -> its counters at attach, written by the profiler */
extern struct begun_map begun SEC(".maps");		/* start of a section -> its self time before our window, likewise */
extern struct ring_readers_map ring_readers SEC(".maps");
extern struct thread_accounts_map thread_accounts SEC(".maps");
extern struct open_calls_map open_calls SEC(".maps");	/* these two only with --section */
extern struct calls_map calls SEC(".maps");		/* place on a stack -> open call */
extern struct slow_calls_map slow_calls SEC(".maps");	/* section_id * slow_kept and up -> its slowest calls */
extern struct ledgers_map ledgers SEC(".maps");		/* section_id -> time off the CPU, memory; read in place, too */
extern struct gpu_sums_map gpu_sums SEC(".maps");	/* section_id -> calls of drivers of GPUs */
extern struct gpu_memory_map gpu_memory SEC(".maps");	/* section_id -> memory of GPUs */
extern struct gpu_pieces_map gpu_pieces SEC(".maps");
extern struct process_sums_map process_sums SEC(".maps");	/* by the index of `processes` */
extern struct rss_locals_map rss_locals SEC(".maps");	/* by the index of `processes`, too */
extern struct pythons_map pythons SEC(".maps");		/* by the index of `processes` */
extern struct samples_map samples SEC(".maps");		/* this, `walkers` and `waits`: only with --frequency */
extern struct walkers_map walkers SEC(".maps");
extern struct waits_map waits SEC(".maps");		/* stacks of threads that wait */
extern struct mms_map mms SEC(".maps");			/* struct mm_struct -> index, if there are several targets */

/* Returns the part of a section's self time that lies in the window, for a section that began before it. */
static __always_inline u64 self_in_window(u64 self_ns, u64 start_ns)
{
	u64 *before = bpf_map_lookup_elem(&begun, &start_ns);

	return before ? self_ns - (*before < self_ns ? *before : self_ns) : self_ns;
}

/* Returns the target that a task belongs to, or NULL. */
static __always_inline struct process *process_of(struct task_struct *task)
{
	u32 tgid = task->tgid, zero = 0, *index;

	if (one_target)
		return tgid == only_tgid ? bpf_map_lookup_elem(&processes, &zero) : NULL;
	index = bpf_map_lookup_elem(&targets, &tgid);
	return index ? bpf_map_lookup_elem(&processes, index) : NULL;
}

/* Returns when observation of a process begins: with the window, or with the process if it is younger. */
static __always_inline u64 start_of(const struct process *process)
{
	return process->born_ns > window.start_ns ? process->born_ns : window.start_ns;
}

/* Raises *where to value. The verifier checks a global function like this one once, not at each call. */
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

__weak __noinline int add_to_bucket(u32 section_id, u32 place, u32 count)
{
	struct section_stat *stat = bpf_map_lookup_elem(&stats, &section_id);

	if (stat && place < HIST_PLACES)
		__sync_fetch_and_add(&stat->buckets[place], count);
	return 0;
}

static __always_inline void add_duration(struct section_stat *stat, u32 section_id, u64 ns)
{
	if (ns)
		add_to_bucket(section_id, hist_place(ns), 1);
	else
		__sync_fetch_and_add(&stat->zero_count, 1);
}

#endif
