/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * sampling.h - the sampler of a session, and its knowledge of the targets: their symbols, and how to walk their Python stacks.
 *
 * All functions do nothing where stacks are not sampled.
 */
#ifndef COLLECT_SAMPLES_SAMPLING_H
#define COLLECT_SAMPLES_SAMPLING_H

#include "collect/state.h"

/* find_children: called with ctx when a sample is of a process that is not known yet. */
int sampling_open(struct session *session, void (*find_children)(void *ctx), void *ctx);

/* A target is there. parent: the target that has just forked it, or NULL. */
void sampling_add_target(struct session *session, struct target *target, const struct target *parent);

/* The target has called execve(). */
void sampling_forget_image(struct session *session, struct target *target);

/* Looks for interpreters that may have started, and takes the samples that are there. */
void sampling_poll(struct session *session);

/* Notes the functions of --section that were on no stack. */
void sampling_note_missing(struct session *session);

void sampling_close(struct session *session);

#endif
