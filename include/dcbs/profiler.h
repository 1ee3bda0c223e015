/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * <dcbs/profiler.h> - the library behind the command dcbs-bpfprof.
 *
 *     struct dcbs_options opts = DCBS_OPTIONS_DEFAULT;
 *     struct dcbs_profiler *prof;
 *     struct dcbs_report *report;
 *
 *     opts.pids = &pid; opts.nr_pids = 1;
 *     if (dcbs_profiler_open(&prof, &opts))
 *             errx(1, "%s", dcbs_profiler_error());
 *     sleep(10);
 *     if (!dcbs_profiler_snapshot(prof, &report)) {
 *             puts(dcbs_report_text(report, 0));
 *             dcbs_report_free(report);
 *     }
 *     dcbs_profiler_close(prof);
 *
 * Functions return 0 or a negative errno; dcbs_profiler_error() then has one line that says what is
 * wrong and what to do. Needs root, or CAP_BPF, CAP_PERFMON and CAP_SYS_PTRACE. A profiler is used from one
 * thread at a time; a report is independent of it.
 *
 * Units: durations are seconds (_s) as double, sizes bytes (_bytes), shares 0..1. What was not
 * measured is NAN, or DCBS_UNKNOWN for integers; it is never 0.
 */
#ifndef DCBS_PROFILER_H
#define DCBS_PROFILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DCBS_UNKNOWN INT64_MIN
#define DCBS_SCHEMA 1
#define DCBS_OUTSIDE "(outside)"	/* the section that stands for the time outside of all; its count is unknown */

struct dcbs_profiler;

/* A function that carries no marker, as a section: --section NAME=BINARY:FUNCTION, or NAME=python:QUALNAME. */
struct dcbs_native_section {
	const char *name;
	const char *binary;	/* path as the target sees it, or the name of a file it has mapped; "python" */
	const char *function;	/* symbol, plain or demangled; a Python function's module.qualname, or its qualname alone */
};

struct dcbs_options {
	const pid_t *pids;
	size_t nr_pids;
	const struct dcbs_native_section *sections;
	size_t nr_sections;
	int frequency_hz;		/* CPU sampling; 0: off */
	double threshold_s;		/* what counts as a bottleneck */
	bool children;			/* follow processes that the targets fork */
	double max_overhead_percent;	/* of one CPU; from 100 on there is no limit */
	bool end_over_budget;	/* if the markers alone cost more, the run is to end; otherwise they are counted all the same */
	char *const *argv;	/* the command that the last of pids will execute; it is held back until the profiler is open. NULL: none */
};

#define DCBS_OPTIONS_DEFAULT { .frequency_hz = 99, .threshold_s = 1.0, .max_overhead_percent = 1.0 }

enum dcbs_ended_by { DCBS_ENDED_RUNNING, DCBS_ENDED_DURATION, DCBS_ENDED_SIGNAL, DCBS_ENDED_TARGET_EXIT, DCBS_ENDED_COST };

enum dcbs_cause {
	DCBS_CAUSE_UNKNOWN, DCBS_CAUSE_CPU, DCBS_CAUSE_RUNQUEUE, DCBS_CAUSE_GIL, DCBS_CAUSE_LOCK, DCBS_CAUSE_DISK,
	DCBS_CAUSE_NETWORK, DCBS_CAUSE_FAULT, DCBS_CAUSE_SLEEP, DCBS_CAUSE_GPU, DCBS_CAUSE_OTHER,
	DCBS_CAUSE_MEMORY_GROWTH, DCBS_CAUSE_MEMORY_CHURN, DCBS_CAUSE_CACHE,
};

/* Bucket `index` counts durations in (2^(index/32), 2^((index+1)/32)] ns. */
struct dcbs_bucket {
	int32_t index;
	uint64_t count;
};

struct dcbs_histogram {
	uint64_t zero_count;
	size_t nr_buckets;
	struct dcbs_bucket *buckets;	/* by index, no empty ones */
};

/*
 * Where the time of a section went, seconds. All but worker_cpu_s and the parts in the second group add up to
 * the section's total_s (its self_s), up to residue_s. cpu_s is what is left when every moment in which the
 * scheduler had the thread off a CPU is taken away; the report's ledger_cpu_s and kernel_cpu_s hold it
 * against the kernel's own account. NAN: unknown.
 */
struct dcbs_wall {
	double cpu_s;
	double worker_cpu_s;	/* besides: CPU time that threads without a section burnt for it */
	double runqueue_s, gil_s, lock_s, disk_s, network_s, fault_s, sleep_s, gpu_s, other_s;
	double residue_s;

