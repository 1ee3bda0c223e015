/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * facts.h - the facts of one moment, as the maps and the targets' memory hold them.
 *
 * A snapshot owns all memory that it points to. analyse/report.h turns it into a struct dcbs_report.
 */
#ifndef COLLECT_FACTS_H
#define COLLECT_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "bpfprof/abi.h"
#include "dcbs/profiler.h"
#include "symbol/library_kind.h"

/* Figures of a section that are noted at the marks of struct snapshot_slices; all only grow. */
enum slice_series {
	SLICE_COUNT,
	SLICE_TOTAL,		/* total_ns, with the calls that were open as far as the profiler had seen them */
	SLICE_WORKER,
	SLICE_FLOW_TOTAL,
	SLICE_FLOW_OFF,
	SLICE_FLOW_RUN,
	SLICE_OFF,		/* waits, by cause */
	SLICE_SERIES = SLICE_OFF + CAUSES,
};

#define SLICE_MARKS 119	/* with the end of the window: up to 120 slices */

struct slice_marks {
	__u64 *series[SLICE_SERIES];	/* the value at each mark; in a snapshot also at the end. NULL: 0 at all of them */
};

/* The marks between slices of time, the window's start and end not included. */
struct snapshot_slices {
	size_t nr;
	__u64 width_ns;			/* about that much is between two of them; 0: none was set yet */
	__u64 at_ns[SLICE_MARKS];
	__s64 rss_bytes[SLICE_MARKS];	/* of all targets; DCBS_UNKNOWN: unknown */
	size_t left_out;		/* sections with exact times for which no marks are kept: there were too many */
};

#define SNAPSHOT_RAW_NAME DCBS_NAME_BYTES
#define SNAPSHOT_FUNCTION_NAME 64	/* longer names are cut */

/* All calls of a function, as those that were timed in on-periods stand for them. */
struct timed_calls {
	unsigned int periods;		/* on-periods in which a call ended */
	double calls, sum_ns;		/* all calls of the function, and their durations */
	double variance_ns2;		/* of sum_ns; unknown with fewer than two on-periods */
	double zero_count;		/* all calls by their durations, like those of struct section_stat */
	double buckets[HIST_PLACES];
};

/* The squares of the standard deviations of figures in a struct memory_sum, as far as they are estimates. 0: they are not. */
struct memory_variance {
	double grown, shrunk, mapped, unmapped, minor, major;
};

/* One of the slowest calls of a section. */
struct snapshot_slow_call {
	struct slow_call call;
	__u32 stack;		/* 1 + index of `stacks`: one that was sampled in it; 0: none */
};

/* Launches of work on GPUs, a second of the window, in all threads. */
struct snapshot_launches {
	double rate, error;
};

/* Memory of GPUs that a section took. */
struct snapshot_gpu_memory {
	struct gpu_memory_sum sum;
	/* Pieces that are live, and were taken while it was the innermost section; of them those taken in the second half of the window. */
	__u64 self_pieces, self_bytes, self_late_bytes;
};

