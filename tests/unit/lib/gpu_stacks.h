/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* gpu_stacks.h - stacks in the driver of a GPU, written by hand. */
#ifndef TESTS_UNIT_GPU_STACKS_H
#define TESTS_UNIT_GPU_STACKS_H

#include "sampled_report.h"

/* A native frame. function NULL: the driver's file has no name for it. */
static inline __u32 gpu_frame(struct snapshot *snap, const char *function, enum library_kind library)
{
	const char *file = library_kind_name(library);
	__u32 frame = stacks_frame(snap, function, file ? file : "a.so", 0, false);

	snap->frames[frame].library = library;
	return frame;
}

/* A section of 10 s in a target that has NVIDIA's driver. */
static inline struct snapshot *gpu_section(void)
{
	struct snapshot *snap = sampled_report_section(10 * SEC);

	snap->gpu_libraries = 1U << LIBRARY_CUDA;
	return snap;
}

/* Adds ticks in a function of the driver, which reads the clock in a function without a name. name NULL: it is on no stack, either. */
static inline struct snapshot_stack *gpu_ticks(struct snapshot *snap, const char *name, __u64 ticks)
{
	__u32 caller = stacks_frame(snap, "evaluate", "evaluate.py", 3, true), clock = gpu_frame(snap, "clock_gettime", LIBRARY_SYSTEM);
	__u32 loop = gpu_frame(snap, NULL, LIBRARY_CUDA);

	if (!name)
		return stacks_ran(STACK(snap, 0, caller, loop, clock), ticks);
	return stacks_ran(STACK(snap, 0, caller, gpu_frame(snap, name, LIBRARY_CUDA), loop, clock), ticks);
}

/* Adds ticks outside of the driver. */
static inline struct snapshot_stack *gpu_host_ticks(struct snapshot *snap, __u64 ticks)
{
	return stacks_ran(STACK(snap, 0, stacks_frame(snap, "evaluate", "evaluate.py", 3, true)), ticks);
}

/* All of its calls were timed: `calls` that waited for the GPU, for s seconds in all. */
static inline struct gpu_sum *gpu_timed(struct snapshot *snap, __u64 calls, double s)
{
	struct gpu_sum *sum = &snap->sections[0]->gpu;

	snap->gpu_probes = 1;
	snap->gpu_timed = true;
	sum->syncs = calls;
	sum->ns[GPU_RAN] = sum->self_ns[GPU_RAN] = (__u64)(s * SEC);
	return sum;
}

#endif
