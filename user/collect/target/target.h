/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* target.h - one profiled process, as /proc and its own memory show it. It is only read, and nothing in it is trusted. */
#ifndef COLLECT_TARGET_TARGET_H
#define COLLECT_TARGET_TARGET_H

#include <stdbool.h>
#include <sys/types.h>

#include "collect/facts.h"
#include "collect/target/marker_object.h"

#define TARGET_RECORDS 65536	/* records of a target that are read; each thread has one */

struct uprobe;
struct symbols;
struct task_layout;

#define SUB_GILS_MAX 32		/* of one process */

/* The GILs of sub-interpreters that have one of their own; collect/python/sub_gils.h fills it in. */
struct sub_gils {
	__u64 head;		/* the interpreter created last */
	__u64 read_ns;		/* when the list of interpreters was read; 0: never */
	__u32 nr;
	__u64 list[SUB_GILS_MAX];	/* addresses */
};

struct target {
	pid_t pid;		/* 0: the entry is free */
	const struct process *process;	/* its entry of the map `processes`; NULL: it is not profiled */
	__u32 tgid;		/* its number in the initial PID namespace, by which the BPF programs know it */
	int pidfd;		/* readable when the process has ended; -1: not open, and nothing is read by the PID */
	__u32 index;		/* in the map `processes` */
	__u32 execs;		/* how often it had called execve() when it was last examined */
	__u32 serial;		/* number among all processes of the session, from 1 */
	__u64 state;		/* address of its struct dcbs_state; 0: no markers found yet */
	struct uprobe *marker_link;	/* the probe on its marker function */
	struct uprobe *seldom_link;	/* the probe that makes it flush less often, see DCBS_PROBE_SELDOM */
	bool seldom_tried;	/* attaching that probe was tried */
	bool ended, forgotten;	/* forgotten: the BPF programs do not take its PID for the target any more */
	__u64 ended_ns;		/* of a given process: when its end was first observed */
	pid_t parent;		/* of a child that is followed; 0: the process was given by its PID */
	__u64 born_ns;		/* when on_fork observed its birth; 0: it existed before */
	__u64 exec_ns;		/* of a child: when it called execve() */
	__u64 search_ns;	/* when to search for markers next */
	__u64 names_lost;	/* names that its parent had lost when it was forked */
	bool gone;		/* it was not found by its PID at the last sweep */
	__u32 shown_as;		/* index in the last snapshot's targets */
	struct symbols *symbols;	/* NULL: stacks are not sampled */
	__u64 gpu_look_ns;	/* when to search for drivers of GPUs next */
	__u32 gpu_execs;	/* `execs` then */
	__u64 gpu_looked_ns;	/* when that was done last; 0: never */
	__u32 gpu_looks;	/* how often */
	__u64 python_due_ns;	/* when to search for an interpreter next; 0: one was found, or can never be used */
	__u64 python_absent_ns;	/* since when the present image was searched and had none; 0: it was not, or had one */
	__u32 python_tries;	/* searches of the present image that did not find an interpreter that runs */
	bool python_known;	/* the BPF programs walk its Python stacks */
	__u64 python_start, python_end;	/* the interpreter's own code */
	struct sub_gils sub_gils;
	struct task_layout *tasks;	/* where the tasks of asyncio are; NULL: unknown */
	__u64 tasks_due_ns;	/* when to search for them next */
	char command[4096];	/* arguments joined by spaces, raw bytes */
	struct snapshot_target facts;	/* `command` is not used */
};

/* The targets, each at its index of the map `processes`. Entries of children that have ended are free. */
struct target_list {
	struct target list[BPFPROF_FOLLOWED];
	size_t nr;		/* entries up to the last one that was ever used */
};

/* Returns the target with that PID in the profiler's namespace, or in the initial one; NULL: there is none. */
struct target *target_list_find(struct target_list *targets, pid_t pid);
struct target *target_list_find_tgid(struct target_list *targets, __u32 tgid);
const struct target *target_list_find_const(const struct target_list *targets, pid_t pid);

/* Returns true if a given process that runs has not loaded the markers yet. */
/* Notes those that never loaded the markers. A command loads them after the profiler has attached to it, so at the end. */
struct notes;
void target_list_note_unmarked(const struct target_list *targets, struct notes *notes);

bool target_list_lacks_markers(const struct target_list *targets);

/* Page faults of each target as of the last call of target_list_faults(). */
struct fault_counts {
	__u64 last[BPFPROF_FOLLOWED];
};

/* Returns the page faults of all targets since the last call, as the kernel counts them; NAN: a target has come or ended. */
double target_list_faults(const struct target_list *targets, struct fault_counts *counts);

/*
 * Opens a running process. Returns 0, or -errno with an error line if it cannot be profiled at all. own: it is a child of the
 * profiler's that waits to execute a command, so that the profiler's user may trace it.
 */
int target_open(struct target *target, pid_t pid, bool own);
void target_close(struct target *target);

/*
 * Opens the descriptor of a child by its PID and the time of its birth. Returns -errno: -ESRCH if it has ended, even if another
 * process has its PID.
 */
int target_open_child(struct target *target);

/* Returns true if the given or adopted process has ended, or the entry is free. Cheap. */
bool target_ended(struct target *target);

/*
 * Returns true if the process, of whatever kind, has ended by its descriptor, or was left. A process with its PID is another one
 * then, or has rights that the profiler's user may not borrow.
 */
bool target_is_gone(const struct target *target);

/*
 * Finds the copy of the marker library that keeps the records of the process. Returns 1 if there is one, to be closed; 0 if
 * there is none; -errno if there is one of another version.
 */
int target_find_marker(const struct target *target, struct marker *marker);

/* Returns the offset of its CLOCK_MONOTONIC from the kernel's: in seconds, or if that is 0 in ns. 0: none, or unknown. */
long long target_clock_offset(pid_t pid);

/* Returns 0 if the sections of the process can be timed, or -errno with an error line. */
int target_check_clock(const struct target *target);

/* Returns true if the target has mapped a file whose base name begins with `base`. */
bool target_maps(const struct target *target, const char *base);

/* Reads comm and command line, or comm alone, after the process was started or has called execve(). */
void target_refresh(struct target *target);
void target_refresh_comm(struct target *target);

/*
 * Reads all `size` bytes of the target's memory, or returns -errno: -ESRCH if the process has ended. target_peek() reads any
 * process by its PID; its caller must find out whether that was still the same process.
 */
int target_read(const struct target *target, __u64 address, void *dst, size_t size);
int target_peek(pid_t pid, __u64 address, void *dst, size_t size);

static inline int target_peek_word(pid_t pid, __u64 address, __u64 *word)
{
	return target_peek(pid, address, word, sizeof(*word));
}

/*
 * Calls visit(ctx, address, record) for each of the process's records until it returns other than 0. The record is a copy
 * and may hold anything. Returns the number of records, or what visit() returned.
 */
int target_each_record(const struct target *target, int (*visit)(void *ctx, __u64 address, const struct dcbs_record *record),
		       void *ctx);

/* Returns the page faults of all its threads since it was started; 0: unknown. */
__u64 target_faults(const struct target *target);

/* Stores the present and the peak RSS; DCBS_UNKNOWN: unknown. */
void target_rss(const struct target *target, __s64 *now_bytes, __s64 *peak_bytes);

#endif
