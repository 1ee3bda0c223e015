/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * sections.h - the results of a profile by section and by thread; <dcbs/results.h> has the others.
 *
 * Times are seconds, sizes are bytes. A double that is unknown is NAN, an integer DCBS_UNKNOWN.
 */
#ifndef DCBS_SECTIONS_H
#define DCBS_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DCBS_UNKNOWN INT64_MIN
#define DCBS_OUTSIDE "(outside)"	/* the section for the threads' time outside of all sections; its count is DCBS_UNKNOWN */

enum dcbs_cause {
	DCBS_CAUSE_UNKNOWN,
	DCBS_CAUSE_CPU,		/* computing */
	DCBS_CAUSE_RUNQUEUE,	/* runnable, but without a CPU */
	DCBS_CAUSE_GIL,		/* waiting for Python's interpreter lock */
	DCBS_CAUSE_LOCK,	/* waiting for another thread: a mutex, a condition, a join */
	DCBS_CAUSE_DISK,
	DCBS_CAUSE_NETWORK,
	DCBS_CAUSE_FAULT,	/* waiting for a page from the disk */
	DCBS_CAUSE_SLEEP,
	DCBS_CAUSE_GPU,
	DCBS_CAUSE_THROTTLED,	/* runnable, but the CPU quota was used up */
	DCBS_CAUSE_STEAL,	/* running, but a hypervisor had the CPU */
	DCBS_CAUSE_OTHER,
	DCBS_CAUSE_MEMORY_GROWTH,	/* page faults of memory that stayed, or a leak */
	DCBS_CAUSE_MEMORY_CHURN,	/* page faults of memory that came and went */
	DCBS_CAUSE_CACHE,		/* misses of a cache */
	DCBS_CAUSE_SPIN,		/* running, but only to wait for other threads */
	DCBS_CAUSE_COLLECTIVE,		/* waiting for another rank in a collective operation */
	DCBS_CAUSE_AWAIT,		/* a coroutine that is suspended */
	DCBS_CAUSE_LOOP,		/* the same, while other coroutines held the event loop */
	DCBS_CAUSE_CPU_OR_GPU,		/* running in the driver of a GPU, for which nothing tells whether it waits or works */
};

/* Bucket `index` counts durations in (2^(index/32), 2^((index+1)/32)] ns; in a struct dcbs_spread it is wider, see there. */
struct dcbs_bucket {
	int32_t index;
	uint64_t count;
};

struct dcbs_histogram {
	uint64_t zero_count;		/* values of 0 */
	size_t nr_buckets;
	struct dcbs_bucket *buckets;	/* by ascending index, without empty ones */
};

/*
 * The time of a section by what its threads did. The kernel's scheduler events give each wait and its cause; cpu_s is the
 * rest, so it includes time in the kernel and page faults that need no disk. For checking, ledger_cpu_s and kernel_cpu_s of
 * the report compare the sum over all threads with the kernel's own account. The first group but worker_cpu_s adds up to
 * total_s of the section (in self_wall to self_s). All fields are NAN if waits are unknown.
 */
struct dcbs_wall {
	double cpu_s;		/* running */
	double worker_cpu_s;	/* besides: CPU time of threads without a section that a thread in this section had woken */
	double runqueue_s;	/* runnable, but without a CPU */
	double throttled_s;	/* the same, because its cgroup had used up its CPU quota; not in runqueue_s */
	double steal_s;		/* running, but a hypervisor had the CPU. 0 where the kernel does not know of it; it is part of cpu_s then */
	double gil_s;		/* a futex inside CPython's _PyRuntime: the interpreter lock */
	double lock_s;		/* another thread or process: any other futex, a file lock, a semaphore, an eventfd */
	double disk_s;		/* data of a file, or a block device */
	double network_s;	/* a socket, also in a set that is polled: the file that ends the wait counts */
	double fault_s;		/* a page fault that waits for the disk */
	double sleep_s;		/* also a poll that lasted until its limit of time, a timer, and a wait for a signal */
	double gpu_s;		/* a system call on a device of a GPU; in sections also calls of its driver that spin, see struct dcbs_gpu */
	double other_s;
	/*
	 * Its flow was not the current one on its thread: a coroutine waited for its turn, or for what it awaits. Then cpu_s is an
	 * estimate, too, and await_s is what remains of the flow's time.
	 */
	double await_s;
	double residue_s;	/* 0 or negative: counters are read while they change, so waits may exceed the total */