	double sync_s;		/* of disk_s: in fsync and its like */
	double pipe_s, child_s, stopped_s;	/* of other_s: a pipe, a child process, a signal or debugger */
};

/*
 * A distribution per call. Percentiles of calls that had any, within 10 %; calls 0: none had. After a section that has
 * faulted a thousand times and more, its last faults, 31 at most and 3 % of them, may count for the next one.
 */
struct dcbs_spread {
	int64_t calls;
	double p50, p90, p99, max;
	struct dcbs_histogram histogram;	/* bucket i: (2^(i/4), 2^((i+1)/4)] */
};

/* What a section did to memory. DCBS_UNKNOWN where the kernel does not tell. */
struct dcbs_memory {
	int64_t rss_delta_bytes;	/* growth of RSS by it; pages it gave back count against it */
	int64_t anon_delta_bytes, file_delta_bytes, shmem_delta_bytes;	/* of that */
	int64_t grown_bytes, shrunk_bytes;	/* its two parts: pages that came and pages that went */
	int64_t peak_delta_bytes;	/* the most that RSS grew within one call */
	int64_t minor_faults, major_faults;
	int64_t mapped_bytes, unmapped_bytes;	/* address space */
};

/* What one process has of a section. */
struct dcbs_process_time {
	pid_t pid;
	int64_t count;
	double mean_s;		/* of a call */
	double total_s;
};

/* A section that several processes had calls of: how far they are apart. */
struct dcbs_skew {
	int64_t processes;	/* less than 2: there is nothing to compare */
	struct dcbs_process_time slowest, fastest;	/* by the mean of a call */
	double ratio;		/* of their means; NAN: unknown */
};

struct dcbs_section {
	char *name;		/* valid UTF-8 without control characters */
	int kind;		/* enum dcbs_name_kind of bpfprof/target.h */
	int64_t count;		/* calls that ended in the window and began in it; with error_s an estimate, or DCBS_UNKNOWN */
	double total_s;		/* time open on any thread within the window, recursion counted once */
	double self_s;		/* of that, time as the innermost open section of its thread */
	double mean_s;		/* of a call, as are the following */
	double min_s, max_s;
	double p50_s, p90_s, p95_s, p99_s, p999_s;	/* within 1.1 % */
	int64_t open;		/* calls still open at the end */
	int64_t open_at_start;	/* calls that had begun before the window and ended in it */
	int64_t errors;
	int64_t items;		/* DCBS_UNKNOWN: the section reports none */
	double items_per_s;	/* per second of total_s */
	double profiling_s;	/* what profiling has added to total_s, about: clock reads, probes, and its share of the rest; NAN: unknown */
	double profiling_per_call_s;
	double error_s;		/* of total_s, where it comes from samples: a standard deviation. NAN: it is exact */
	struct dcbs_histogram histogram;
	struct dcbs_wall wall, self_wall;	/* of total_s and of self_s */
	struct dcbs_memory memory, self_memory;
	struct dcbs_spread growth;	/* bytes of RSS per call, of calls that grew it */
	struct dcbs_spread faults;	/* page faults per call */
	struct dcbs_skew skew;		/* of the processes that it ran in */
};

/* A thread of a target, or all that have ended. Its wall adds up to wall_s. */
struct dcbs_thread {
	pid_t pid, tid;		/* tid 0: those that have ended; pid 0, too: those of children that have */
	char *name;
	int64_t threads;
	bool sections;		/* it has had sections open */
	bool idle;		/* it hardly ran, and waited outside of sections: a pool's spare thread. It is not part of "(outside)" */
	double wall_s;		/* of the window, while the thread existed */
	double kernel_cpu_s;	/* the kernel's own account */
	struct dcbs_wall wall;	/* here worker_cpu_s is of cpu_s: what was charged to other threads' sections */
};

struct dcbs_cache_summary {
	char *name;
	double hit_rate;
	int64_t total_accesses, hits, misses;
	double mean_s, min_s, max_s, p50_s, p90_s, p95_s, p99_s;	/* of an access, hit or miss */
	double current_size_bytes, max_size_bytes, mean_size_bytes;
};

/* Times of a model's forward passes or generations. count 0: no data, the group is left out. */
struct dcbs_model_times {
	int64_t count;
	double mean_s, min_s, max_s, total_s;
	int64_t tokens;		/* generation only */
	double tokens_per_s;
};

struct dcbs_model_summary {
	struct dcbs_model_times forward_pass, generation;
	double peak_memory_bytes, mean_memory_bytes, min_memory_bytes;	/* RSS at the ends of those; NAN: no data */
};

