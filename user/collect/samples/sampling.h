/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * sampling.h - the sampler of a session, and the targets' symbols and interpreters, which it needs.
 *
 * All functions do nothing if stacks are not sampled.
 */
#ifndef COLLECT_SAMPLES_SAMPLING_H
#define COLLECT_SAMPLES_SAMPLING_H

#include "collect/state.h"

/* find_children(ctx) is called when a sample is of a process that is not known yet. */
int sampling_open(struct session *session, void (*find_children)(void *ctx), void *ctx);

/* Opens the symbols of a new target. parent: the target that forked it, or NULL. */
void sampling_add_target(struct session *session, struct target *target, const struct target *parent);

/* The target has called execve(): forgets its interpreter and symbols. */
void sampling_forget_image(struct session *session, struct target *target);

/* Searches for interpreters that may have started, and takes the samples that are in the ring. */
void sampling_poll(struct session *session);

/* Notes the functions of --section that were on no stack. */
void sampling_note_missing(struct session *session);

void sampling_close(struct session *session);

#endif