/* One section or cache. All times are in ns. */
struct snapshot_section {
	char name[SNAPSHOT_RAW_NAME];	/* raw bytes, as the target registered them */
	__u32 kind;			/* enum dcbs_name_kind */
	__u64 unreturned;		/* calls of a --section function that ended otherwise than by a return, or whose end was missed */
	__u64 open;			/* calls still open */
	__u64 most_open;		/* the most calls that the profiler has seen open at once */
	__u16 seen_within;		/* index + 1 of the section around it by looks at the targets' memory; 0: none, or it was not looked for */
	struct slice_marks *marks;	/* NULL: none are kept, or the times are estimates */
	struct snapshot_slow_call *slow;	/* the longest first */
	size_t nr_slow;
	struct timed_calls *timed;	/* NULL: calls were not timed in on-periods */
	__u64 cut_off_ns[CAUSES];	/* in an analysis: waits that were charged to it, and were outside of it */
	double total_error_ns;		/* in an analysis: the error of total_ns, where that is an estimate */
	double unseen_ns;		/* in an analysis: time of samples with missing frames, which may be the function's, too */
	__u64 given_up_calls;		/* of a --section function: calls that were probed, before the probes were given up */
	double timed_share;		/* of a --section function: time in it by the time that passed, while all calls were timed; 0: unknown */
	bool has_no_time;		/* of a sampled section: neither samples nor timed calls tell it */
	bool suspends;			/* of a sampled section: an `async def`, of which samples see the running alone */
	bool is_function;		/* it was asked for by --section: where a sample lists it says nothing of the marked sections around it */
	char function[SNAPSHOT_FUNCTION_NAME];	/* of a native --section: the function, or one of them; "": it is none */
	bool left_by_jump;		/* of a --section function: each of its calls ends by a jump to another function */
	double seen_share;		/* of that time, what samples saw of it then, at most; 0: the time was too short to tell */
	__s64 late_growth_bytes;	/* growth of self_memory in the last part of the window, see late_part */
	struct section_stat stat;	/* total_ns and self_ns include open calls */
	struct section_ledger ledger;	/* waits and growth of open calls included */
	struct memory_variance memory_variance[2];	/* of its `memory` and `self_memory` */
	struct gpu_sum gpu;		/* timed calls of drivers of GPUs */
	__u64 gpu_open_ns;		/* the age of the oldest such call that is open in it, as the innermost section; 0: there is none */
	struct snapshot_gpu_memory gpu_memory;
	struct snapshot_launches launches;
};

/* A thread; with tid 0: ended threads of a process that are alike, without its main thread; pid 0: of ended children. */
struct snapshot_thread {
	pid_t pid, tid;
	char comm[16];
	bool sections;		/* it had some */
	bool marked;		/* it may have had some: they were over before an event of the kernel */
	bool idle;		/* with tid 0: the threads did little but wait */
	struct thread_sum sum;
};

/* The machine. Raw bytes; "" and 0 are unknown. */
struct snapshot_host {
	char name[65], kernel[65], cpu[128];
	long cpus;
	double cpu_limit;		/* CPUs that the quota of the first target's cgroups allows; NAN: none, or unknown */
	const char *libbpf;		/* its version; NULL: unknown */
};

struct snapshot_target {
	pid_t pid;
	char comm[64];
	char *command;			/* arguments joined by spaces, raw bytes; NULL: unknown */
	double started_at;		/* Unix time */
	double ended_at;		/* of a child that has ended; 0: it runs, or was given by its PID */
	pid_t parent;			/* of a child that is followed; 0: the process was given by its PID */
	bool markers;
	bool has_rank;			/* its environment names its rank in a distributed run */
	int rank;
	bool exit_known;		/* it has ended, and exit_code is what wait() reports of it */
	__s32 exit_code;
	__u64 names_lost;
};

/* A process that ran while targets waited for the CPU that it had. */
struct snapshot_neighbour {
	pid_t pid;
	char comm[16];		/* raw bytes */
	__u64 ns;		/* that it ran meanwhile */
};

/* A thread that runs an event loop. */
struct snapshot_event_loop {
	__u32 number;			/* of `loop` in its stacks */
	struct event_loop figures;	/* comm: raw bytes */
};

/* A function and a line in it, as stacks have them for frames. Raw bytes; NULL: unknown. */
struct snapshot_frame {
	char *function, *file;
	__u32 line;
	__u32 first_line;	/* of the function's definition; 0: unknown */
	enum library_kind library;	/* that its code is in */
	bool python;
};

/* Suspended tasks of asyncio at one line of a program: sums over all looks at them. */
struct snapshot_awaiting {
	struct snapshot_frame at, inner;	/* the innermost coroutine of the program's own, and the innermost of all */
	__u64 tasks;
	__u64 most;				/* at one look */
};

/* The part of a section that belongs to one process. There are no parts if there is only one process. */
struct snapshot_part {
	__u32 target;			/* index of `targets` */
	__u16 section_id;		/* index of `sections` */
	struct process_part sum;	/* total_ns and self_ns include open calls */
};

