/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * sampler.h - samples of the targets' stacks: taken out of the kernel's ring, named, and counted.
 *
 * Names are read as soon as a sample comes, because the memory that holds them may be reused a moment later. Each function and
 * line is kept once, and each stack is kept once for the sections that were open. So memory grows with the number of different
 * ones, up to a limit, and samples that do not fit are counted.
 */
#ifndef COLLECT_SAMPLES_SAMPLER_H
#define COLLECT_SAMPLES_SAMPLER_H

#include "collect/facts.h"
#include "collect/samples/section_functions.h"
#include "collect/target/target.h"

struct sampler;

/* ring_fd: the map `samples`. find_children(ctx) is called when a sample is of a process that is not among the targets. */
int sampler_open(struct sampler **sampler, int ring_fd, struct target_list *targets, void (*find_children)(void *ctx), void *ctx);

/* The functions that are sections, to be added to. */
struct section_functions *sampler_functions(struct sampler *sampler);

/* A frame that some sample had, by its number; valid until the sampler is closed. */
const struct snapshot_frame *sampler_frame(const struct sampler *sampler, __u32 frame);

/* Returns true if some sample had a function of a file with that in its path. */
bool sampler_has_file(const struct sampler *sampler, const char *part);

/* Takes the samples that are in the ring. */
void sampler_poll(struct sampler *sampler);

/* Does the same for the last time, and releases the memory of the ring. */
void sampler_end(struct sampler *sampler);

/* A descriptor that becomes readable when the ring is half full; -1: the ring is released. */
int sampler_fd(const struct sampler *sampler);

/* The most that the samples of a section which is a function stand for, within three standard deviations. */
double sampler_most_ns(const struct sampler *sampler, __u16 section_id, int frequency_hz);

/*
 * Returns 1 + the number, in the snapshot's stacks, of the last stack that was sampled on a thread in a call of a section; 0: there is
 * none, or it is too long ago.
 */
__u32 sampler_stack_in_call(const struct sampler *sampler, __u32 tid, __u64 start_ns, __u64 end_ns, __u16 section_id);

/* Copies all stacks so far. section_index[id]: index of the snapshot's sections, SNAPSHOT_OUTSIDE for no section. */
int sampler_copy(const struct sampler *sampler, struct snapshot *snap, const __u16 *section_index);

/* Forgets all samples so far. */
void sampler_clear(struct sampler *sampler);
void sampler_close(struct sampler *sampler);

#endif
