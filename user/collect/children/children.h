/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * children.h - follows the processes that targets fork.
 *
 * The BPF programs give a child an entry of the map `processes` before it runs, see struct process in bpfprof/abi.h. Here the
 * child becomes a target of the session at the same index. If it has called execve(), its markers are searched for. When it has
 * ended, its facts are kept and its entry becomes free. All functions do nothing without --children.
 */
#ifndef COLLECT_CHILDREN_CHILDREN_H
#define COLLECT_CHILDREN_CHILDREN_H

#include "collect/state.h"

/* To be called before anything is attached: makes the entries that no target has taken free for children. */
int children_open(struct session *session);

/* To be called once on_fork is attached: makes the targets' descendants that exist already targets. */
int children_adopt(struct session *session);

/* Examines the children: some may have come, called execve() or ended. Cheap. */
void children_poll(struct session *session);

/* Finds children that have come, and does nothing else. ctx: the session. */
void children_find(void *ctx);

/* Returns the CLOCK_MONOTONIC ns at which a child is to be examined next: `next`, or earlier. */
__u64 children_due(const struct session *session, __u64 next);

/* A descriptor that becomes readable when children_poll() has something to do; -1: children are not followed. */
int children_fd(const struct session *session);

/* The parts of the session that attach_target() needs. */
struct attach_context children_attach_context(struct session *session);

void children_close(struct session *session);

#endif
