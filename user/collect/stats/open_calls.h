/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* open_calls.h - adds the calls of --section functions that are still open to a snapshot, and counts those that ended unseen. */
#ifndef COLLECT_STATS_OPEN_CALLS_H
#define COLLECT_STATS_OPEN_CALLS_H

#include "collect/state.h"

/* views: of all threads, taken after snap->end_ns. section_index[id]: the snapshot's section of a section id. */
void open_calls_add(struct session *session, struct snapshot *snap, const struct thread_view *views, size_t nr_views,
		    const __u16 *section_index);

/* Forgets the open calls: a new window begins. */
void open_calls_clear(const struct programs *bpf);

#endif
