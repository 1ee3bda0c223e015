/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* process_facts.h - the processes of a snapshot, ended children included, and the part that each has of each section. */
#ifndef COLLECT_CHILDREN_PROCESS_FACTS_H
#define COLLECT_CHILDREN_PROCESS_FACTS_H

#include "collect/state.h"

/* Takes the facts of a child that has ended out of the maps, and keeps them. */
void process_facts_keep(struct session *session, struct target *target);

/* Copies the processes of a snapshot and their parts. section_index[id]: the snapshot's section of a section id. */
int process_facts_copy(struct session *session, struct snapshot *snap, const __u16 *section_index);

/* Adds the time of a section that is open in the target. section: index of the snapshot's sections. */
void process_facts_add_open(struct snapshot *snap, const struct target *target, __u16 section, __u64 total_ns, __u64 self_ns);

/* Forgets the parts of all processes, and the ended children. */
void process_facts_clear(struct session *session);
void process_facts_forget_children(struct children *children);

#endif
