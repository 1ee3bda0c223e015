/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * abi.h - shared by the BPF programs and the profiler: map keys and values, configuration, counters.
 *
 * Fixed-width types only, no pointers; enums only grow. All times are CLOCK_MONOTONIC ns.
 */
#ifndef BPFPROF_ABI_H
#define BPFPROF_ABI_H

#include "bpfprof/calls.h"
#include "bpfprof/counters.h"
#include "bpfprof/gpu.h"
#include "bpfprof/hist.h"
#include "bpfprof/loops.h"
#include "bpfprof/runtimes.h"
#include "bpfprof/samples.h"
#include "bpfprof/marker_abi.h"

#define BPFPROF_SECTIONS		544	/* names of all targets, merged by name: more than one process can have */
#define BPFPROF_PROCESSES	64	/* targets on the command line */
#define BPFPROF_FOLLOWED	1024	/* processes at a time with --children: live ones, and those that have just ended */
#define BPFPROF_PARTS		32768	/* pairs of process and section at a time */
#define SECTION_NONE		0	/* not looked up yet */
#define SECTION_OTHER		1	/* names that do not fit into the table */
#define SECTION_OUTSIDE		2	/* events on a thread while no section is open there */
#define SECTION_FIRST		3	/* the first one that is given to a name */
#define SECTION_MODEL		0x8000	/* a bit of process.section_id: a model's call, at whose end RSS is noted */

/* Why a thread did not run. The rest of its time it ran. */
enum cause {
	CAUSE_RUNQUEUE,		/* it could run, but had no CPU */
	CAUSE_GIL,		/* futex inside the interpreter's _PyRuntime, or in the GIL of a sub-interpreter */
	CAUSE_LOCK,		/* another thread: any other futex, a file lock, a semaphore, an eventfd */
	CAUSE_DISK,		/* a file's data, or a system call that waits for a block device */
	CAUSE_SYNC,		/* the same in fsync() and similar calls */
	CAUSE_NETWORK,		/* a socket, also one in a set that is polled */
	CAUSE_FAULT,		/* a page fault that had to wait for a disk */
	CAUSE_SLEEP,		/* also a poll or a wait for events that lasted until its limit of time, and a wait for a signal */
	CAUSE_GPU,		/* a system call on a device of a GPU */
	CAUSE_PIPE,
	CAUSE_CHILD,		/* wait(), a pidfd, vfork() */
	CAUSE_STOPPED,		/* by a signal, a debugger or the freezer */
	CAUSE_OTHER,
	CAUSE_THROTTLED,	/* it could run, but the CPU quota of its cgroup was used up */
	CAUSE_STEAL,		/* it ran, but its CPU did not: a hypervisor had it */
	CAUSES = 16,		/* room for more */
};

enum sampled_section {
	SAMPLED_NOT,
	SAMPLED,		/* a function known from samples: its number of calls is unknown */
	SAMPLED_AND_TIMED,	/* only in an analysis: some calls were timed, too, and give an estimate of their number */
	SAMPLED_IN_PERIODS = 4,	/* a probed function: `begun` is exact, the times are of calls that ended in on-periods */
};

/*
 * Statistics of one section or cache. Counters only grow. min_inv_ns is the complement of the minimum: so 0 means
 * "none" as in the other fields, and both extremes are updated alike.
 */
struct section_stat {
	__u32 kind;		/* enum dcbs_name_kind */
	__u32 sampled;		/* enum sampled_section */
	__u64 count;		/* calls that ended in the window and whose duration is known */
	__u64 sum_ns;		/* of their durations */
	__u64 total_ns;		/* time in the window in which the section was open in a flow; recursion counts once */
	__u64 self_ns;		/* part of total_ns in which it was the innermost one */
	__u64 max_ns;
	__u64 min_inv_ns;
	__u64 errors;
	__u64 items;
	__u64 unstarted;	/* calls that ended in the window but began before: in total_ns, not in count */
	__u64 open;		/* calls that were open when their thread exited: in total_ns, not in count */
	__u64 hits;		/* of a cache; its misses are count - hits */
	__u64 sizes;		/* size reports of a cache */
	__u64 size_sum;		/* bytes */
	__u64 size_max;
	__u64 size_last;
	__u64 rss_samples;	/* RSS of the process at the ends of a model's calls */
	__u64 rss_sum;		/* bytes; from the kernel's counters, within 32 pages a CPU */
	__u64 rss_max;
	__u64 rss_min_inv;
	__u64 begun;		/* calls of a --section function that began in the window */
	__u64 observed_ns;	/* part of sum_ns: calls of functions that began in an on-period, so that total_ns and self_ns have them */
	__u64 flow_total_ns;	/* parts of total_ns and self_ns: calls in other flows than their thread's first one */
	__u64 flow_self_ns;
	__u64 cancelled;	/* calls that ended because their task was cancelled */
	__u64 slow_ns;		/* longer calls may be among the slowest ones: the shortest of those in `slow_calls`, or less */
	__u64 zero_count;	/* durations of 0 ns */
	__u64 buckets[HIST_PLACES];
};

