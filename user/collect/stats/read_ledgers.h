/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* read_ledgers.h - copies the ledgers of wall time and memory from the maps. */
#ifndef COLLECT_STATS_READ_LEDGERS_H
#define COLLECT_STATS_READ_LEDGERS_H

#include "collect/state.h"

/* Adds the ledger of a section id to that of another id of the same name. */
void read_ledgers_merge(struct section_ledger *to, const struct section_ledger *from);

/* Multiplies waits that were observed in on-periods by a factor. */
void read_ledgers_scale_waits(struct section_ledger *ledger, double by);

/* Copies all facts but the sections' own ledgers: threads, the time outside of sections, the processes' memory. */
int read_ledgers(const struct session *session, struct snapshot *snap, const struct thread_view *views, size_t nr_views);

#endif
