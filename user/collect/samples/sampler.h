/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * sampler.h - samples of the targets' stacks: taken out of the kernel's ring, named, and counted.
 *
 * Names are read as soon as a sample comes, because what they are read from may be gone a moment later.
 * Each function and line is kept once, and each stack once for the sections it was in: memory is bounded
 * by how many different ones there are, up to a limit, and what does not fit is counted.
 */
#ifndef COLLECT_SAMPLES_SAMPLER_H
#define COLLECT_SAMPLES_SAMPLER_H

#include "collect/facts.h"
#include "collect/target/target.h"

struct sampler;

/* ring_fd: the map `samples`. find_children: called with ctx when a sample is of a process that is not among the targets. */
int sampler_open(struct sampler **sampler, int ring_fd, struct target_list *targets, void (*find_children)(void *ctx), void *ctx);

/*
 * Samples with that function on the stack are in that section, too. A Python function is named by module.qualname or by its
 * qualname alone. The name stays the caller's.
 */
int sampler_add_function(struct sampler *sampler, const char *name, bool python, __u32 section_id);

/* Returns true if the function was on some stack. */
bool sampler_has_met(const struct sampler *sampler, const char *qualname);

/* Takes the samples that are there. */
void sampler_poll(struct sampler *sampler);

/* The same for the last time: the memory of the ring is released. */
void sampler_end(struct sampler *sampler);

/* Becomes readable when the ring is half full. */
int sampler_fd(const struct sampler *sampler);

/* Copies all stacks so far; section_index[id]: index of the snapshot's sections, SNAPSHOT_OUTSIDE for no section. */
int sampler_copy(const struct sampler *sampler, struct snapshot *snap, const __u16 *section_index);

void sampler_clear(struct sampler *sampler);
void sampler_close(struct sampler *sampler);

#endif