/*
 * One of the slowest calls of a section: entry of `slow_calls`, by section_id * slow_kept and up. A program takes an entry by
 * exchanging `ns`. `check` is ns ^ end_ns if all fields are of the same call.
 */
struct slow_call {
	__u64 ns;		/* 0: the entry is free */
	__u64 end_ns;
	__u64 check;
	__u32 pid, tid;		/* in the profiler's PID namespace */
	__u32 items;
	__u16 flags;		/* enum dcbs_event_flag */
	__u16 causes_known;	/* 1: all waits of its thread within it are in off_ns */
	__u64 off_ns[CAUSES];
};

/*
 * Key of `gils`: a piece of 64 bytes of a sub-interpreter's GIL, in the process at that index of `processes`. Addresses of user
 * space have fewer than 48 bits.
 */
static inline __attribute__((always_inline)) __u64 gil_key(__u32 index, __u64 address)
{
	return (__u64)index << 48 | address >> 6;
}

#define BPFPROF_GILS 1024	/* such pieces; a GIL has up to five */

/* Kinds of system calls, by the object that a thread waits for in them. */
enum syscall_kind {
	SYSCALL_OTHER,
	SYSCALL_FD,		/* the file of its first argument */
	SYSCALL_FUTEX,		/* the GIL, if its first argument lies in the interpreter */
	SYSCALL_LOCK,
	SYSCALL_SLEEP,
	SYSCALL_POLL,		/* an array of struct pollfd; the limit of time is in ms */
	SYSCALL_SELECT,		/* sets of descriptors; the limit is a struct timeval */
	SYSCALL_NETWORK,
	SYSCALL_SYNC,
	SYSCALL_DISK,
	SYSCALL_CHILD,
	SYSCALL_UNMAP,		/* gives back memory */
	SYSCALL_FCNTL,		/* a lock or the file of its first argument, by its command */
	SYSCALL_PPOLL,		/* as the two above, with a struct timespec */
	SYSCALL_PSELECT,
	SYSCALL_EPOLL,		/* the files of an epoll set; the limit is in ms, ... */
	SYSCALL_EPOLL_TIMESPEC,	/* ... or a struct timespec */
	SYSCALL_RING,		/* the requests of an io_uring */
	SYSCALL_AIO,		/* reads and writes of files; the limit is a struct timespec */
};

/* Changes of RSS and of the address space, in bytes, and faults. Deltas may be negative and wrap as two's complement. */
struct memory_sum {
	__s64 anon, file, shmem;	/* growth of RSS */
	__u64 grown, shrunk;		/* the positive and the negative part of their sum */
	__u64 mapped, unmapped;		/* growth and shrinking of the address space */
	__u64 minor, major;		/* faults */
};

/*
 * A section's time off the CPU and its memory: entry of `ledgers`, by section_id. The "self" fields count while it
 * is the innermost open section of its thread. The others count for all sections open on the thread, each
 * section_id once.
 */
struct section_ledger {
	__u64 off_ns[CAUSES];		/* time not running, by cause */
	__u64 self_off_ns[CAUSES];
	__u64 worker_ns;		/* running time of threads without a section of their own that this section had woken */
	__u64 self_worker_ns;
	/*
	 * Calls in other flows than their thread's first one: their part of off_ns, and their running time, which is an estimate.
	 * At each tick the thread's running time since the last tick is charged to the flow that is current. us2: the sum of the squares.
	 */
	__u64 flow_off_ns, self_flow_off_ns;
	__u64 flow_run_ns, self_flow_run_ns;
	__u64 flow_run_us2, self_flow_run_us2;
	struct memory_sum memory;
	struct memory_sum self_memory;
	__u64 peak_bytes;		/* largest growth of RSS within one call, at its peak */
	__u64 growth_max;		/* largest growth of RSS within one call, at its end */
	__u64 faults_max;
	__u64 shrunk_calls;		/* calls that ended with less RSS than they began with */
	__u32 growth[COARSE_PLACES];	/* calls by growth of RSS in bytes, if positive */
	__u32 faults[COARSE_PLACES];	/* calls by faults */
};

/* Key of `section_ids`: a name and its kind. */
struct section_name {
	char text[DCBS_NAME_BYTES];
	__u32 kind;
};

