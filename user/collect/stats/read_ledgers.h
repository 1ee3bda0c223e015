/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* read_ledgers.h - copies the ledgers of wall time and memory out of the maps. */
#ifndef COLLECT_STATS_READ_LEDGERS_H
#define COLLECT_STATS_READ_LEDGERS_H

#include "collect/state.h"

/* RSS of processes together, by kind: when the window opened, of those that are there now, and what no section has done to it. */
struct ledger_rss {
	__s64 start[RSS_KINDS], end[RSS_KINDS], others[RSS_KINDS];
};

/* gone: it has ended, and is no process of the session any more. */
void ledger_add_rss(const struct session *session, const struct target *target, const struct process_sum *sum, bool gone,
		    struct ledger_rss *rss);

/* Adds a section_id of the same name. */
void ledger_merge(struct section_ledger *to, const struct section_ledger *from);

/* Waits that were watched part of the time. */
void ledger_scale_waits(struct section_ledger *ledger, double by);

/* All but the sections' own: threads, what happened outside of sections, the processes' memory. */
int ledger_copy(const struct session *session, struct snapshot *snap, const struct thread_view *views, size_t nr_views);

#endif
