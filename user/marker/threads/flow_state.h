/* SPDX-License-Identifier: MIT */
/* flow_state.h - the open sections of a record's flows: their self times, their order, and their end with the thread. */
#ifndef DCBS_MARKER_FLOW_STATE_H
#define DCBS_MARKER_FLOW_STATE_H

#include "bpfprof/marker_abi.h"
#include "ring.h"

static inline struct dcbs_flow_slot *flow_slot_at(uint64_t address)
{
	return (struct dcbs_flow_slot *)(uintptr_t)address;
}

/* Returns true if a section of the record is open, in a slot of the record or in a chunk. */
static inline bool flows_any_open(const struct dcbs_record *r)
{
	return r->innermost || r->flow_open;
}

/* Adds the time up to now to the self time of a flow's innermost section, see dcbs_slots_resume() for the time from 0 on. */
HIDDEN void dcbs_flow_charge(struct dcbs_flow_slot *s, uint64_t now);

/* A section begins or ends without a profiler: the times of the flow's sections are not kept any more. */
HIDDEN void dcbs_flow_forget_times(const struct dcbs_flow *flow);

/* Takes a section out of its flow and frees its slot. now 0: no profiler is attached. */
HIDDEN void dcbs_flow_release(struct dcbs_record *r, struct dcbs_flow_slot *s, uint64_t now);

/* Takes out the sections that other threads have ended, from the record's slots and from flows. */
HIDDEN void dcbs_flows_tidy(struct dcbs_record *r);

/* Reports the sections that are open when their thread ends, as far as they have come. */
HIDDEN cold void dcbs_flows_put_open(struct dcbs_record *r, uint64_t now);

/* In a forked child: the parent reports the time that the open sections have taken so far. */
HIDDEN cold void dcbs_flows_forget_times(struct dcbs_record *r);

#endif