/* The samples of one process in a section that is a function. Parts of ended processes stay. */
struct snapshot_sampled_part {
	pid_t pid;
	__u16 section_id;		/* index of `sections` */
	__u64 ticks, self_ticks;	/* by weight; self: no other such section lies inside */
	__u64 waits;			/* by weight */
	__u64 off_ns, self_off_ns;
};

/* A sampled stack, with the sections that were open. Its counts and times are those of samples; the analysis scales them. */
struct snapshot_stack {
	__u16 sections[SAMPLE_SECTIONS];	/* open sections, innermost first; index of `sections`, or SNAPSHOT_OUTSIDE */
	__u32 nr_sections;
	__u64 cpu_samples;	/* ticks at which a thread ran there, by weight */
	__u64 fault_samples;	/* of them: it ran in the kernel for an exception of its own code, usually a page fault */
	__u64 off_samples;	/* sampled waits */
	__u64 off_ns[CAUSES];	/* duration of waits by cause; that of the waits which a sample stands for included */
	double cpu_samples2, off_ns2;	/* the variances of both */
	__u32 loop;		/* number of the event loop that was held meanwhile; 0: none */
	__u32 gpu_kind;		/* enum gpu_kind of the timed call that was open; 0: none was */
	__u64 step_ns;		/* the longest time for which the loop's step had run, as far as is known, waits included */
	__u32 tid;		/* of the thread that waits, if it may be an idle one: no section, not the main thread; else 0 */
	bool of_idle_thread;	/* see threads_mark_idle() */
	__u32 nr_frames;
	__u32 *frames;		/* index of `frames`, innermost first */
};

#define SNAPSHOT_OUTSIDE 0xffff
#define SNAPSHOT_MORE_FRAMES "(more frames)"	/* the function of a frame that stands for frames that are missing */
#define SNAPSHOT_LOST_CALLERS "(callers unknown)"	/* the same: the walk lost its way before the function in which the thread began */
#define SNAPSHOT_LONG_CALL 10	/* a call that takes this many times as long as its probes add can be timed */