/*
 * A target: entry of `processes`. section_id[i] is the section_id of the target's name i.
 *
 * How children are followed. on_fork takes an entry from `vacant`, copies the parent's into it, and adds the child
 * to `targets` before it runs for the first time. serial is stored last: then the entry is complete. When the
 * child's last thread has been read for the last time, ended_ns is set. A moment later the profiler takes over its
 * numbers here, in `process_sums` and in `parts`, clears the entry and puts it back into `vacant`.
 */
struct process {
	__u32 pid;		/* in the profiler's PID namespace; 0: unused */
	__u32 execs;		/* times that it has executed another image, after which the profiler must attach again */
	__s64 tls_offset;	/* of the thread's pointer to its record, from the thread pointer; 0: not known yet */
	__u64 names_lost;
	__u32 headless;		/* its main thread has exited while others went on */
	__u32 index;		/* of this entry */
	__u64 rss_bytes;	/* when its last thread exited; 0: not known */
	__u64 rss_peak_bytes;
	__u64 gil_start, gil_end;	/* addresses of the interpreter's _PyRuntime; 0: none */
	__u32 serial;		/* number of the process in the session, from 1; 0: unused */
	__u32 parent;		/* `pid` of the target that forked it; 0: it was no child of a target */
	__u64 born_ns;		/* when it was forked; older data in its memory are the parent's. 0: before the window */
	__u64 ended_ns;		/* when the last thread of a child had been read; 0: it lives */
	__s32 threads;		/* a child's threads that have not exited */
	__u32 borrows;		/* a child uses its parent's memory until it executes an image: vfork(), posix_spawn() */
	char comm[16];		/* of a child that has ended */
	__s32 exit_code;	/* of a process that has ended, as wait() reports it */
	__u32 exit_known;	/* 1: exit_code is set */
	__u32 left;		/* it executed a program with more rights, and the user may not trace that */
	__u32 sub_gils;		/* sub-interpreters that have a GIL of their own: see `gils` */
	__u32 tgid;		/* its number in the initial PID namespace, by which the kernel's events know it: key of `targets` */
	__u32 reserved;
	__u16 section_id[DCBS_NAMES];
};

/*
 * The part that one process has in a section's statistics, if several are profiled: entry of `parts`. Whenever the
 * fields of the same name in struct section_stat are added to, so are these: the parts of all processes add up to
 * the section's.
 */
struct part_key {
	__u32 serial;
	__u32 section_id;
};

struct process_part {
	__u64 count;
	__u64 sum_ns;
	__u64 total_ns;
	__u64 self_ns;
};

/* The times within the window of one thread, or of several together. */
struct thread_sum {
	__u64 threads;
	__u64 wall_ns;
	__u64 cpu_ns;		/* by the kernel's own count (sum_exec_runtime), to compare with ours */
	__u64 worker_ns;	/* part of its running time that was charged to other threads' sections */
	__u64 off_ns[CAUSES];
	__u64 outside_off_ns[CAUSES];	/* part of off_ns while no section was open on it */
};

/* Roles of threads of a process that have exited. */
enum ended_role {
	ENDED_SECTIONS,		/* they may have had sections */
	ENDED_POOL,		/* they never had one */
	ENDED_IDLE,		/* the same, and they did little but wait */
	ENDED_MAIN,		/* the main thread */
	ENDED_ROLES,		/* a power of 2 */
};

/* RSS by kind, bytes: anon, file, shmem. */
#define RSS_KINDS 3

/* The memory of a target, and its threads that have exited: entry of `process_sums`, by the index of `processes`. */
struct process_sum {
	__u64 mm;			/* kernel address of its struct mm_struct; 0: not known yet */
	__s64 rss_start[RSS_KINDS];	/* exact, when the window opened */
	__s64 rss_now[RSS_KINDS];	/* exact, at the last listing by `on_iter_thread`, or at the process's end */
	__s64 others[RSS_KINDS];	/* growth that other tasks caused: reclaim, migration, exec */
	__s64 total_vm;			/* pages, as of the last event */
	__s64 count[4];			/* the kernel's shared counters, as of the last event */
	__u32 generation;		/* value of throttle.memory_generation that `count` and `total_vm` are of */
	__u32 main_sections;		/* 1: the main thread has exited, and may have had sections */
	struct thread_sum ended[ENDED_ROLES];	/* threads that have exited */
};

/*
 * Ticks a second of each CPU, at which rings are read and the running time of flows is charged. A thread that computes without a
 * marker keeps the sections that it has finished for at most one period of these ticks. A tick on a CPU that runs no target returns
 * at once.
 */
#define TICK_HZ 249

#define RSS_PAGE_BYTES 4096

/*
 * A process that ran on a CPU right before a target's thread got it, while that thread waited in the run queue: entry of
 * `neighbours`, by its number in the initial PID namespace.
 */
