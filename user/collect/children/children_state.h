/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* children_state.h - the children that are followed, and the facts of those that have ended. */
#ifndef COLLECT_CHILDREN_CHILDREN_STATE_H
#define COLLECT_CHILDREN_CHILDREN_STATE_H

#include "collect/children/shared_probes.h"
#include "collect/facts.h"

#define CHILDREN_SHOWN 4096	/* ended children that are reported individually */

/* RSS of all processes together in bytes, by kind. */
struct process_rss {
	__s64 start[RSS_KINDS];		/* at the start of the window */
	__s64 end[RSS_KINDS];		/* of the processes that exist now */
	__s64 others[RSS_KINDS];	/* growth that no section caused */
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
	struct ring_buffer *news;	/* becomes readable when a child comes, calls execve() or ends */
	__u64 swept_ns;			/* when the last sweep was */
	__u64 arrived;			/* processes that have become targets so far */
	struct shared_probes probes;
	__u64 unseen;			/* calls of children that were over before the child was probed */
	struct ended_child *ended;
	size_t nr_ended, room_ended;
	__u64 more_ended;		/* ended children that did not fit into `ended` */
	struct thread_sum threads[ENDED_ROLES];	/* of all ended children, as in struct process_sum */
	struct process_rss rss;
};

#endif
