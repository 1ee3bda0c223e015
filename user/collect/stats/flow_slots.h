/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* flow_slots.h - the open sections of a thread's flows, as the target's memory has them. */
#ifndef COLLECT_STATS_FLOW_SLOTS_H
#define COLLECT_STATS_FLOW_SLOTS_H

#include "collect/target/target.h"

/* Returns true if no other call of the same name is open on the thread below slot i of its record. */
bool flow_slots_is_outermost(const struct dcbs_record *record, unsigned int i);

#define FLOW_CHUNKS_READ 1024	/* chunks of a process that are read at a time: 837,632 sections */

/*
 * Calls visit(ctx, slot) for each section that is open in a chunk of the record. A slot is a copy and may hold anything; its name
 * is in range. Sections that begin or end meanwhile may be missing. *left: chunks of the process that may yet be read. Returns false
 * if these were too few.
 */
bool flow_slots_each(const struct target *target, const struct dcbs_record *record, unsigned int *left,
		     void (*visit)(void *ctx, const struct dcbs_flow_slot *slot), void *ctx);

#endif
