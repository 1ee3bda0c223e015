/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * results.h - the results of a profile, as <dcbs/profiler.h> returns them.
 *
 * Times are seconds, sizes are bytes. A double that is unknown is NAN, an integer DCBS_UNKNOWN.
 */
#ifndef DCBS_RESULTS_H
#define DCBS_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "dcbs/sections.h"

#define DCBS_SCHEMA 1			/* of the report and of its JSON document */

enum dcbs_ended_by {
	DCBS_ENDED_RUNNING,	/* it has not ended */
	DCBS_ENDED_DURATION,	/* the caller's time was up */
	DCBS_ENDED_SIGNAL,	/* a signal asked the caller to stop */
	DCBS_ENDED_TARGET_EXIT,	/* all targets have ended */
	DCBS_ENDED_COST,	/* the markers cost more than the limit, see end_over_budget */
};

/* A cache, by what the target reported of it. */
struct dcbs_cache_summary {
	char *name;		/* valid UTF-8 without control characters */
	double hit_rate;	/* 0..1; NAN without an access */
	int64_t total_accesses, hits, misses;
	double mean_s, min_s, max_s, p50_s, p90_s, p95_s, p99_s;	/* of an access, hit or miss; percentiles within 1.1 % */
	double current_size_bytes, max_size_bytes, mean_size_bytes;	/* NAN: the target reported no size */
};

/* A model's forward passes or generations, added up. count 0: there were none, and renderers leave the group out. */
struct dcbs_model_times {
	int64_t count;		/* calls that began and ended in the window */
	double mean_s, min_s, max_s, total_s;	/* of those calls */
	int64_t tokens;		/* that the target reported; DCBS_UNKNOWN: none */
	double tokens_per_s;	/* tokens by the total time of the sections, calls that began before the window included */
};

struct dcbs_model_summary {
	struct dcbs_model_times forward_pass, generation;
	double peak_memory_bytes, mean_memory_bytes, min_memory_bytes;	/* RSS at the ends of those calls; NAN: unknown */
};

/*
 * A section or cache that took threshold_s or more, or a section with a leak of at least 64 MiB. A section over the
 * threshold that also leaks has two entries.
 */
struct dcbs_bottleneck {
	char *section;		/* its name, or that of the cache */
	double total_s;		/* of the section; of DCBS_OUTSIDE the judged part; of a cache the least that its misses took */
	double share;		/* total_s / duration_s; above 1 if several threads were in it; NAN: unknown */
	enum dcbs_cause cause;
	char *evidence;		/* one line: the numbers that support the cause. NULL: none */
	char *suggestion;	/* one line: what usually helps. NULL: none */
};

/* A line of a function, including calls that it makes. */
struct dcbs_line {
	int64_t line;
	int64_t samples;	/* ticks that found a thread running in it; 0: only waits were sampled there */
};

/*
 * A function within a section, from samples of the stack. A Python function is its file, first line and qualname; a native one
 * its file and name, and its first line where debug information has it. The exact time of the section, by running and by each kind of
 * wait, is divided among its samples: the self times of a section's functions add up to its total_s, whatever the number
 * of samples. A recursive function counts once per stack. The 200 functions of a section with the largest cumulative_s
 * have entries; the others are added up in one, "(N more)", whose cumulative fields are NAN and DCBS_UNKNOWN.
 */
struct dcbs_function {
	char *section;
	char *function;		/* "(unknown)": its name could not be read; "(function not sampled)": time without a sample */
	char *file;		/* of source or object; NULL: unknown */
	int64_t line;		/* of its definition, the same in each section; DCBS_UNKNOWN */
	int64_t calls;		/* always DCBS_UNKNOWN: samples do not count calls */
	double self_s, cumulative_s;	/* running and waiting: in the function itself, and including calls it made */
	double self_cpu_s, cumulative_cpu_s;	/* the part spent running */
	double self_off_s, cumulative_off_s;	/* the part spent waiting */
	int64_t self_samples, cumulative_samples;	/* ticks while running that found it innermost; anywhere */
	double self_error_s, cumulative_error_s;	/* standard deviations of both times, as far as they are of ticks; NAN: of none */
	double share_bound;	/* a share of the section's ticks is within that much of the truth in 19 of 20 cases; NAN: it has none */
	bool python;		/* false: native */
	struct dcbs_line *lines;	/* up to 8 lines of it with the most time in the section, the hottest first */
	size_t nr_lines;
};