	double sync_s;		/* part of disk_s: fsync() and its like */
	double pipe_s;		/* part of other_s */
	double child_s;		/* part of other_s: wait() for a child process, a pidfd, vfork() */
	double stopped_s;	/* part of other_s: stopped by a signal, a debugger or the freezer */
};

#define DCBS_WALL_FIELDS (sizeof(struct dcbs_wall) / sizeof(double))

/*
 * A section's figures in each slice of the window, see struct dcbs_slices; their sums are the section's figures. A call that is open
 * counts for the slices in which it is open, as far as the profiler sees it: it looks five times a second. A call counts in `count`
 * where it ends. A wait counts where it ends; what is longer than its slice is in those before.
 */
struct dcbs_section_slices {
	size_t nr;		/* that of struct dcbs_slices; 0: the section's are unknown */
	int64_t *count;
	double *total_s;
	/* Parts of total_s, by the place of the field in struct dcbs_wall, whose members are doubles. NULL: 0 in all, or unknown. */
	double *wall_s[DCBS_WALL_FIELDS];
};

/* One of the slowest calls of a section. */
struct dcbs_slow_call {
	double at_s;		/* its begin, after the start of the window */
	double duration_s;
	pid_t pid, tid;		/* the thread on which it ended */
	int64_t items;		/* that it reported; 0: none */
	bool flow;		/* it ran in a coroutine, or another flow than the thread's first one */
	struct dcbs_wall wall;	/* all NAN if this call's causes are not known: in a coroutine, or after more than 64 waits */
	char **frames;		/* functions of the last stack that was sampled in it, outermost first; NULL: there is none */
	size_t nr_frames;
};

/*
 * The time of a call as the window went on. A slow start and a trend are reported only where the slices of the window show it
 * beyond their own scatter (the chance to be wrong is about 1 in 200).
 */
struct dcbs_trend {
	double warm_up_s;	/* the first calls, up to this time after the start, took longer than any later; NAN: they did not */
	double warm_up_factor;	/* by how much a call took longer then than later */
	double change;		/* of a call's time, from the beginning to the end of over_s; 0.1: 10 % more; NAN: not established */
	double change_error;	/* its standard deviation */
	double over_s;		/* the rest of the window */
};

/*
 * The time of a section in the driver of a GPU, which spins while it waits. At level 1 probes time the calls that wait or copy. All other
 * time is known from samples: those whose innermost frames are in libcuda, libcudart, libamdhip64, libhsa-runtime64 or libze_loader. The
 * name of the outermost function there says what the call was for; older drivers have no names on the stack. x_error_s is the standard
 * deviation of x_s, which timed calls have no part in. Fields are NAN if the time is unknown, all of them if no such library was mapped.
 */
struct dcbs_gpu {
	double driver_s, driver_error_s;	/* wait_s, launch_s, alloc_s, other_s and unknown_s */
	double wait_s, wait_error_s;		/* wall.gpu_s: calls that wait for the GPU, and calls that copy */
	double copy_s, copy_error_s;		/* part of wait_s: calls that copy; they wait for work that was launched before them */
	double d2h_s, h2d_s;			/* parts of copy_s: to the host and to the GPU, as far as names tell */
	double launch_s, launch_error_s;	/* running in calls that launch work. They wait there, too, if the queue is full */
	double alloc_s, alloc_error_s;		/* running in calls for memory */
	double other_s, other_error_s;		/* running in other calls */
	double unknown_s, unknown_error_s;	/* running in calls without a name: it waits, launches or does something else */
	/* Parts of wait_s, which the kernel's account has as running, as waits for a CPU, for its quota, and as steal. */
	double spin_s, runqueue_s, throttled_s, steal_s;
};

