/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * facts.h - the facts at one moment, as the maps and the targets' memory hold them; no answers yet.
 *
 * A snapshot owns what it points to. analyse/report.h turns it into a struct dcbs_report.
 */
#ifndef COLLECT_FACTS_H
#define COLLECT_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "bpfprof/abi.h"
#include "dcbs/profiler.h"

#define SNAPSHOT_RAW_NAME DCBS_NAME_BYTES

/* One section or cache. All times ns. */
struct snapshot_section {
	char name[SNAPSHOT_RAW_NAME];	/* bytes as the target gave them */
	__u32 kind;			/* enum dcbs_name_kind */
	__u64 open;			/* calls still open */
	double probe_ns;		/* by which the probes of a --section function make a call longer; NAN: unknown */
	struct section_stat stat;		/* time of open calls included in total_ns and self_ns */
	struct section_ledger ledger;	/* what is still going on included */
};

/* A thread, or with tid 0 all of a process that have ended. */
struct snapshot_thread {
	pid_t pid, tid;
	char comm[16];
	bool sections;
	bool idle;		/* of those that have ended: they hardly did anything but wait */
	struct thread_sum sum;
};

struct snapshot_target {
	pid_t pid;
	char comm[64];
	char *command;			/* arguments with spaces between, raw bytes; NULL: unknown */
	double started_at;		/* Unix time */
	double ended_at;		/* of a child that has ended; 0: it runs, or was given */
	pid_t parent;			/* of a child that was followed to; 0: it was given */
	bool markers;
	__u64 names_lost;
};

/* What one process has of a section_id. There are none where it is the only one. */
struct snapshot_part {
	__u32 target;			/* index of `targets` */
	__u16 section_id;			/* index of `sections` */
	struct process_part sum;		/* time of open calls included in total_ns and self_ns */
};

/* A function at a place, as a frame of stacks. Raw bytes; NULL: unknown. */
struct snapshot_frame {
	char *function, *file;
	__u32 line;
	bool python;
};

/* A stack that was sampled, in one section. Times are of samples: what they stand for is for the analysis to say. */
struct snapshot_stack {
	__u16 sections[SAMPLE_SECTIONS];	/* open sections, innermost first; index of `sections`, or SNAPSHOT_OUTSIDE */
	__u32 nr_sections;
	__u64 cpu_samples;	/* ticks that found it running */
	__u64 off_samples;	/* times it was seen to wait there */
	__u64 off_ns[CAUSES];	/* how long, by cause, with those waits that the samples stand for */
	double cpu_samples2, off_ns2;	/* the variances of both */
	__u32 tid;		/* of the thread that waits there, if it may be an idle one: without a section, and not the first */
	__u32 nr_frames;
	__u32 *frames;		/* index of `frames`, innermost first */
};

#define SNAPSHOT_OUTSIDE 0xffff
#define SNAPSHOT_LONG_CALL 10	/* times what its probes add to it: its duration can be told in spite of that */

struct snapshot {
	__u64 start_ns, end_ns;		/* the window, CLOCK_MONOTONIC */
	double started_at;		/* its start in Unix time */
	enum dcbs_ended_by ended_by;
	struct snapshot_target *targets;
	size_t nr_targets;
	__u64 more_targets;		/* children that have ended, of which only the sums are known */
	__u64 unseen;			/* sections of children that were over before these could be attached to */
	struct snapshot_part *parts;	/* no order */
	size_t nr_parts, room_parts;
	struct snapshot_section **sections;	/* no order; a name occurs once per kind */
	size_t nr_sections;
	struct section_ledger outside;	/* what happened while no section was open on a thread: memory, and waits */
	struct snapshot_thread *threads;
	size_t nr_threads;
	double wait_scale;		/* by which waits have been multiplied, as they were watched part of the time */
	struct snapshot_frame *frames;	/* each function and line once */
	size_t nr_frames;
	struct snapshot_stack *stacks;	/* each stack once in each section */
	size_t nr_stacks;
	int frequency_hz;		/* of the ticks; 0: stacks were not sampled */
	struct counters counters;
	__u64 missed_ends, missed_starts, missed_pages;	/* runs of programs that the kernel left out: ends of threads; forks and execs; changes of memory */
	__u64 begun_missed, baselines_missed;	/* open sections, and threads that had lost some, for which there was no room at the start */
	bool wall_known, memory_known;	/* false: this kernel does not tell, the ledgers are empty */
	bool memory_estimated;		/* it was not watched all the time: ledgers are estimates, and nothing is known of single calls */
	__s64 others_bytes;		/* growth of RSS that other tasks caused */
	__s64 growth_bytes[RSS_KINDS];	/* growth of RSS that they did not: anon, file, shmem */
	__s64 rss_start_bytes, rss_end_bytes, rss_peak_bytes;	/* all targets; DCBS_UNKNOWN */
	__u64 profiler_bytes, maps_bytes, thread_bytes;	/* see struct dcbs_overhead; 0: unknown */
	double bpf_ns_per_flush;	/* time in the flush program per hit, the kernel's figure; NAN: unknown */
	double bpf_ns_per_switch;	/* likewise, as are the next ones */
	double bpf_ns_per_waking;
	double bpf_ns_per_rss_event;
	double bpf_ns_per_tick;
	double bpf_ns_per_sample;
	double trap_ns;			/* cost of the probe itself, measured at start on our own copy of it; NAN: unknown */
	double trace_ns;		/* of a trace point with a program, besides the program's own time */
	double clock_read_ns;		/* of a look at CLOCK_MONOTONIC, measured at start; NAN: unknown */
	double page_touch_ns;		/* CPU time of a page's first touch, measured at start in our own memory; 0 or NAN: unknown */
	char **notes;
	size_t nr_notes;
	char **reduced;			/* what was turned down to keep the cost within its limit */
	size_t nr_reduced;
};

/* Adds a section. NULL: no memory. There is room for BPFPROF_SECTIONS. */
struct snapshot_section *snapshot_add_section(struct snapshot *snap, const struct section_name *name);

/* The section of a name; NULL: there is none. */
struct snapshot_section *snapshot_find_section(struct snapshot *snap, const struct section_name *name);

/* The same; it is made if it is new, which happens for a section whose first call is still open. NULL: no room. */
struct snapshot_section *snapshot_get_section(struct snapshot *snap, const struct section_name *name);

/* The index of one of the snapshot's sections. */
__u16 snapshot_section_index(const struct snapshot *snap, const struct snapshot_section *section);

void snapshot_free(struct snapshot *snap);

#endif
