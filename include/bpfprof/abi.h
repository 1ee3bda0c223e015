/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * abi.h - what the BPF programs and the profiler share: map keys and values, configuration, counters.
 *
 * Fixed-width types only, no pointers; enums only grow. All times are CLOCK_MONOTONIC ns.
 */
#ifndef BPFPROF_ABI_H
#define BPFPROF_ABI_H

#include "bpfprof/hist.h"
#include "bpfprof/runtimes.h"
#include "bpfprof/target.h"

#define BPFPROF_SECTIONS		544	/* of `stats`; names of all targets together, merged by name: all of one process fit, and some */
#define BPFPROF_PROCESSES	64	/* targets that are given */
#define BPFPROF_FOLLOWED	1024	/* processes at a time with --children: those that run, and those that have ended a moment ago */
#define BPFPROF_PARTS		32768	/* of processes in sections, of those at a time */
#define BPFPROF_CALLS		64	/* open calls of --section functions on a thread; the kernel's own limit for return probes */
#define SECTION_NONE		0	/* "not looked up yet" */
#define SECTION_OTHER		1	/* names that fit into no table */
#define SECTION_OUTSIDE		2	/* what happens on a thread while no section is open there */
#define SECTION_FIRST		3	/* of those that names are given */
#define SECTION_MODEL		0x8000	/* a bit of process.section_id: a model's call, at whose end RSS is noted */

/* Why a thread did not run. What is left of its time, it ran. */
enum cause {
	CAUSE_RUNQUEUE,		/* it could have, but had no CPU */
	CAUSE_GIL,		/* futex inside the interpreter's _PyRuntime */
	CAUSE_LOCK,		/* any other futex: a mutex, a condition, a join */
	CAUSE_DISK,		/* a file's data, or a system call that waits for a block device */
	CAUSE_SYNC,		/* the same in fsync and its like */
	CAUSE_NETWORK,		/* a socket, or poll and its like */
	CAUSE_FAULT,		/* a page fault that had to wait for a disk */
	CAUSE_SLEEP,
	CAUSE_GPU,		/* a call on a device of nvidia's */
	CAUSE_PIPE,
	CAUSE_CHILD,		/* wait() */
	CAUSE_STOPPED,		/* by a signal, a debugger or the freezer */
	CAUSE_OTHER,
	CAUSES = 16,		/* the rest is room */
};

enum sampled_section {
	SAMPLED_NOT,
	SAMPLED,		/* a function known from samples: how often it was called is not known */
	SAMPLED_AND_TIMED,	/* only in an analysis: some calls were timed, too, from which that was worked out */
};

/*
 * What is known of one section or cache. Counters only grow; min_inv_ns is the complement of the
 * minimum, so that 0 means "none" for it as for the others and both extremes are updated alike.
 */
