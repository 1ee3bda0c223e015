/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * open_facts.h - adds to a snapshot the facts that only the targets' memory holds: sections that are still open, and records
 * that no BPF program has read.
 */
#ifndef COLLECT_OPEN_FACTS_H
#define COLLECT_OPEN_FACTS_H

#include "collect/state.h"

/* views: the threads, with the place up to which each ring has been read. */
void open_facts_add(struct session *session, struct snapshot *snap, const struct thread_view *views, size_t nr_views);

#endif
