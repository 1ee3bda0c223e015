/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * gpu_calls.h - for what a thread was in the driver of a GPU, by its stack.
 *
 * The exported functions of older drivers leave by a jump and are on no stack. Then only the runtime above the driver, if there is one,
 * has a name that tells.
 */
#ifndef ANALYSE_STACKS_GPU_CALLS_H
#define ANALYSE_STACKS_GPU_CALLS_H

#include "collect/facts.h"

enum gpu_call {
	GPU_CALL_NONE,		/* not in a driver */
	GPU_CALL_UNKNOWN,	/* no function of a known name is on the stack */
	GPU_CALL_WAIT,		/* for work on the GPU */
	GPU_CALL_COPY,		/* waits for the work before it, and copies */
	GPU_CALL_READ,		/* a copy to the host */
	GPU_CALL_WRITE,		/* a copy to the GPU */
	GPU_CALL_LAUNCH,	/* of work on the GPU */
	GPU_CALL_ALLOC,		/* or free memory */
	GPU_CALL_OTHER,
	GPU_CALL_TIMED,		/* a timed call, whose time is known */
	GPU_CALLS
};

/* Never GPU_CALL_TIMED: see gpu_kind of the stack. */
enum gpu_call gpu_calls_of_stack(const struct snapshot *snap, const struct snapshot_stack *stack);

/* The call that was timed; GPU_CALL_UNKNOWN: none was. */
enum gpu_call gpu_calls_of_kind(__u32 gpu_kind);

#endif