/* A whole stack within a section, for flame graphs. A stack that ran and waited has one entry for each cause. */
struct dcbs_stack {
	char *section;		/* the innermost open section, or DCBS_OUTSIDE */
	double cpu_s, off_s;	/* the time that it stands for, of self_s of the section; one of them is 0 */
	enum dcbs_cause cause;	/* of off_s; DCBS_CAUSE_CPU: it ran for cpu_s */
	int64_t samples;	/* ticks that found it running */
	size_t nr_frames;
	uint32_t *frames;	/* indexes of the report's frames, outermost first */
};

/* A function at a line. */
struct dcbs_frame {
	char *function;		/* "(unknown)": its name could not be read */
	char *file;		/* NULL: unknown */
	int64_t line;		/* DCBS_UNKNOWN */
	int64_t first_line;	/* of the function's definition; DCBS_UNKNOWN */
	bool python;		/* false: native */
};

/* An operator of PyTorch on the stacks of a section. */
struct dcbs_operator {
	char *section;		/* the innermost open section, or DCBS_OUTSIDE */
	char *name;		/* "aten::linear"; with its overload: "aten::add_Tensor" */
	double self_s, cumulative_s;	/* running and waiting: while it was the innermost operator; including those that it called */
	double self_error_s;	/* standard deviation of self_s, as far as it is of ticks; NAN: of none */
	int64_t self_samples;	/* ticks while running that found it innermost */
};

/* The machine that the profiler ran on. */
struct dcbs_host {
	char *name, *kernel, *cpu;	/* host name, release of the kernel, model of the CPU; NULL: unknown */
	int64_t cpus;		/* that were online; DCBS_UNKNOWN */
	double cpu_limit;	/* CPUs that the CPU quota of the first target's cgroups allows; NAN: there is none, or it is unknown */
	char *libbpf;		/* version of the library; NULL: unknown */
};

/* A process that was profiled. */
struct dcbs_target {
	pid_t pid;
	char *comm, *command;	/* valid UTF-8 without control characters; "" if the command is unknown */
	double started_at;	/* Unix time */
	bool markers;		/* the marker library was found in it */
	pid_t parent;		/* of a followed child; 0: a target that was given */
	double ended_at;	/* of a followed child that has ended, Unix time; NAN for all others */
	int64_t exit_status;	/* with which it ended; DCBS_UNKNOWN: it runs, was killed by a signal, or its end was not observed */
	int64_t signal;		/* that killed it; DCBS_UNKNOWN: it was not killed, or that was not observed */
	int64_t rank;		/* in a distributed run, by its environment when it was executed; DCBS_UNKNOWN: that names none */
	int64_t sections;	/* calls that began and ended in the window */
	double sections_s;	/* time of its threads in sections, each moment counted once */
};

/* A process that ran on a CPU while threads of the targets waited for that CPU. */
struct dcbs_neighbour {
	pid_t pid;
	char *comm;		/* valid UTF-8 without control characters */
	double cpu_share;	/* of the time that all such processes ran meanwhile */
	bool is_target;		/* their own threads compete */
};

/*
 * A function that held an event loop, by samples: the innermost one of Python on the stack, while it computed or waited for
 * something else than the loop's files.
 */
struct dcbs_loop_holder {
	char *function, *file;	/* file NULL: unknown */
	int64_t line;		/* of its definition; DCBS_UNKNOWN */
	int64_t hot_line;	/* on which most samples found it; DCBS_UNKNOWN */
	double held_s, error_s;	/* the part of the loop's held_s, and its standard deviation */
	double share;		/* held_s by that of the loop */
	double step_s;		/* the longest that a step had lasted when a sample found it in the function; NAN: unknown */
};

/*
 * A thread that runs an event loop: it has sections of coroutines, and waits for a set of files (epoll, select, poll). All figures
 * are of the time in which such sections were open. The loop is held from the end of such a wait to the beginning of the next one.
 * A wait that finds a file ready returns at once. The scheduler does not see that, and two holds count as one: holds are no shorter
 * than the truth.
 *
 * A step is the running of one callback. It is known where CPython counts the changes of the current context: if ticks find the
 * same count, one step goes on. step_max_s is no longer than the truth, and at most step_error_s shorter.
 */
