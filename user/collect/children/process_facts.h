/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* process_facts.h - the processes of a snapshot and what each has of each section, those included that have ended. */
#ifndef COLLECT_CHILDREN_PROCESS_FACTS_H
#define COLLECT_CHILDREN_PROCESS_FACTS_H

#include "collect/state.h"

/* A child has ended: what it has in the maps is taken out of them and kept. */
void shares_keep(struct session *session, struct target *target);

/* The targets of a snapshot, and what each of them has of each section_id. section_index[section_id]: of the snapshot. */
int shares_copy(struct session *session, struct snapshot *snap, const __u16 *section_index);

/* Time of a section that is open in the target; section_id: of the snapshot. */
void shares_add_open(struct snapshot *snap, const struct target *target, __u16 section_id, __u64 total_ns, __u64 self_ns);

void shares_clear(struct session *session);
void shares_forget(struct children *children);

#endif
