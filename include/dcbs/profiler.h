/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * <dcbs/profiler.h> - the library behind the command dcbs-bpfprof: profiles running processes and returns reports.
 *
 *     struct dcbs_options opts = DCBS_OPTIONS_DEFAULT;
 *     struct dcbs_profiler *prof;
 *     struct dcbs_report *report;
 *     char *text;
 *
 *     opts.pids = &pid; opts.nr_pids = 1;
 *     if (dcbs_profiler_open(&prof, &opts))
 *             errx(1, "%s", dcbs_profiler_error());
 *     sleep(10);
 *     if (!dcbs_profiler_snapshot(prof, &report)) {
 *             text = dcbs_report_text(report, 0);
 *             puts(text ? text : "no memory");
 *             free(text);
 *             dcbs_report_free(report);
 *     }
 *     dcbs_profiler_close(prof);
 *
 * A run of more than a few seconds calls dcbs_profiler_poll() in a loop instead of sleep().
 *
 * Functions that return int return 0 or a negative errno unless their comment differs; dcbs_profiler_error() then
 * returns one line that says what is wrong and what to do. Linux 6.1 or later is needed, and root or CAP_BPF,
 * CAP_PERFMON and CAP_SYS_PTRACE. A profiler must be used by one thread at a time. A report does not refer to the
 * profiler that made it.
 *
 * Units: durations are seconds (_s) as double unless a name ends in _ns, sizes are bytes (_bytes), shares are 0..1 or more
 * where several threads add up. An unknown double is NAN, an unknown integer DCBS_UNKNOWN; 0 means that 0 was measured.
 *
 * The window is the measured interval: from dcbs_profiler_open() or the last dcbs_profiler_clear() to
 * dcbs_profiler_stop(), or to the snapshot while the profiler runs. A section is a named span of a target's code; a call
 * is one entry and exit of it. The target measures the duration of each call itself, with two reads of CLOCK_MONOTONIC.
 */
#ifndef DCBS_PROFILER_H
#define DCBS_PROFILER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "dcbs/results.h"

