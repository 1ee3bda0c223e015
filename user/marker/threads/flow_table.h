/* SPDX-License-Identifier: MIT */
/* flow_table.h - the memory of a record's flows: the table of flows by their numbers, and the slots of their sections. */
#ifndef DCBS_MARKER_FLOW_TABLE_H
#define DCBS_MARKER_FLOW_TABLE_H

#include <stdint.h>

#include "bpfprof/marker_abi.h"
#include "compiler.h"

/* Returns the place of a flow, or the free place at which it would be; NULL: there is no table. */
HIDDEN struct dcbs_flow *dcbs_flow_find(const struct dcbs_record *r, uint64_t id);

/* Returns the place of a flow, which is new if its `innermost` is 0. NULL: there is no memory. */
HIDDEN struct dcbs_flow *dcbs_flow_get(struct dcbs_record *r, uint64_t id);

/* Frees a flow's place. Other flows may move. */
HIDDEN void dcbs_flow_remove(struct dcbs_record *r, struct dcbs_flow *flow);

/* Returns an unused slot; NULL: the bound is reached, or there is no memory. */
HIDDEN struct dcbs_flow_slot *dcbs_flow_take_slot(struct dcbs_record *r);
HIDDEN void dcbs_flow_free_slot(struct dcbs_record *r, struct dcbs_flow_slot *s);

/* Calls visit(r, slot, now) for each slot in use. */
HIDDEN void dcbs_flow_each_slot(struct dcbs_record *r, void (*visit)(struct dcbs_record *r, struct dcbs_flow_slot *s, uint64_t now),
				uint64_t now);

#endif
