/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * children.h - follows the processes that targets fork: their entries from birth to reuse, and the facts that they leave.
 *
 * The BPF programs name a child before it runs, see struct process in bpfprof/abi.h. Here the child gets its place among
 * the session's targets, its markers are looked for if it has called execve(), and when it has ended its facts are
 * kept and its entry becomes free. All functions do nothing without --children.
 */
#ifndef COLLECT_CHILDREN_CHILDREN_H
#define COLLECT_CHILDREN_CHILDREN_H

#include "collect/state.h"

/* Before anything is attached: the entries that targets have not taken are for children. */
int children_open(struct session *session);

/* Once on_fork is attached: the targets' descendants that exist already become targets. */
int children_adopt(struct session *session);

/* Examines the children: some may have come, called execve() or ended. Cheap. */
void children_poll(struct session *session);

/* Looks for children that have come, and for that alone. ctx: the session. */
void children_find(void *ctx);

/* When a child should be examined next: `next`, or earlier. CLOCK_MONOTONIC ns. */
__u64 children_due(const struct session *session, __u64 next);

/* A descriptor that becomes readable when children_poll() has something to do; -1: children are not followed. */
int children_fd(const struct session *session);

/* The parts of the session that attach_target() needs. */
struct attach_context children_attach_context(struct session *session);

void children_close(struct session *session);

#endif
