/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * task_lists.h - the tasks of asyncio in a process, and where each of them is suspended. CPython 3.14 has its tasks in lists, and
 * holds the offsets that lead through them (_AsyncioDebug).
 */
#ifndef COLLECT_PYTHON_TASK_LISTS_H
#define COLLECT_PYTHON_TASK_LISTS_H

#include "collect/python/layout.h"
#include "collect/target/target.h"

#define TASK_LISTS_DEPTH 32	/* coroutines that await one another, of one task */
#define TASK_LISTS_READS (1U << 18)	/* of a process's memory at a time: some 20,000 tasks */

/* Offsets in the structures of one process; task_coro 0: unknown. */
struct task_layout {
	struct python_layout python;
	struct python_offsets threads;
	struct python_coroutines objects;
	struct asyncio_offsets asyncio;
};

/* A task that is suspended: its coroutines, innermost first. */
struct suspended_task {
	__u32 nr_frames;
	struct python_frame frames[TASK_LISTS_DEPTH];
};

/*
 * Finds the offsets. Returns 0; -ENOTSUP: this version has none; -EAGAIN: asyncio is not loaded, or cannot be found now; or another
 * -errno: they make no sense.
 */
int task_lists_find(struct task_layout *layout, const struct target *target, const struct python_layout *python);

/*
 * Calls visit(ctx, task) for each suspended task. Returns 0, or -EAGAIN if a list changed while it was read: some tasks were visited
 * then, and others were not. *more: set if there are more tasks than can be read by TASK_LISTS_READS.
 */
int task_lists_each(const struct task_layout *layout, const struct target *target,
		    void (*visit)(void *ctx, const struct suspended_task *task), void *ctx, bool *more);

#endif
