/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * abi.h - what the BPF programs and the profiler share: map keys and values, configuration, counters.
 *
 * Fixed-width types only, no pointers; enums only grow. All times are CLOCK_MONOTONIC ns.
 */
#ifndef BPFPROF_ABI_H
#define BPFPROF_ABI_H

#include "bpfprof/hist.h"
#include "bpfprof/target.h"

#define BPFPROF_ROWS		512	/* of `stats`; names of all targets together, merged by name */
#define BPFPROF_PROCESSES	64	/* targets at a time */
#define BPFPROF_CALLS		64	/* open calls of --section functions on a thread; the kernel's own limit for return probes */
#define ROW_NONE		0	/* "not looked up yet" */
#define ROW_OTHER		1	/* names that fit into no table */
#define ROW_MODEL		0x8000	/* a bit of process.row: a model's call, at whose end RSS is noted */

/*
 * What is known of one section or cache. Counters only grow; min_inv_ns is the complement of the
 * minimum, so that 0 means "none" for it as for the others and both extremes are updated alike.
 */
struct row_stat {
	__u32 kind;		/* enum dcbs_name_kind */
	__u32 pad;
	__u64 count;		/* calls that ended while we watched and whose duration is known */
	__u64 sum_ns;		/* of their durations */
	__u64 total_ns;		/* time the section was open on a thread, recursion counted once, within the window */
	__u64 self_ns;		/* of that, as the innermost one */
	__u64 max_ns;
	__u64 min_inv_ns;
	__u64 errors;
	__u64 items;
	__u64 unstarted;	/* calls that ended while we watched but began before: in total_ns, not in count */
	__u64 open;		/* calls that were open when their thread ended: in total_ns, not in count */
	__u64 hits;		/* of a cache; its misses are count - hits */
	__u64 sizes;		/* size reports of a cache */
	__u64 size_sum;		/* bytes */
	__u64 size_max;
	__u64 size_last;
	__u64 rss_samples;	/* RSS of the process at the ends of a model's calls */
	__u64 rss_sum;		/* bytes; from the kernel's counters, within 32 pages a CPU */
	__u64 rss_max;
	__u64 rss_min_inv;
	__u64 zero_count;	/* durations of 0 ns */
	__u64 buckets[HIST_PLACES];
};

/* Key of `rows`: a name and what it names. */
struct row_name {
	char text[DCBS_NAME_BYTES];
	__u32 kind;
};

/* A target, entry of `processes`. row[i] is the row of the target's name i. */
struct process {
	__u32 tgid;		/* 0: unused */
	__u32 execs;		/* images it has replaced itself with: whoever attached must look again */
	__s64 tls_offset;	/* of the thread's record pointer; 0: not known yet */
	__u64 names_lost;
	__u32 headless;		/* its main thread has ended while others went on */
	__u32 pad;
	__u64 rss_bytes;	/* when its last thread ended; 0: not seen */
	__u64 rss_peak_bytes;
	__u16 row[DCBS_NAMES];
};

/* What a thread's ring has been read up to; answer of the iterator `on_list`. */
struct thread_view {
	__u32 tgid;
	__u32 tid;
	__u64 record;		/* address in the target; 0: none seen */
	__u64 consumed;		/* events read, in terms of dcbs_record.head */
	__u32 busy;		/* a program was interrupted while it read them */
	__u32 pad;
};

/* Counters of a record at attach, key of `baselines`: its address. */
struct baseline {
	__u64 too_deep;
	__u64 unmatched;
};

/* Written by the BPF programs, read by the profiler in place. */
struct counters {
	__u64 flushes;		/* hits of the marker probe */
	__u64 switches;		/* of the targets' threads, on which rings were looked at */
	__u64 ticks;
	__u64 calls;		/* hits of --section entry probes */
	__u64 events;		/* read from rings and accepted */
	__u64 lost_overwritten;	/* events the target wrote over before anyone read them */
	__u64 lost_garbage;	/* events and records that make no sense */
	__u64 lost_unread;	/* events in a ring whose pages were not there: swapped out */
	__u64 lost_too_deep;	/* begins that found no slot, or calls deeper than BPFPROF_CALLS */
	__u64 lost_unmatched;	/* ends without a begin; calls that were left by longjmp */
	__u64 lost_rows;	/* names for which `stats` had no row */
	__u64 lost_names;	/* names that could not be read */
	__u64 memory_short;	/* times a thread was not met for want of kernel memory: it is at its next hit */
	__u64 exits_unread;	/* threads that ended on a kernel that does not let us read their last events */
	__u64 rows_used;
};

/* Written by the profiler, read by the BPF programs in place. */
struct window {
	__u64 start_ns;		/* 0: not started. Events that ended before are ignored */
	__u64 end_ns;		/* those that ended after are ignored, too; 0: none yet */
};

_Static_assert(sizeof(struct row_stat) == 21 * 8 + 8 * HIST_PLACES, "layout");
_Static_assert(sizeof(struct row_name) == 124, "hashed as bytes: no padding");
_Static_assert(sizeof(struct process) == 48 + 2 * DCBS_NAMES, "layout");
_Static_assert(sizeof(struct thread_view) == 32, "layout");

#endif
