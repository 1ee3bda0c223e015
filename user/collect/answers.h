/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * answers.h - what it costs the targets to ask for their own figures: a thread waits while its document is built.
 *
 * This is a cost of profiling like any other: it is reported, and the rate of the answers is kept within a part of the budget.
 */
#ifndef COLLECT_ANSWERS_H
#define COLLECT_ANSWERS_H

#include <linux/types.h>

struct session;
struct snapshot;

/* Counts an answer that a target waited for. Returns the CLOCK_MONOTONIC ns from which on another one is within the budget. */
__u64 answers_add(struct session *session, __u64 ns);

/* Those up to now are not of the window. */
void answers_clear(struct session *session);

void answers_copy(const struct session *session, struct snapshot *snap);

#endif