#ifdef __cplusplus
extern "C" {
#endif

struct dcbs_profiler;

/*
 * A function without a marker that becomes a section, as with --section NAME=BINARY:FUNCTION or NAME=python:QUALNAME. A
 * native function is timed by probes, a Python function from samples of the stack.
 */
struct dcbs_native_section {
	const char *name;
	const char *binary;	/* a path as the target sees it, or the base name of a file that it has mapped; "python" */
	const char *function;	/* a symbol, mangled or demangled; for Python module.qualname, or the qualname alone */
	/*
	 * NULL, or the name of a list that the function is from: one of many that a program may have or not. A function that it does not have is
	 * no error then, and the report has one note for all of the list.
	 */
	const char *preset;
};

/* A package for which there is a preset. */
struct dcbs_package {
	const char *preset;		/* as after --sections */
	const char *const *paths;	/* a process that has a file with one of them in its path has loaded the package */
	size_t nr_paths;
};

struct dcbs_options {
	const pid_t *pids;		/* the targets */
	size_t nr_pids;
	const struct dcbs_native_section *sections;	/* must stay valid until dcbs_profiler_close() */
	size_t nr_sections;
	const struct dcbs_package *packages;	/* the report proposes their presets if there are no sections; valid until dcbs_profiler_close() */
	size_t nr_packages;
	int frequency_hz;		/* stacks per second and running thread; 0: no stacks are sampled */
	double threshold_s;		/* a section or cache that took this time or more is a bottleneck */
	int slowest;			/* calls of each section that are reported one by one, the slowest ones, up to 50 */
	bool return_probes;		/* time native functions by return probes: cheaper, but see the manual page */
	bool no_gpu_probes;		/* waits for GPUs are known from samples alone, and their drivers are not probed */
	bool children;			/* the profiler follows processes that the targets fork, and theirs */
	double max_overhead_percent;	/* of one CPU, for all targets together; 100 or more: no limit */
	/*
	 * When everything else has been reduced and the markers alone exceed the limit: true ends the run,
	 * see dcbs_profiler_poll(); false keeps counting all sections.
	 */
	bool end_over_budget;
	/*
	 * The command that the last of `pids` is about to execute, which names that target in the report. The caller holds
	 * the process back until dcbs_profiler_open() has returned. NULL: all targets already run their program.
	 */
	char *const *argv;
};

#define DCBS_OPTIONS_DEFAULT { .frequency_hz = 99, .threshold_s = 1.0, .slowest = 5, .max_overhead_percent = 1.0 }

/* A running process that carries markers. */
struct dcbs_process {
	pid_t pid;
	int64_t names;		/* of sections and caches, registered so far */
	char *command;		/* valid UTF-8 without control characters */
	uid_t uid;		/* its effective user; (uid_t)-1: unknown */
	double started_at;	/* Unix time; NAN: unknown */
};

/*
 * Lists the running processes that carry markers, by PID. Processes that this user may not inspect are left out. The list is
 * freed with dcbs_profiler_list_free().
 */
int dcbs_profiler_list(struct dcbs_process **list, size_t *nr);
void dcbs_profiler_list_free(struct dcbs_process *list, size_t nr);

/* Whether a driver's functions are on the stack while they run, so that samples tell waits from launches. */
enum dcbs_gpu_names { DCBS_GPU_NAMES_UNKNOWN, DCBS_GPU_NAMES_ON_STACK, DCBS_GPU_NAMES_NOT_ON_STACK };

/* A driver of a GPU, or a runtime above it, that a process has loaded. */
struct dcbs_gpu_driver {
	const char *library;	/* "libcuda", "libcudart", "libamdhip64", "libhsa-runtime64", "libze_loader" */
	char file[256];		/* base name; valid UTF-8 without control characters */
	enum dcbs_gpu_names names;
	int64_t timed;		/* functions that wait or copy and can be timed by probes; 0: none, only samples tell */
	int64_t stepped;	/* of these, functions that begin with an instruction that the kernel has to step over: about 10 times the cost */
};

/* Stores the drivers that the process has loaded. Returns their number, at most max, or -errno. */
int dcbs_profiler_gpu_drivers(pid_t pid, struct dcbs_gpu_driver *list, size_t max);

/*
 * Returns 1 if the process has loaded the package, by its mapped files and the words of its command; 0 if not as far as these tell; or
 * -errno.
 */
int dcbs_profiler_has_package(pid_t pid, const struct dcbs_package *package);

/*
 * Attaches to the targets and begins the window. When it returns 0, the targets' sections are being counted. Frequent errors:
 * -ESRCH: a target has ended; -EPERM: rights are missing; -EINVAL: an option is wrong; -ENOENT: there is no such function.
 */
int dcbs_profiler_open(struct dcbs_profiler **prof, const struct dcbs_options *opts);

/*
 * Does the profiler's periodic work: reads samples before the kernel's ring buffer is full, finds markers that are loaded
 * late, follows children, and keeps the cost within max_overhead_percent. Stores in *wait_ms after how many milliseconds it
 * should be called again at the latest. Returns 1 to continue; 0 if all targets have ended, or if the cost exceeds the limit
 * and end_over_budget is set.
 */
int dcbs_profiler_poll(struct dcbs_profiler *prof, int *wait_ms);

/* The time at which dcbs_profiler_poll() should be called again at the latest, CLOCK_MONOTONIC nanoseconds. */
uint64_t dcbs_profiler_due_ns(const struct dcbs_profiler *prof);

/*
 * Changes the periods of the sampling ticks at random, if it is time, so that no loop of a target is in step with them. Returns the
 * time at which it should be called again, CLOCK_MONOTONIC nanoseconds. dcbs_profiler_poll() does the same, which is often enough up
 * to 180 samples a second. Above, errors of figures that come from samples may be larger than stated without these calls.
 */
uint64_t dcbs_profiler_change_ticks(struct dcbs_profiler *prof);

/*
 * File descriptors that become readable when dcbs_profiler_poll() should be called earlier: a target has ended, a child was
 * forked, or the ring buffer of samples fills. Stores up to `max` of them and returns how many it stored. The set may change
 * with each poll.
 */
size_t dcbs_profiler_fds(const struct dcbs_profiler *prof, int *fds, size_t max);

/* The reason why dcbs_profiler_poll() returned 0; DCBS_ENDED_RUNNING before. */
enum dcbs_ended_by dcbs_profiler_ended_by(const struct dcbs_profiler *prof);

/*
 * Starts a child process that attaches probes in place of the caller from now on: at the places where probes have been, and at
 * the function of markers that are loaded later. After that the caller can give up the right to attach probes, before it
 * reads data that the targets have written. Only for one profiler at a time, and not with other threads that fork.
 */
int dcbs_profiler_confine(struct dcbs_profiler *prof);

/*
 * Called when a target has waited `ns` for an answer of the caller, such as a report of its own: this is a cost of profiling.
 * Returns the time from which on another answer is within the part of max_overhead_percent that answers have, CLOCK_MONOTONIC
 * nanoseconds.
 */
uint64_t dcbs_profiler_answered(struct dcbs_profiler *prof, uint64_t ns);

/* Ends the window: calls that end later are not counted. Reports have `by` as ended_by. */
void dcbs_profiler_stop(struct dcbs_profiler *prof, enum dcbs_ended_by by);

/* The PIDs of the targets, including targets that have ended. Stores up to `max` of them and returns how many it stored. */
size_t dcbs_profiler_pids(const struct dcbs_profiler *prof, pid_t *pids, size_t max);

/* Returns true if the numbers are sums over several processes. */
bool dcbs_profiler_is_sum(const struct dcbs_profiler *prof);

/* Writes one line for each target and one about the probes and maps. */
void dcbs_profiler_describe(const struct dcbs_profiler *prof, FILE *out);

/* Makes a report of the window so far. It is freed with dcbs_report_free(). */
int dcbs_profiler_snapshot(struct dcbs_profiler *prof, struct dcbs_report **report);

/* Discards all numbers so far: the window begins anew. */
int dcbs_profiler_clear(struct dcbs_profiler *prof);

/* Detaches and frees the profiler. NULL is allowed. */
void dcbs_profiler_close(struct dcbs_profiler *prof);

/* The message of the last error in this thread: one line, valid until the thread's next error. */
const char *dcbs_profiler_error(void);

/* The section or cache of that name; NULL if the report has none. */
const struct dcbs_section *dcbs_report_section(const struct dcbs_report *report, const char *name);
const struct dcbs_cache_summary *dcbs_report_cache(const struct dcbs_report *report, const char *name);

/*
 * The report as text of `width` columns (0: 100, and more where a name needs it), and as a JSON document. To be freed with free();
 * NULL: no memory.
 */
char *dcbs_report_text(const struct dcbs_report *report, int width);
char *dcbs_report_json(const struct dcbs_report *report);

/*
 * Reads a saved JSON document, plain or compressed with gzip. -EINVAL: it is not one, or has another schema; -EFBIG: it is larger
 * than 256 MiB, decompressed; other errors are those of reading the file.
 */
int dcbs_report_load(struct dcbs_report **report, const char *path);

/* NULL is allowed. */
void dcbs_report_free(struct dcbs_report *report);

#ifdef __cplusplus
}
#endif

#endif