struct section_stat {
	__u32 kind;		/* enum dcbs_name_kind */
	__u32 sampled;		/* enum sampled_section */
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

/* What a thread that blocks in a system call waits for. */
enum syscall_kind {
	SYSCALL_OTHER,
	SYSCALL_FD,		/* the file of its first argument */
	SYSCALL_FUTEX,		/* the GIL, if its first argument lies in the interpreter */
	SYSCALL_LOCK,
	SYSCALL_SLEEP,
	SYSCALL_POLL,		/* the first of an array of struct pollfd; without any it sleeps */
	SYSCALL_SELECT,		/* likewise, descriptors below its first argument */
	SYSCALL_NETWORK,
	SYSCALL_SYNC,
	SYSCALL_DISK,
	SYSCALL_CHILD,
	SYSCALL_UNMAP,		/* gives back memory */
};

/*
 * Distributions per call of bytes and of faults: buckets a quarter of an octave wide (scale 2 of the
 * exponential histogram), place = (hist_place(v) + 7) / 8. What no call had is not there: calls without
 * any growth or fault are section_stat.count less those counted here.
 */
#define COARSE_SCALE	2
#define COARSE_PLACES	194

/* Pages that came and went, and the address space. Bytes; deltas may be negative and wrap as two's complement. */
struct memory_sum {
	__s64 anon, file, shmem;	/* growth of RSS */
	__u64 grown, shrunk;		/* the positive and the negative part of their sum */
	__u64 mapped, unmapped;		/* growth and shrinking of the address space */
	__u64 minor, major;		/* faults */
};

/*
 * Where a section's time and memory went, entry of `ledgers`, by section_id. "self" is what happened while it was
 * the innermost open section of its thread; the others count for all sections open on it, each name once.
 */
struct section_ledger {
	__u64 off_ns[CAUSES];		/* time not running, by cause */
	__u64 self_off_ns[CAUSES];
	__u64 worker_ns;		/* CPU time of threads without a section that this one had woken */
	__u64 self_worker_ns;
	struct memory_sum memory;
	struct memory_sum self_memory;
	__u64 peak_bytes;		/* the most that RSS grew within one call */
	__u64 growth_max;		/* the most that RSS had grown at the end of a call */
	__u64 faults_max;
	__u64 shrunk_calls;		/* calls at whose end RSS was smaller than at their begin */
	__u32 growth[COARSE_PLACES];	/* calls by growth of RSS in bytes, positive only */
	__u32 faults[COARSE_PLACES];	/* calls by faults */
};

/* Key of `sections`: a name and what it names. */
struct section_name {
	char text[DCBS_NAME_BYTES];
	__u32 kind;
};

/*
 * A target, entry of `processes`. section_id[i] is the section_id of the target's name i.
 *
 * How children are followed. on_fork takes an entry from `vacant`, copies the parent's, and names the child in
 * `targets` before it runs for the first time; serial, stored last, says that the entry is whole. When the last
 * thread has been read for the last time ended_ns is set. A moment later the profiler adds up what is left there and in
 * `process_sums`, takes its `shares` out, clears the entry and puts it back into `vacant`.
 */
struct process {
	__u32 tgid;		/* 0: unused */
	__u32 execs;		/* images it has replaced itself with: whoever attached must look again */
	__s64 tls_offset;	/* of the thread's record pointer; 0: not known yet */
	__u64 names_lost;
	__u32 headless;		/* its main thread has ended while others went on */
	__u32 index;		/* of this entry */
	__u64 rss_bytes;	/* when its last thread ended; 0: not seen */
	__u64 rss_peak_bytes;
	__u64 gil_start, gil_end;	/* addresses of the interpreter's _PyRuntime; 0: none */
	__u32 serial;		/* of all processes of the session, from 1; 0: unused */
	__u32 parent;		/* tgid of who forked it while we watched; 0: nobody */
	__u64 born_ns;		/* and when; what its memory says of the time before is the parent's */
	__u64 ended_ns;		/* when the last thread of a child had been read; 0: not yet */
	__s32 threads;		/* a child's threads that have not ended */
	__u32 borrows;		/* a child that runs in its parent's memory until it executes an image: vfork(), posix_spawn() */
	char comm[16];		/* of a child that has ended */
	__u16 section_id[DCBS_NAMES];
};

/*
 * What one process has of a section_id, where several are profiled: entry of `shares`. The same figures as in struct
 * section_stat, added wherever they are added there, so those of all processes add up to the section_id's.
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

/* A thread's time within the window, or that of several. */
struct thread_sum {
	__u64 threads;
	__u64 wall_ns;
	__u64 cpu_ns;		/* the kernel's own account (sum_exec_runtime), to hold ours against */
	__u64 worker_ns;	/* of the time it ran, what was charged to others' sections */
	__u64 off_ns[CAUSES];
	__u64 outside_off_ns[CAUSES];	/* of that, while no section was open on it */
};

/* RSS by kind, bytes: anon, file, shmem. */
#define RSS_KINDS 3

/* A target's memory and the threads it has lost, entry of `process_sums`, by the index of `processes`. */
struct process_sum {
	__u64 mm;			/* kernel address of its struct mm_struct; 0: not known yet */
	__s64 rss_start[RSS_KINDS];	/* exact, when the window opened */
	__s64 rss_now[RSS_KINDS];	/* likewise at the last look of `on_iter_thread`, or at its end */
	__s64 others[RSS_KINDS];	/* growth that other tasks caused: reclaim, migration, exec */
	__s64 total_vm;			/* pages, as of the last event */
	__s64 count[4];			/* the kernel's shared counters, likewise */
	__u32 generation;			/* of throttle.memory_generation, that these are of */
	__u32 pad;
	struct thread_sum ended;	/* threads that have ended */
	struct thread_sum ended_idle;	/* of them, those that had no section and hardly anything to do but wait */
};

/* A thread of a target, answer of the iterator `on_iter_thread`: what its ring has been read up to, and its time. */
struct thread_view {
	__u32 tgid;
	__u32 tid;
	__u64 record;		/* address in the target; 0: none seen */
	__u64 consumed;		/* events read, in terms of dcbs_record.head */
	__u32 busy;		/* a program was interrupted while it read them, or they have not been carried to `stats` yet */
	__u32 sections;		/* 1: it has had a section open in the window */
	char comm[16];
	struct thread_sum sum;	/* up to now */
};

/* ---- samples of the stack ---- */

#define SAMPLE_SECTIONS	16	/* open sections that a sample names; those further out are left out and counted */
#define SAMPLE_PYTHON	128	/* frames */
#define SAMPLE_NATIVE	127	/* addresses */
#define SAMPLE_STACK	2048	/* bytes of the stack itself, for code without frame pointers, ... */
#define SAMPLE_CPU_STACK 6144	/* ... more of a running thread's: of one that waits it is kept with the thread, ... */
#define SAMPLE_STACK_AT	64	/* ... that stand where the Python frame of this number would, if what goes before leaves that free */
#define PYTHON_MINORS	7	/* 3.8 to 3.14 */

enum sample_kind {
	SAMPLE_CPU = 0,		/* a tick found the thread running */
	SAMPLE_OFF = 1,		/* the thread was off its CPU for off_ns, for `cause` */
};

enum sample_flag {
	SAMPLE_PYTHON_CUT = 1,		/* there were more Python frames */
	SAMPLE_PYTHON_BROKEN = 2,	/* the walk met memory that it could not read, or that was no frame: what is there is right */
	SAMPLE_NATIVE_CUT = 4,
	SAMPLE_SECTIONS_CUT = 8,
	SAMPLE_PYTHON_UNKNOWN = 16,	/* no interpreter was known in the process then */
};

/*
 * A Python frame. Names are read later, by the code object's address; the tag tells whether it is still the
 * same one: from 3.12 on co_version, before that python_tag() of its header. From 3.13 on there may be a frame
 * of the interpreter's own between __init__() and the call of its class, which tracebacks leave out: its code has no
 * line, co_firstlineno is 0, and the same string for file and name.
 */
struct python_frame {
	__u64 code;		/* address of the code object; 0: an entry from native code into the interpreter */
	__s32 offset;		/* of the instruction, bytes; negative: not started */
	__u32 tag;
};

/*
 * An entry of the ring buffer `samples`: this, then nr_python frames, innermost first, then nr_native addresses, likewise; and
 * stack_bytes of the stack at the place of frame SAMPLE_STACK_AT.
 */
struct sample {
	__u32 tgid, tid;
	__u16 kind;		/* enum sample_kind */
	__u16 cause;		/* enum cause, of SAMPLE_OFF */
	__u16 flags;		/* enum sample_flag */
	__u16 nr_sections;
	__u16 nr_python;
	__u16 nr_native;
	__u32 weight;		/* ticks that it stands for, or waits */
	__u64 off_ns;		/* of all of them */
	__u64 sp, bp;		/* registers, where there are stack_bytes */
	__u32 stack_bytes;	/* from sp on */
	__u32 pad;
	__u16 sections[SAMPLE_SECTIONS];	/* open sections, innermost first; none: SECTION_OUTSIDE */
};

/* How the walker finds its way in one process's interpreter, entry of `pythons`, by the index of `processes`. Offsets in bytes. */
struct python_layout {
	__u32 minor;		/* 8..14; 0: no Python, or one that cannot be walked */
	__u32 tss_key;		/* of _PyRuntime: autoTSSkey, { int is_initialized; __u32 key; } */
	__u64 runtime;		/* address of _PyRuntime */
	__u64 code_type;	/* address of PyCode_Type */
	__u16 tstate_thread_id;
	__u16 tstate_frame;	/* 3.8-3.10: frame; 3.11, 3.12: cframe; later: current_frame */
	__u16 cframe_frame;	/* 3.11, 3.12 */
	__u16 frame_code, frame_back, frame_instr;	/* 3.8-3.10: f_lasti, as __s32 */
	__u16 frame_owner;	/* 0: none */
	__u16 frame_is_entry;	/* 3.11 */
	__u16 code_type_offset;	/* of ob_type */
	__u16 code_firstlineno, code_flags, code_argcount, code_kwonly, code_version;
	__u16 code_adaptive;
	__u16 code_name, code_qualname, code_filename, code_linetable;	/* the second and third for user space only */
	__u16 unicode_ascii, unicode_compact;	/* likewise: sizes of the string headers */
	__u16 frame_bytes;	/* of a frame, hold all of these; the page behind the last frame of a chunk may not be there */
	__u16 pad[2];
};

/* 3.8 to 3.11: what tells one code object from another at the same address: its shape, its name's hash, where its lines are. */
static inline __attribute__((always_inline)) __u32 python_tag(__u32 firstlineno, __u32 flags, __u32 argcount, __u32 kwonly,
								 __u64 name_hash, __u64 linetable)
{
	__u32 shape = (argcount << 25) + (kwonly << 18) + (flags << 10) + firstlineno;

	return shape ^ (__u32)(name_hash ^ name_hash >> 32) * 0x9e3779b1U ^ (__u32)(linetable >> 4) * 0x85ebca6bU;
}

_Static_assert(sizeof(struct python_frame) == 16, "layout");
_Static_assert(sizeof(struct sample) == 56 + 2 * SAMPLE_SECTIONS, "layout");
_Static_assert(sizeof(struct python_layout) == 72, "layout");

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
	__u64 lost_section_ids;	/* names for which `stats` had no section_id */
	__u64 lost_names;	/* names that could not be read */
	__u64 memory_short;	/* times a thread was not met for want of kernel memory: it is at its next hit */
	__u64 exits_unread;	/* threads that ended on a kernel that does not let us read their last events */
	__u64 section_ids_used;
	__u64 wakings;		/* of the targets' threads */
	__u64 rss_events;	/* changes of RSS that were looked at ... */
	__u64 rss_skipped;		/* ... and those that were left for others to account for */
	__u64 samples;		/* of stacks, sent ... */
	__u64 wait_samples;	/* ... and of them, those of threads that waited */
	__u64 lost_samples;	/* for which there was no room */
	__u64 stacks_broken;	/* whose Python frames could not all be read */
	__u64 lost_open_sections;	/* events whose sections could not be read: charged to "(outside)" */
	__u64 processes;	/* that there have been: the last serial number */
	__u64 lost_processes;	/* children for which there was no entry: not followed */
	__u64 lost_parts;	/* figures that are in their section_id, but in no share */
};

