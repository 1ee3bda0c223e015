/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * children.h - follows the processes that targets fork: their entries from birth to reuse, and what the ended have left.
 *
 * The BPF programs name a child before it runs, see struct process in bpfprof/abi.h. Here it gets its place among
 * the session's targets, its markers are looked for if it has executed another image, and when it has ended its
 * figures are kept and its entry is given back. All do nothing without --children.
 */
#ifndef COLLECT_CHILDREN_CHILDREN_H
#define COLLECT_CHILDREN_CHILDREN_H

#include "collect/state.h"
#include "host/uprobe.h"

/* Before anything is attached: the entries that targets have not taken are for children. */
int children_open(struct session *session);

/* The targets' descendants that are there already, once on_fork is attached. */
int children_adopt(struct session *session);

/* Who has come, has executed another image, has ended? Cheap. */
void children_poll(struct session *session);

/* Who has come? Of that alone; ctx: the session. */
void children_look(void *ctx);

/* When a child should be looked at next: `next`, or earlier. */
__u64 children_due(const struct session *session, __u64 next);

/* Becomes readable when there is something to poll for; -1: not followed. */
int children_fd(const struct session *session);

/*
 * Puts the marker's probe into every process that has mapped the file, once: only so are the sections of a child
 * that executes an image timed from the first one on. What is not a target's returns at once.
 */
int children_attach(struct session *session, const struct marker *marker, const struct uprobe_place *place);

void children_close(struct session *session);

#endif
