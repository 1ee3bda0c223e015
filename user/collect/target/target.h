/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* target.h - one profiled process as /proc and its own memory show it. Reads only; trusts nothing it reads. */
#ifndef COLLECT_TARGET_TARGET_H
#define COLLECT_TARGET_TARGET_H

#include <stdbool.h>
#include <sys/types.h>

#include "collect/target/marker_object.h"
#include "collect/facts.h"

#define TARGET_RECORDS 65536	/* threads of a target whose records are looked at */

struct uprobe;
struct symbols;

struct target {
	pid_t pid;		/* 0: no process, the place is free */
	int pidfd;		/* readable when the process has ended */
	__u32 index;		/* in the map `processes` */
	__u32 execs;		/* as of the last look */
	__u32 serial;		/* of all processes of the session */
	__u64 state;		/* address of its struct dcbs_state; 0: no markers found yet */
	struct uprobe *marker_link;	/* the probe on its marker function */
	struct uprobe *seldom_link;	/* see DCBS_PROBE_SELDOM */
	bool seldom_tried;
	bool ended;
	pid_t parent;		/* of a child that was followed to; 0: it was given */
	__u64 born_ns;		/* when on_fork saw it; 0: it was there before */
	__u64 exec_ns, look_ns;	/* of a child: when its image was executed, and when to look for markers again */
	__u64 names_lost;	/* that its parent had lost when it was forked */
	bool gone;		/* at the last look it was not there */
	__u32 shown_as;		/* index in the last snapshot's targets */
	struct symbols *symbols;	/* NULL: stacks are not sampled */
	__u64 python_due_ns;	/* when to look for an interpreter; 0: it is known whether there is one */
	__u32 python_looks;	/* how often it was found to be starting */
	bool python_known;		/* and its stacks are walked */
	__u64 python_start, python_end;	/* the interpreter's own code */
	char command[4096];	/* arguments with spaces between, raw bytes */
	struct snapshot_target facts;	/* but command */
};

/* Opens a running process; says what is wrong if it cannot be profiled at all. */
int target_open(struct target *target, pid_t pid);
void target_close(struct target *target);

/* Has it ended, or is there none? Cheap. */
bool target_ended(struct target *target);

/*
 * The copy of the marker library that records for the process. 1: found, to be closed; 0: none; -errno: one, but of
 * another version.
 */
int target_find_marker(const struct target *target, struct marker *marker);

/* How far its CLOCK_MONOTONIC is from the kernel's, in seconds, or less than that in ns; 0: not at all, or not known. */
long long target_clock_offset(pid_t pid);

/* Can its sections be timed? Says why not. */
int target_check_clock(const struct target *target);

/* Has it mapped a file whose base name begins so? */
bool target_maps(const struct target *target, const char *base);

/* Current comm and command line, for a process that was started or has executed another image. */
void target_refresh(struct target *target);
void target_refresh_comm(struct target *target);

/* Reads the target's memory: all of it or -errno. target_peek: of a process that is not opened. */
int target_read(const struct target *target, __u64 address, void *dst, size_t size);
int target_peek(pid_t pid, __u64 address, void *dst, size_t size);

/* Calls visit(address, record) for each of the process's records. The record is a copy, as garbled as the target's may be. */
int target_each_record(const struct target *target, int (*visit)(void *ctx, __u64 address, const struct dcbs_record *record),
		       void *ctx);

/* Page faults of all its threads, ever; 0: cannot be read. */
__u64 target_faults(const struct target *target);

/* RSS now and its peak; DCBS_UNKNOWN if they cannot be read. */
void target_rss(const struct target *target, __s64 *now_bytes, __s64 *peak_bytes);

#endif