struct snapshot {
	__u64 start_ns, end_ns;		/* the window, CLOCK_MONOTONIC */
	double started_at;		/* start of the window in Unix time */
	enum dcbs_ended_by ended_by;
	struct snapshot_host host;
	struct snapshot_target *targets;
	size_t nr_targets;
	__u64 more_targets;		/* ended children of which only sums are known */
	__u64 unseen;			/* calls of children that were over before the child was probed */
	struct snapshot_part *parts;	/* in no order */
	size_t nr_parts, room_parts;
	struct snapshot_sampled_part *sampled_parts;	/* in no order */
	size_t nr_sampled_parts;
	struct snapshot_section **sections;	/* in no order; a name occurs once per kind */
	size_t nr_sections;
	struct section_ledger outside;	/* waits and memory of threads while they had no section open */
	struct memory_variance outside_variance[2];
	struct gpu_sum outside_gpu;
	__u64 outside_gpu_open_ns;
	struct snapshot_launches outside_launches;
	bool gpu_launches_known;
	struct snapshot_gpu_memory outside_gpu_memory;
	struct gpu_memory_sum gpu_memory;	/* of all processes */
	bool gpu_memory_known;		/* calls for it were observed, in all targets that have a driver, from the time on at which it was seen */
	size_t gpu_probes;		/* drivers of GPUs whose calls are, or were, timed, by process and file */
	bool gpu_timed;			/* they are, in all targets that have one */
	__u64 gpu_untimed_ns;		/* but for calls in this time at most, before a driver was seen */
	struct snapshot_thread *threads;
	size_t nr_threads;
	struct snapshot_neighbour *neighbours;	/* the longest waits first */
	size_t nr_neighbours;
	struct snapshot_event_loop *event_loops;	/* in no order */
	size_t nr_event_loops;
	__u64 more_event_loops;		/* for which there was no room */
	struct snapshot_slices slices;
	struct snapshot_awaiting *awaiting;	/* in no order */
	size_t nr_awaiting;
	__u64 await_looks;		/* at the tasks of asyncio; 0: none could be read */
	__u64 awaiting_others;		/* tasks at further places, over all looks */
	bool awaiting_more;		/* a process had more tasks than are read */
	double wait_scale;		/* factor by which waits were multiplied, because they were observed in on-periods */
	struct snapshot_frame *frames;	/* each function and line once */
	size_t nr_frames;
	struct snapshot_stack *stacks;	/* each stack once for the sections that were open */
	size_t nr_stacks;
	int frequency_hz;		/* of samples; 0: stacks were not sampled */
	unsigned int gpu_libraries;	/* a bit for each enum library_kind that a target had mapped, as far as samples showed */
	struct counters counters;
	/* Runs of programs that the kernel left out: at ends of threads; at forks and execs; at changes of memory. */
	__u64 missed_ends, missed_starts, missed_pages;
	/* Open sections, and threads that had lost some, for which the maps had no room at the start. */
	__u64 begun_missed, baselines_missed;
	__u64 disordered;		/* sections that ended before others that began later on the same thread, in the window */
	bool wall_known, memory_known;	/* false: this kernel does not report it, and the ledgers are empty */
	bool memory_estimated;		/* memory was observed in on-periods: ledgers are estimates, single calls unknown */
	double late_part;		/* about the last half of the time in which sections were active, as a part of it; 0: unknown */
	__s64 exit_release_bytes;	/* that targets gave back outside of sections after the last one, on their way to the exit */
	__s64 others_bytes;		/* growth of RSS that other tasks caused */
	__s64 growth_bytes[RSS_KINDS];	/* growth of RSS that the targets caused: anon, file, shmem */
	__s64 rss_start_bytes, rss_end_bytes, rss_peak_bytes;	/* of all targets; DCBS_UNKNOWN: unknown */
	__u64 profiler_bytes, maps_bytes, thread_bytes;	/* see struct dcbs_overhead; 0: unknown */
	__u64 answers, answers_ns;	/* to targets that asked for their own figures, and the time that they waited */
	double bpf_ns_per_flush;	/* mean run time of the flush program, measured by the kernel; NAN: unknown */
	double bpf_ns_per_switch;	/* the same for the programs of other events */
	double bpf_ns_per_waking;
	double bpf_ns_per_wakeup;
	double bpf_ns_per_rss_event;
	double bpf_ns_per_tick;
	double bpf_ns_per_sample;
	double ns_per_call;		/* cost of the probes for a call of a --section function, by the governor's measure; NAN: unknown */
	double ns_per_gpu_call;		/* the same for a timed call of a GPU's driver */
	double ns_per_gpu_launch;	/* the same for a launch in a census */
	double probe_added_ns;		/* by which the probes of a --section function make a timed call longer, at most; NAN: unknown */
	double trap_ns;			/* cost of a hit of the probe, measured at the start on our own copy of it; NAN: unknown */
	double trace_ns;		/* cost of a trace point with a program, besides the program's run time */
	double clock_read_ns;		/* cost of a read of CLOCK_MONOTONIC, measured at the start; NAN: unknown */
	double page_touch_ns;		/* CPU time of a page's first touch, measured at the start in our memory; 0, NAN: unknown */
	char **notes;
	size_t nr_notes;
	char **reduced;			/* notes of the reductions that kept the cost within the budget */
	size_t nr_reduced;
};

/* Adds a section. There must be fewer than BPFPROF_SECTIONS so far. Returns NULL if there is no memory. */
struct snapshot_section *snapshot_add_section(struct snapshot *snap, const struct section_name *name);

/* Returns the section of a name, or NULL. */
struct snapshot_section *snapshot_find_section(struct snapshot *snap, const struct section_name *name);

/* The same, but adds the section if it is new, as that of a first call which is still open. Returns NULL if there is no room. */
struct snapshot_section *snapshot_get_section(struct snapshot *snap, const struct section_name *name);

/* Returns the index of one of the snapshot's sections. */
__u16 snapshot_section_index(const struct snapshot *snap, const struct snapshot_section *section);

void snapshot_free_frame(struct snapshot_frame *frame);	/* its names */
void snapshot_free_marks(struct slice_marks *marks);	/* NULL: nothing to do */
void snapshot_free(struct snapshot *snap);

#endif
