/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * gpu_times.h - the time of a section in the driver of a GPU, from samples of the stack.
 *
 * A driver spins while it waits, so the kernel's account has the wait as running time. Where the names of functions tell that a thread
 * waited, this time is moved: it is a wait for the GPU, and so is the time in which the waiting thread was kept from its CPU, as the GPU
 * worked meanwhile.
 */
#ifndef ANALYSE_STACKS_GPU_TIMES_H
#define ANALYSE_STACKS_GPU_TIMES_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* Fills the report's list of libraries. Returns 0 or -ENOMEM. */
int gpu_times_libraries(struct dcbs_report *report, const struct snapshot *snap);

/*
 * Fills to->gpu and moves waits in to->wall and to->self_wall, which are filled. section: index of the snapshot's sections, or
 * SNAPSHOT_OUTSIDE.
 */
void gpu_times_fill(struct dcbs_section *to, const struct snapshot *snap, __u16 section);

/* Moves the waits that a section's samples showed to gpu_s of another ledger of the same time. */
void gpu_times_move(struct dcbs_wall *wall, const struct dcbs_gpu *gpu);

#endif