/*
 * The timed calls of a section: those that wait for the GPU or copy. Counts and sizes are DCBS_UNKNOWN, and rates NAN, if calls are not
 * timed, or not any more.
 */
struct dcbs_gpu_calls {
	int64_t level;		/* 1: calls are timed; 0: samples alone tell; DCBS_UNKNOWN: no driver of a GPU was mapped */
	int64_t syncs;		/* calls that waited for the GPU, copies included; copies that were only begun are left out */
	int64_t syncs_idle;	/* of these, calls that returned within 20 us: the GPU had nothing left to do */
	int64_t h2d_bytes, d2h_bytes;	/* copied to the GPU and to the host; DCBS_UNKNOWN also if the arguments of some copy do not tell */
	double copy_gb_per_s;	/* 1e9 bytes a second of copy_s in struct dcbs_gpu; NAN also if there was no copy, or some were only begun */
	/* Launches of work, by samples of some milliseconds now and then, each with its standard deviation; NAN: too few, or none. */
	double launches_per_s, launches_error_per_s;	/* a second in the section */
	double launches_per_call, launches_error_per_call;
	double untimed_s;	/* calls were not timed for so long at most, before the profiler saw that a process had a driver; NAN at level 0 */
	double open_s;		/* the age of the oldest call that was open at the end, in this section as the innermost one; NAN: there was none */
};

/*
 * Memory of GPUs that was taken in the window while the section was open, by calls of the driver: what the program's own allocator hands
 * out of it is not seen. Memory belongs to the sections that were open when it was taken, whoever gives it back. DCBS_UNKNOWN: calls
 * for memory were not observed, or not all of the time.
 */
struct dcbs_gpu_memory {
	int64_t live_bytes;	/* taken and not given back; unknown also if there was too much to follow, likewise the next ones */
	int64_t peak_bytes;	/* the most that was live at a time */
	int64_t free_bytes;	/* given back */
	int64_t alloc_bytes;	/* taken */
	int64_t allocs, allocs_failed;	/* calls that took memory, and those that failed */
	/* Part of live_bytes: taken while it was the innermost section (pieces and bytes), and then in the second half of the window. */
	int64_t self_live_allocs, self_live_bytes, self_late_bytes;
	double growth_per_call_bytes;	/* live_bytes by the number of calls; NAN: unknown */
};

/*
 * A distribution over the calls whose value is above 0; percentiles are within 10 %. The kernel-side programs do not
 * examine every fault of a burst: if a section has a thousand page faults or more, up to 31 of its last ones, and at most
 * 3 % of all, may count for the next section of its thread.
 */
struct dcbs_spread {
	int64_t calls;		/* with a value above 0; DCBS_UNKNOWN: nothing is known of single calls */
	double p50, p90, p99, max;	/* NAN if calls is 0 or unknown */
	struct dcbs_histogram histogram;	/* bucket i: (2^(i/4), 2^((i+1)/4)] bytes or faults; zero_count: calls with 0 */
};

/*
 * The memory of a process that changed while the section was open on the thread that changed it; in self_memory while it was
 * the innermost one. The kernel's events for changes of RSS are the source. DCBS_UNKNOWN: this kernel does not have them.
 */