struct neighbour {
	__u64 ns;		/* that it ran then, at most as long as the thread waited */
	char comm[16];		/* of its main thread */
	__u32 pid;		/* in the profiler's PID namespace; 0: it is outside of that */
	__u32 reserved;
};

#define BPFPROF_NEIGHBOURS 1024
#define NEIGHBOUR_LEAST_NS 20000	/* a shorter wait is not charged to anyone */

/*
 * The profiler's PID namespace. A process has a number in its own namespace and one in each namespace above that. The kernel's
 * events have the number in the initial namespace, which is unknown to programs that live in another one. So the profiler stores
 * `wanted` and runs the iterator `on_iter_pid`, which stores the other fields.
 */
struct pid_space {
	__u64 namespace;	/* kernel address; 0: not known yet */
	__u32 level;		/* namespaces above it; 0: it is the initial one */
	__u32 wanted;		/* a process's number there */
	__u32 found;		/* the number of the same process in the initial namespace; 0: there is no such process */
	__u32 pad;
};

/* A thread of a target, as the iterator `on_iter_thread` lists it: how far its ring has been read, and its times. */
struct thread_view {
	__u32 pid, tid;		/* in the profiler's PID namespace */
	__u64 record;		/* address in the target; 0: no record has been read, and the thread has had no section */
	__u64 consumed;		/* events read, in terms of dcbs_record.head */
	__u32 busy;		/* a program was interrupted in reading the ring, or sums are not in `stats` yet */
	__u32 sections;		/* 1: a section has been open on it in the window */
	char comm[16];
	__u64 gpu_begun_ns;	/* when its present call of a GPU's driver began; 0: there is none */
	__u32 gpu_section;	/* its innermost open section then */
	__u32 kernel_tid;	/* in the initial PID namespace; with own_sp alone */
	__u64 own_sp;		/* of a thread that does not run: its stack pointer if that is not above its own stack; 0: unknown */
	struct thread_sum sum;	/* until now */
};

/* Counters of a record at attach: entry of `baselines`, by the record's address. */
struct baseline {
	__u64 too_deep;
	__u64 unmatched;
};

enum calls_off {
	CALLS_ON,		/* calls of --section functions are timed */
	CALLS_NOTED,		/* an off-period: there are no probes at their ends; calls may last into the next on-period */
	CALLS_COUNTED,		/* an off-period whose calls are over before the next on-period */
	CALLS_GIVEN_UP,		/* there are none at all */
};

/*
 * Says which events are observed less often, to keep the overhead within its budget. The profiler writes it; the BPF programs
 * read it in place.
 */
struct throttle {
	__u32 sample_every;	/* a stack is taken at one tick in this number, at random; 0, 1: at every tick */
	__u32 calls_off;	/* enum calls_off */
	__u32 calls_valid;	/* calls of an earlier generation may have ended unseen, and another one may be at their place */
	__u32 calls_generation;	/* the on-period in which they have; calls open in another one ended unobserved */
	/*
	 * Waits may be observed in on-periods only, and then count wait_weight times. A generation is such an
	 * on-period; state from another generation is not used.
	 */
	__u32 wait_weight;	/* 0, 1: observed all the time */
	__u32 wait_generation;
	__u32 waits_off;	/* this is an off-period */
	__u32 memory_generation;	/* the same for memory, which the profiler extrapolates: collect/overhead/off_periods.h */
	__u32 memory_off;
	__u32 gpu_census;	/* launches of work on GPUs are counted by section */
};

/* The profiler writes it; the BPF programs read it in place. */
struct window {
	__u64 start_ns;		/* 0: not open yet. Events that ended before are ignored */
	__u64 end_ns;		/* events that ended later are ignored; 0: still open */
};

_Static_assert(BPFPROF_SECTIONS >= DCBS_NAMES + 1 && BPFPROF_SECTIONS < SECTION_MODEL, "a process's names have sections");
_Static_assert(sizeof(struct section_stat) == 27 * 8 + 8 * HIST_PLACES, "layout");
_Static_assert(sizeof(struct section_name) == 124, "hashed as bytes: no padding");
_Static_assert(sizeof(struct process) == 136 + 2 * DCBS_NAMES, "layout");
_Static_assert(sizeof(struct section_ledger) == 2 * CAUSES * 8 + 8 * 8 + 2 * 72 + 4 * 8 + 8 * COARSE_PLACES, "layout");
_Static_assert(sizeof(struct thread_sum) == 32 + 2 * CAUSES * 8, "layout");
_Static_assert(sizeof(struct thread_view) == 72 + sizeof(struct thread_sum), "layout");
_Static_assert(((HIST_PLACES - 1 + 7) >> 3) < COARSE_PLACES, "every value has a place");

#endif