struct dcbs_bottleneck {
	char *section;
	double total_s;
	double share;		/* of the window's wall time; above 1 where several threads were in it */
	enum dcbs_cause cause;
	char *evidence;		/* NULL: none */
	char *suggestion;	/* NULL: none */
};

/*
 * A function within a section, from samples of the stack. The samples share out the section's own exact
 * times: a section of 10 s is 10 s whatever the number of samples. A function that is on the stack more than
 * once counts once.
 */
struct dcbs_function {
	char *section;
	char *function;		/* "(unknown)": its name could not be read */
	char *file;		/* NULL: unknown */
	int64_t line;		/* first line that was seen; DCBS_UNKNOWN */
	int64_t calls;		/* DCBS_UNKNOWN: samples do not count calls */
	double self_s, cumulative_s;	/* running and waiting; cumulative_s is NAN for "(N more)", the sum of those left out */
	double self_cpu_s, cumulative_cpu_s;	/* of that, running */
	double self_off_s, cumulative_off_s;	/* of that, waiting in a call that it had made */
	int64_t self_samples, cumulative_samples;	/* ticks that found it running, innermost or anywhere */
	bool python;
};

/* A whole stack within a section, for flame graphs. */
struct dcbs_stack {
	char *section;		/* the innermost one, or "(outside)" */
	double cpu_s, off_s;	/* what it stands for */
	enum dcbs_cause cause;	/* of off_s; DCBS_CAUSE_CPU: it ran. A stack that did both is there for each */
	int64_t samples;	/* ticks that found it running */
	size_t nr_frames;
	uint32_t *frames;	/* index of the report's frames, outermost first */
};

struct dcbs_frame {
	char *function;		/* "(unknown)" */
	char *file;		/* NULL: unknown */
	int64_t line;		/* DCBS_UNKNOWN */
	bool python;
};

struct dcbs_target {
	pid_t pid;
	char *comm, *command;
	double started_at;	/* Unix time */
	bool markers;		/* the marker library was found in it */
	pid_t parent;		/* of a child that was followed to; 0: it was given */
	double ended_at;	/* of a child that has ended, Unix time; NAN: it runs, or was given */
	int64_t sections;	/* calls that ended in the window and began in it */
	double sections_s;	/* time in sections on its threads */
};

struct dcbs_overhead {
	double target_cpu_share;	/* of one CPU; NAN: unknown */
	int64_t flushes, samples, switches, faults;
	double ns_per_flush;	/* one hit of the marker's probe, trap and program */
	double ns_per_section;	/* ns_per_flush shared by the sections it carried */
	int64_t profiler_rss_bytes;	/* the most that the profiler itself has had resident */
	int64_t maps_bytes;	/* of its maps in the kernel, as they were made at the start ... */
	int64_t thread_bytes;	/* ... and what they take besides for each thread of a target that is met; DCBS_UNKNOWN all */
	char **reduced;		/* what was turned down to keep the cost within its limit: when, and what it means */
	size_t nr_reduced;
};

struct dcbs_lost {
	int64_t sections;	/* nested too deep to be timed, ended twice or never begun, left by longjmp, over before a child could be attached to */
	int64_t records;	/* finished sections that were overwritten, or damaged, before they could be read */
	int64_t samples;
	int64_t stacks;
	int64_t names;		/* names that did not fit; their sections are in "(other)" */
	int64_t processes;	/* children that were not followed, because too many were at the time */
};

struct dcbs_report {
	int schema;
	char *version;		/* of the tool that measured */
	struct dcbs_target *targets;
	size_t nr_targets;
	int64_t more_targets;	/* children that have come and gone besides those */
	double started_at;	/* of the window, Unix time */
	double duration_s;
	enum dcbs_ended_by ended_by;
	struct dcbs_section *sections;	/* by total_s, largest first; "(outside)" last if there */
	size_t nr_sections;
	struct dcbs_bottleneck *bottlenecks;	/* largest first */
	size_t nr_bottlenecks;
	double threshold_s;
	struct dcbs_function *functions;	/* by section, in the order of sections; within it by cumulative_s */
	size_t nr_functions;
	struct dcbs_frame *frames;
	size_t nr_frames;
	struct dcbs_stack *stacks;
	size_t nr_stacks;
	int frequency_hz;		/* of the samples; 0: none were taken */
	struct dcbs_model_summary model;
	struct dcbs_cache_summary *caches;
	size_t nr_caches;
	struct dcbs_thread *threads;	/* by CPU time, most first */
	size_t nr_threads;
	double ledger_cpu_s, kernel_cpu_s;	/* CPU time of all threads: by the ledger, and by the kernel's account */
	int64_t rss_start_bytes, rss_end_bytes, rss_peak_bytes;
	/* sections + outside + others + unexplained = end - start */
	int64_t sections_bytes, outside_bytes;	/* growth of RSS in sections, and outside of any */
	int64_t others_bytes;		/* by other tasks: reclaim, above all; and what came and went with children */
	int64_t unexplained_bytes;
	double page_touch_s;		/* CPU time of the first touch of a page on this machine; NAN: not measured */
	bool memory_estimated;		/* it was watched part of the time: sections' faults and growth are estimates, of calls nothing is known */
	struct dcbs_overhead overhead;
	struct dcbs_lost lost;
	char **notes;		/* one line each: what could not be seen, and why */
	size_t nr_notes;
};

