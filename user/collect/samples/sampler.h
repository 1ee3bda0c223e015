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
#include "collect/target/target.h"

struct sampler;

/* ring_fd: the map `samples`. find_children(ctx) is called when a sample is of a process that is not among the targets. */
int sampler_open(struct sampler **sampler, int ring_fd, struct target_list *targets, void (*find_children)(void *ctx), void *ctx);

/*
 * Counts samples with that function on the stack in that section, too. A Python function is named by module.qualname or by its
 * qualname alone. The name is not copied.
 */
int sampler_add_function(struct sampler *sampler, const char *name, bool python, __u32 section_id);

/* Returns true if the function was on some stack. */
bool sampler_has_met(const struct sampler *sampler, const char *qualname);

/* Takes the samples that are in the ring. */
void sampler_poll(struct sampler *sampler);

/* Does the same for the last time, and releases the memory of the ring. */
void sampler_end(struct sampler *sampler);

/* A descriptor that becomes readable when the ring is half full; -1: the ring is released. */
int sampler_fd(const struct sampler *sampler);

/* The most that the samples of a section which is a function stand for, within three standard deviations. */
double sampler_most_ns(const struct sampler *sampler, __u16 section_id, int frequency_hz);

/* Copies all stacks so far. section_index[id]: index of the snapshot's sections, SNAPSHOT_OUTSIDE for no section. */
int sampler_copy(const struct sampler *sampler, struct snapshot *snap, const __u16 *section_index);

/* Forgets all samples so far. */
void sampler_clear(struct sampler *sampler);
void sampler_close(struct sampler *sampler);

#endif
