/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* children_impl.h - what children.c and shares.c share: who is followed, and what those that have ended have left. */
#ifndef COLLECT_CHILDREN_CHILDREN_IMPL_H
#define COLLECT_CHILDREN_CHILDREN_IMPL_H

#include "collect/children/children.h"
#include "collect/stats/read_ledgers.h"

#define CHILDREN_COPIES 32	/* of the marker library, by file */
#define CHILDREN_SHOWN 4096	/* that have ended and are told one by one */

/* Like struct snapshot_part, by the kernel's section_id. */
struct child_part {
	__u32 section_id;
	struct process_part sum;
};

struct ended_child {
	struct snapshot_target facts;
	struct child_part *shares;
	__u32 nr_parts;
};

struct children {
	struct ring_buffer *news;
	__u64 swept_ns;
	__u64 arrived;			/* processes that we know of, ever */
	struct {
		__u64 dev, ino, since_ns;
	} probed[CHILDREN_COPIES];
	struct uprobe *links[CHILDREN_COPIES];
	size_t nr_probed;
	__u64 probed_ns;		/* since when the file that was asked for last is */
	__u64 unseen;			/* sections that children began before they were probed */
	struct ended_child *ended;
	size_t nr_ended;		/* of them here; */
	__u64 more_ended;		/* besides those */
	struct thread_sum threads, idle;	/* of all that have ended, as in struct process_sum */
	struct ledger_rss rss;
};

#endif
