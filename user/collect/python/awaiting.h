/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * awaiting.h - where the suspended tasks of asyncio are, and how many: counted some times a second from outside. CPython 3.14.
 */
#ifndef COLLECT_PYTHON_AWAITING_H
#define COLLECT_PYTHON_AWAITING_H

#include "collect/kernel/programs.h"
#include "collect/target/target.h"

#define AWAITING_PLACES 64	/* that are kept; tasks at others are counted together */

/* A line of the program, and the innermost coroutine below it. Both have their functions and files as raw bytes. */
struct awaiting_place {
	struct snapshot_frame at, inner;
	__u64 tasks;		/* the sum over all looks */
	__u64 now;		/* scratch: of the process that is looked at */
	__u64 seen, most;	/* at this look, and at the one with the most */
};

struct awaiting {
	__u64 due_ns;		/* when to look again */
	__u64 looks;
	__u64 others;		/* tasks at places beyond the list */
	__u64 others_now, others_seen;
	bool more;		/* a process had more tasks than are read */
	struct awaiting_place list[AWAITING_PLACES];
	size_t nr;
};

/* To be called at each poll, while the window is open. */
void awaiting_look(struct awaiting *awaiting, const struct programs *bpf, struct target_list *targets);

/* Another interpreter runs in the target, or none. due_ns: when to search for its tasks first; 0: never. */
void awaiting_forget(struct target *target, __u64 due_ns);

/* Returns 0 or -ENOMEM. */
int awaiting_copy(const struct awaiting *awaiting, struct snapshot *snap);

void awaiting_clear(struct awaiting *awaiting);

#endif