/* What is looked at less often, to keep profiling cheap. Written by the profiler, read by the BPF programs in place. */
struct throttle {
	__u32 sample_every;	/* one tick in so many takes a stack, at random; 0, 1: all */
	__u32 calls_off;	/* the functions of --section have no probes now */
	__u32 calls_generation;	/* of a time in which they have: what was open in another one has ended unseen */
	/*
	 * Threads as they come to their CPUs and leave them may be watched part of the time only: what is seen then is put
	 * down as so much more of it. A generation is a time in which they are watched; what is known from another one is of no use.
	 */
	__u32 wait_weight;	/* 0, 1: all the time */
	__u32 wait_generation;
	__u32 waits_off;	/* they are not, now */
	__u32 memory_generation;	/* the same for faults and changes of RSS, which are not multiplied here: see collect/gaps.h */
	__u32 memory_off;
};

/* Written by the profiler, read by the BPF programs in place. */
struct window {
	__u64 start_ns;		/* 0: not started. Events that ended before are ignored */
	__u64 end_ns;		/* those that ended after are ignored, too; 0: none yet */
};

_Static_assert(BPFPROF_SECTIONS >= DCBS_NAMES + 1 && BPFPROF_SECTIONS < SECTION_MODEL, "a process's names have sections");
_Static_assert(sizeof(struct section_stat) == 21 * 8 + 8 * HIST_PLACES, "layout");
_Static_assert(sizeof(struct section_name) == 124, "hashed as bytes: no padding");
_Static_assert(sizeof(struct process) == 112 + 2 * DCBS_NAMES, "layout");
_Static_assert(sizeof(struct section_ledger) == 2 * CAUSES * 8 + 2 * 8 + 2 * 72 + 4 * 8 + 8 * COARSE_PLACES, "layout");
_Static_assert(sizeof(struct thread_sum) == 32 + 2 * CAUSES * 8, "layout");
_Static_assert(sizeof(struct thread_view) == 48 + sizeof(struct thread_sum), "layout");
_Static_assert(((HIST_PLACES - 1 + 7) >> 3) < COARSE_PLACES, "every value has a place");

#endif
