/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* ledger.h - copies the ledgers of wall time and memory out of the maps. */
#ifndef COLLECT_LEDGER_H
#define COLLECT_LEDGER_H

#include "collect/session_impl.h"

/* Adds a row of the same name. */
void ledger_merge(struct row_ledger *to, const struct row_ledger *from);

/* Waits that were watched part of the time. */
void ledger_scale_waits(struct row_ledger *ledger, double by);

/* All but the sections' own: threads, what happened outside of sections, the processes' memory. */
int ledger_copy(const struct session *session, struct snapshot *snap, const struct thread_view *views, size_t nr_views);

#endif