struct dcbs_event_loop {
	pid_t pid, tid;
	char *name;		/* the thread's comm */
	double held_s, waited_s;
	/* Parts of waited_s by what ended the wait. The rest was for something else, or has not ended. NAN: unknown. */
	double network_s;	/* a socket */
	double timer_s;		/* the limit of time, which is that of the next timer, such as asyncio.sleep() */
	double thread_s;	/* another thread of the process, such as that of run_in_executor() */
	double pipe_s;		/* a pipe, or the end of a child process */
	double busy_share;	/* held_s by the sum of both */
	double in_flight;	/* mean number of coroutines with an open section */
	int64_t in_flight_most;	/* the most that a tick or a switch found */
	int64_t holds;		/* that ended in the window */
	double hold_p50_s, hold_p99_s, hold_max_s;	/* within 10 % but for the maximum; NAN: there are none */
	int64_t hold_in_flight;	/* coroutines at the end of the longest hold; DCBS_UNKNOWN */
	double step_max_s, step_error_s;	/* NAN: unknown */
	int64_t step_in_flight;	/* coroutines during the longest step, itself included; DCBS_UNKNOWN */
	struct dcbs_loop_holder *holders;	/* by held_s, largest first; at most 8 */
	size_t nr_holders;
};

/* The slices of the window, of about the same length. They get longer with the window, so that there are at most 120. */
struct dcbs_slices {
	size_t nr;		/* 0: unknown */
	double width_s;		/* of a slice; single ones may be shorter or longer if the profiler was kept from its CPU */
	double *end_s;		/* end of each slice after the start of the window */
	int64_t *rss_bytes;	/* RSS of all targets at the end of each; DCBS_UNKNOWN */
	int64_t left_out;	/* sections with exact times that have no slices: only those with the most time have */
};

/*
 * Suspended tasks of asyncio at one line, read from outside some times a second. CPython 3.14. The line is that of the innermost
 * coroutine whose file is not in a directory `asyncio`; `inner` is the innermost coroutine of all, which may be the same.
 */
struct dcbs_awaiting {
	char *function, *file;	/* file NULL: unknown */
	int64_t line;		/* DCBS_UNKNOWN */
	char *inner_function, *inner_file;
	int64_t inner_line;
	double tasks;		/* on average of all looks */
	int64_t most;		/* at one look */
};

/* The cost of profiling. Counts are of the window. */
struct dcbs_overhead {
	/*
	 * Time that profiling took from the targets, by duration_s: 1 is one CPU. Computed as the number of events times
	 * the cost of one: the run time of the BPF programs, which the kernel measures during the run, and the probe's trap,
	 * which was measured at the start. Probes of --section are priced as the governor of --max-overhead prices them. NAN: unknown.
	 */
	double target_cpu_share;
	int64_t flushes;	/* hits of the markers' probe: a target's thread handed its records over */
	int64_t samples;	/* stacks taken; DCBS_UNKNOWN: sampling is off */
	int64_t switches;	/* context switches of the targets' threads */
	int64_t faults;		/* changes of RSS that were examined; DCBS_UNKNOWN: memory is unknown */
	double ns_per_flush;	/* of one hit: the trap and the BPF program; NAN: unknown */
	double ns_per_section;	/* flushes * ns_per_flush by the records that were read; NAN: unknown */
	int64_t profiler_rss_bytes;	/* the largest RSS of the process that runs the profiler; DCBS_UNKNOWN */
	int64_t maps_bytes;	/* of the BPF maps in the kernel, as allocated at the start; DCBS_UNKNOWN */
	int64_t thread_bytes;	/* that they take in addition for each thread of a target; DCBS_UNKNOWN */
	int64_t answers;	/* reports of their own that targets asked for; DCBS_UNKNOWN */
	double answers_s;	/* the time that they waited until these were built, a part of target_cpu_share; NAN: unknown */
	char **reduced;		/* one line each: what was reduced to keep the cost within the limit, when, and what that means */
	size_t nr_reduced;
};

/* Losses, each by its own counter. All 0: the counts of the report are complete. */
struct dcbs_lost {
	int64_t sections;	/* nested too deeply, without a begin, left by longjmp(), or ended before a child was probed */
	int64_t records;	/* finished calls that were overwritten, damaged or unreadable before they were read */
	int64_t samples;	/* stacks for which the kernel's ring buffer had no room */
	int64_t stacks;		/* samples whose Python frames could not all be read */
	int64_t names;		/* names that fit into no table; their sections are in "(other)" */
	int64_t processes;	/* children that were not followed, as too many were being followed */
};

/* A session that was merged into a report. */
struct dcbs_session {
	char *name;		/* of its file; valid UTF-8 without control characters */
	char *host;		/* NULL: unknown */
	pid_t pid;		/* of its first process; 0: it has none */
	int64_t processes;
	double started_at, duration_s;	/* its window */
	int64_t rss_start_bytes, rss_end_bytes, rss_peak_bytes;	/* DCBS_UNKNOWN */
};