/* A running process that carries markers. */
struct dcbs_process {
	pid_t pid;
	int64_t names;		/* of sections and caches, registered so far */
	char *command;		/* valid UTF-8 without control characters */
};

/* The processes that carry markers and that this user may look at, by PID; to be freed with dcbs_profiler_list_free(). */
int dcbs_profiler_list(struct dcbs_process **list, size_t *nr);
void dcbs_profiler_list_free(struct dcbs_process *list, size_t nr);

/* Attaches. When it returns, sections are being counted. */
int dcbs_profiler_open(struct dcbs_profiler **prof, const struct dcbs_options *opts);

/*
 * Looks after the session: takes samples before the kernel's ring is full, finds markers that are loaded late, follows
 * children, and keeps the cost within max_overhead_percent. *wait_ms: when it wants to be called again, at the latest.
 * 1: go on; 0: the targets have ended, or end_over_budget and it costs too much: there is nothing more to come.
 */
int dcbs_profiler_poll(struct dcbs_profiler *prof, int *wait_ms);

/* The same moment on CLOCK_MONOTONIC, in nanoseconds. */
uint64_t dcbs_profiler_due_ns(const struct dcbs_profiler *prof);

/*
 * Descriptors that become readable when dcbs_profiler_poll() should be called earlier: a target has ended, a child has
 * come, samples fill their ring. Stores at most `max` of them and returns how many; they may be others after each poll.
 */
size_t dcbs_profiler_fds(const struct dcbs_profiler *prof, int *fds, size_t max);

/* DCBS_ENDED_RUNNING until dcbs_profiler_poll() returns 0; then why it did. */
enum dcbs_ended_by dcbs_profiler_ended_by(const struct dcbs_profiler *prof);

/*
 * Starts a child process that attaches probes in place of the caller from now on: at the places where probes have been, and at
 * the function of markers that are loaded later. After that the caller can give up the right to attach probes, before it
 * reads data that the targets have written. Only for one profiler at a time, and not with other threads that fork.
 */
int dcbs_profiler_confine(struct dcbs_profiler *prof);

/* Closes the window: sections that end later are not counted, and a report says that it ended by `by`. */
void dcbs_profiler_stop(struct dcbs_profiler *prof, enum dcbs_ended_by by);

/* The targets, those included that have ended. Stores at most `max` of them and returns how many. */
size_t dcbs_profiler_pids(const struct dcbs_profiler *prof, pid_t *pids, size_t max);

/* Returns true if the figures are sums over several processes. */
bool dcbs_profiler_is_sum(const struct dcbs_profiler *prof);

/* Writes a line for each target and one for the probes. */
void dcbs_profiler_describe(const struct dcbs_profiler *prof, FILE *out);

/* The figures so far. */
int dcbs_profiler_snapshot(struct dcbs_profiler *prof, struct dcbs_report **report);

/* Forgets the figures so far: the window begins anew. */
int dcbs_profiler_clear(struct dcbs_profiler *prof);

void dcbs_profiler_close(struct dcbs_profiler *prof);

/* What went wrong last in this thread, one line. */
const char *dcbs_profiler_error(void);

/* The parts of a report by the name of a section or cache; NULL if there is none. */
const struct dcbs_section *dcbs_report_section(const struct dcbs_report *report, const char *name);
const struct dcbs_cache_summary *dcbs_report_cache(const struct dcbs_report *report, const char *name);

/* The report as people read it, and as a JSON document; to be freed. width: columns, 0: 80. NULL: no memory. */
char *dcbs_report_text(const struct dcbs_report *report, int width);
char *dcbs_report_json(const struct dcbs_report *report);

/* A saved JSON document. -EINVAL: it is none, or of another schema. */
int dcbs_report_load(struct dcbs_report **report, const char *path);

void dcbs_report_free(struct dcbs_report *report);

#ifdef __cplusplus
}
#endif

#endif
