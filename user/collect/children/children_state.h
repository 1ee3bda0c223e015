/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* children_state.h - the children that are followed, and the facts that ended children have left. */
#ifndef COLLECT_CHILDREN_CHILDREN_STATE_H
#define COLLECT_CHILDREN_CHILDREN_STATE_H

#include "collect/children/shared_probes.h"
#include "collect/facts.h"

#define CHILDREN_SHOWN 4096	/* ended children that are reported one by one */

/* RSS of processes together, by kind, bytes: at the start of the window, of those that exist now, and growth that no section caused. */
struct process_rss {
	__s64 start[RSS_KINDS], end[RSS_KINDS], others[RSS_KINDS];
};

/* Like struct snapshot_part, by section id. */
struct child_part {
	__u32 section_id;
	struct process_part part;
};

struct ended_child {
	struct snapshot_target facts;
	struct child_part *parts;
	size_t nr_parts, room;
};

struct children {
	struct ring_buffer *news;
	__u64 swept_ns;
	__u64 arrived;			/* processes that we know of, ever */
	struct shared_probes probes;
	__u64 unseen;			/* sections that children began before they were probed */
	struct ended_child *ended;
	size_t nr_ended, room_ended;
	__u64 more_ended;		/* ended children besides those */
	struct thread_sum threads, idle;	/* of all that have ended, as in struct process_sum */
	struct process_rss rss;
};

#endif