/*
 * All results of a window, or of several sessions that were merged. Then duration_s is the sum of their windows, so that shares and
 * in_flight are means over them; counts, times and histograms are sums; and all that cannot be added up is unknown.
 *
 * The report owns all that it points to; dcbs_report_free() frees it.
 */
struct dcbs_report {
	int schema;		/* DCBS_SCHEMA */
	char *version;		/* of the profiler that measured */
	struct dcbs_target *targets;
	size_t nr_targets;
	int64_t more_targets;	/* followed children that have ended and are not in `targets`; their times are in the sections */
	struct dcbs_host host;
	double started_at;	/* the start of the window, Unix time */
	double duration_s;	/* of the window */
	enum dcbs_ended_by ended_by;
	struct dcbs_section *sections;	/* by total_s, largest first; DCBS_OUTSIDE, if known, is last */
	size_t nr_sections;
	struct dcbs_bottleneck *bottlenecks;	/* by total_s, largest first */
	size_t nr_bottlenecks;
	double threshold_s;	/* of the bottlenecks */
	struct dcbs_function *functions;	/* in the order of `sections`, then by cumulative_s, largest first */
	size_t nr_functions;
	struct dcbs_operator *operators;	/* in the order of `stacks`, then by self_s, largest first */
	size_t nr_operators;
	struct dcbs_frame *frames;
	size_t nr_frames;
	struct dcbs_stack *stacks;	/* the stacks of a section stand together */
	size_t nr_stacks;
	int frequency_hz;	/* of the samples; 0: sampling was off */
	char **gpu_libraries;	/* drivers of GPUs that targets had mapped, as far as samples showed: "libcuda" */
	size_t nr_gpu_libraries;
	struct dcbs_gpu_memory gpu_memory;	/* of all targets; the self_ fields are unknown */
	int64_t gpu_frees_unknown;	/* calls that gave back memory that was taken before the window; DCBS_UNKNOWN: not observed */
	int64_t gpu_allocs_unfollowed;	/* of gpu_memory.allocs: too many at a time, or of a size or an address that makes no sense */
	struct dcbs_model_summary model;
	struct dcbs_cache_summary *caches;	/* by name */
	size_t nr_caches;
	struct dcbs_thread *threads;	/* by CPU time, largest first */
	size_t nr_threads;
	struct dcbs_outside *outside;	/* DCBS_OUTSIDE by process and role, by total_s, largest first */
	size_t nr_outside;
	struct dcbs_neighbour *neighbours;	/* by cpu_share, largest first; at most 16 */
	size_t nr_neighbours;
	struct dcbs_event_loop *event_loops;	/* by in_flight and their time, largest first */
	size_t nr_event_loops;
	int64_t more_event_loops;	/* for which there was no room */
	struct dcbs_awaiting *awaiting;	/* by tasks, largest first */
	size_t nr_awaiting;
	int64_t await_looks;		/* at the tasks of asyncio; DCBS_UNKNOWN: they cannot be read */
	double awaiting_others;		/* suspended tasks at places that are not listed, on average */
	bool awaiting_more;		/* a process had more tasks than are read */
	double ledger_cpu_s, kernel_cpu_s;	/* of all threads: wall_s less waits, and the kernel's account; NAN: unknown */
	int64_t rss_start_bytes, rss_end_bytes, rss_peak_bytes;	/* of all targets together; DCBS_UNKNOWN */
	/*
	 * Growth of RSS by its origin: sections_bytes + outside_bytes + others_bytes + unexplained_bytes is
	 * rss_end_bytes - rss_start_bytes. DCBS_UNKNOWN: this kernel has no events for it.
	 */
	int64_t sections_bytes, outside_bytes;	/* by the targets' threads, in sections and outside of all */
	int64_t others_bytes;		/* by other tasks, mostly the kernel's reclaim; and by children that came and ended */
	int64_t unexplained_bytes;
	/*
	 * Part of outside_bytes, and negative or 0: given back after the last section, when the targets ended. It is no release of
	 * memory that a section keeps.
	 */
	int64_t exit_bytes;
	double late_part;		/* about 0.5: the part of the time with sections that late_growth_bytes is of; NAN: unknown */
	double page_touch_s;		/* CPU time of a page's first touch in the profiler, measured at the start; NAN: unknown */
	bool memory_estimated;		/* sections' faults and growth are estimates, of single calls nothing is known */
	struct dcbs_slices slices;
	struct dcbs_overhead overhead;
	struct dcbs_lost lost;
	char **notes;			/* one line each: what could not be measured, and why */
	size_t nr_notes;
	struct dcbs_session *sessions;	/* that were merged; NULL: the report is of one session */
	size_t nr_sessions;
};

#endif