struct dcbs_memory {
	int64_t rss_delta_bytes;	/* growth of RSS; negative if the section released more than it touched */
	int64_t anon_delta_bytes, file_delta_bytes, shmem_delta_bytes;	/* its parts by kind of page; they add up to it */
	int64_t grown_bytes, shrunk_bytes;	/* pages that came, and pages that went */
	int64_t peak_delta_bytes;	/* the largest growth of RSS within one call; unknown in self_memory */
	int64_t minor_faults, major_faults;
	int64_t mapped_bytes, unmapped_bytes;	/* growth and shrinking of the address space */
	/*
	 * Pages that were shared with another process, as after fork(), until they were written: private memory grew and RSS did not.
	 * It is at most this; page faults that brought no page are taken for such writes.
	 */
	int64_t copied_bytes;
	/*
	 * Standard deviations of figures that are estimates, because memory was observed part of the time: see memory_estimated in struct
	 * dcbs_report. DCBS_UNKNOWN: the figures are exact.
	 */
	int64_t grown_error_bytes, shrunk_error_bytes, mapped_error_bytes, unmapped_error_bytes, minor_faults_error, major_faults_error;
};

/* The time of one process in a section. */
struct dcbs_process_time {
	pid_t pid;
	int64_t count;		/* calls that began and ended in the window; DCBS_UNKNOWN: the section is known from samples only */
	double mean_s;		/* of those calls; NAN: unknown */
	double total_s;		/* see struct dcbs_section */
	double mean_wait_s;	/* of the waits in the section, if it is known from samples only; NAN: unknown */
};

/* How far the processes that ran a section differ. */
struct dcbs_skew {
	int64_t processes;	/* that completed a call of it, or were sampled in it; below 2 there is nothing to compare */
	/* By mean_s; where that is unknown by mean_wait_s, else by total_s. All 0 if processes is 0. */
	struct dcbs_process_time slowest, fastest;
	double ratio;		/* of slowest to fastest; NAN: unknown */
};

/* How far the sessions that were merged differ in a section, by mean_s. */
struct dcbs_session_skew {
	int64_t sessions;	/* that have a mean of it; below 2 there is nothing to compare */
	/* Indexes of the report's sessions, and the means there. */
	size_t slowest, fastest;
	double slowest_mean_s, fastest_mean_s;
	double ratio;		/* of slowest to fastest; NAN: unknown */
};

/*
 * A section, added up over all threads and targets. Times and counts come from the markers in the target and are exact,
 * unless error_s is a number: then the section is a function without a marker and total_s, self_s and the waits are
 * estimated from samples of the stack.
 */
struct dcbs_section {
	char *name;		/* valid UTF-8 without control characters */
	/*
	 * The section around it: the innermost one that was open around it in every sample of the stack that met it. NULL: there is
	 * none, or that is not known.
	 */
	char *parent;
	int kind;		/* 1: section, 3: a model's forward pass, 4: a model's generation */
	int64_t count;		/* calls that began and ended in the window; an estimate or DCBS_UNKNOWN if error_s is a number */
	/*
	 * Time within the window that the section was open, over all flows, which are threads and the coroutines on them; recursion
	 * counts once. NAN: it is a function whose calls could not be timed within the budget, and which samples cannot see.
	 */
	double total_s;
	double self_s;		/* the part of total_s in which it was the innermost open section of its flow */
	double in_flight;	/* mean number of flows in which it was open: total_s / duration_s of the report */
	/*
	 * The most calls that were open at once, as far as the profiler saw it: it looks some times a second, so this is a lower bound.
	 * It is never below in_flight, rounded up. DCBS_UNKNOWN: the section is known from samples only.
	 */
	int64_t in_flight_most;
	double mean_s, min_s, max_s;			/* of the calls in `count`; NAN if there are none */
	double p50_s, p90_s, p95_s, p99_s, p999_s;	/* likewise, within 1.1 % */
	int64_t open;		/* calls still open at the end of the window */
	int64_t unreturned;	/* of count: calls of a --section function that ended by an exception, longjmp() or with their thread; not timed */
	int64_t open_at_start;	/* calls that began before the window and ended in it: in total_s, not in count */
	int64_t errors;		/* calls that the target marked as failed */
	int64_t cancelled;	/* calls that were left because their task was cancelled, which is no error; DCBS_UNKNOWN: it is not known */
	int64_t items;		/* that the target reported; DCBS_UNKNOWN: none */
	double items_per_s;	/* items / total_s */
	/*
	 * The time that profiling added to total_s, estimated: two clock reads and a part of a flush for each call, and of
	 * all other cost a part in proportion to self_s. NAN: unknown.
	 */
	double profiling_s;
	double profiling_per_call_s;	/* profiling_s / count */
	double error_s;		/* standard deviation of total_s; NAN: total_s is exact */
	double cpu_error_s;	/* standard deviation of wall.cpu_s, wall.await_s and wall.gpu_s; NAN: they are as exact as total_s */
	/*
	 * The part of self_wall.cpu_s that ticks found in page faults which the section's own code met, and its standard deviation. Faults
	 * within system calls are not in it. NAN: no tick.
	 */
	double fault_cpu_s, fault_cpu_error_s;
	/* Time of samples that lack frames and do not show the function: total_s may be more by it. NAN: total_s is exact. */
	double unseen_s;
	struct dcbs_histogram histogram;	/* of the calls' durations */
	struct dcbs_wall wall, self_wall;	/* total_s and self_s by cause */
	struct dcbs_gpu gpu;
	struct dcbs_gpu_calls gpu_calls;
	struct dcbs_gpu_memory gpu_memory;
	struct dcbs_memory memory, self_memory;
	/*
	 * Growth in self_memory in the last part of the window, see late_part in struct dcbs_report. A leak grows there as before.
	 * DCBS_UNKNOWN: it was not observed.
	 */
	int64_t late_growth_bytes;
	struct dcbs_spread growth;	/* growth of RSS by call, bytes; calls that shrank it are left out */
	struct dcbs_spread faults;	/* page faults by call */
	struct dcbs_skew skew;
	struct dcbs_section_slices slices;
	struct dcbs_trend trend;
	struct dcbs_slow_call *slowest;	/* the slowest first */
	size_t nr_slowest;
	struct dcbs_session_skew session_skew;	/* all 0 in a report of one session */
};

/* A thread of a target, or those of it that have ended and are alike, added up. Its wall adds up to wall_s. */
struct dcbs_thread {
	pid_t pid, tid;		/* tid 0: ended threads of `pid`, without its main thread; both 0: threads of children that have ended */
	char *name;		/* its comm */
	int64_t threads;	/* how many this stands for */
	bool sections;		/* it had a section open in the window */
	/* It never had a section and was active for less than 1 % of its time, as a pool's spare thread: not in DCBS_OUTSIDE. */
	bool idle;
	double wall_s;		/* the part of the window in which it existed; NAN: unknown */
	double kernel_cpu_s;	/* its CPU time in the window by the kernel's account (sum_exec_runtime) */
	struct dcbs_wall wall;	/* worker_cpu_s is here a part of cpu_s: the time that was charged to other threads' sections */
};

/* Roles of threads of a process. */
enum dcbs_role {
	DCBS_ROLE_MAIN,		/* its main thread */
	DCBS_ROLE_SECTIONS,	/* other threads that may have had sections */
	DCBS_ROLE_POOL,		/* other threads, which had none */
	DCBS_ROLE_HELPER,	/* all threads of a child without sections */
	DCBS_ROLE_ENDED,	/* all threads of all children that have ended */
};

/* The time of threads of a process outside of all sections. Those of one role are added up. Idle threads are in none. */
struct dcbs_outside {
	pid_t pid;		/* 0: children that have ended */
	enum dcbs_role role;
	int64_t threads;
	double wall_s;		/* the part of the window in which they existed, added up */
	double total_s;		/* the part of DCBS_OUTSIDE that is theirs; NAN: only the waits are known */
	/*
	 * total_s is at most that much off: the running time outside of sections is known for DCBS_ROLE_MAIN and DCBS_ROLE_SECTIONS
	 * together. NAN: total_s is exact.
	 */
	double error_s;
	struct dcbs_wall wall;	/* total_s by cause */
};

#endif
