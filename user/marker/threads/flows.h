/* SPDX-License-Identifier: MIT */
/*
 * flows.h - the sections of flows other than the thread's first one, and those of the first one that find no free slot.
 *
 * A flow is a logical thread: the thread itself, or one of the coroutines that take turns on it. Only the thread that
 * owns a record changes its flows, as in slots.h. Any thread may set DCBS_USE_ENDED in a slot's `use`, and then puts the
 * slot into the list `flow_ended`.
 */
#ifndef DCBS_MARKER_FLOWS_H
#define DCBS_MARKER_FLOWS_H

#include "dcbs/markers.h"
#include "ring.h"

/* Returns true if a token is one of dcbs_flow_begin(). Records and slots lie at even addresses. */
static inline bool flows_is_token(dcbs_token token)
{
	return (uintptr_t)token.record & 1;
}

static inline struct dcbs_flow_slot *flows_slot_of(dcbs_token token)
{
	return (struct dcbs_flow_slot *)((uintptr_t)token.record - 1);
}

/*
 * Makes `id` the calling thread's current flow; 0: the first one. `at`: address of the word in which others find the
 * number of the current flow at any time; NULL: only these calls change it. Its lowest bit is DCBS_AT_HAS_SERIAL if the word
 * behind it counts the changes of the flow. Only in the copy that leads.
 */
#define DCBS_AT_HAS_SERIAL 1ULL

HIDDEN void dcbs_flow_set(uint64_t id, const void *at);

/* The same in any copy. */
HIDDEN void dcbs_flow_switch(uint64_t id, const void *at);

/* Opens a section in the current flow; a token of zeros if there is no room. */
HIDDEN dcbs_token dcbs_flow_begin(struct dcbs_record *r, dcbs_id name);

/* Ends a section of dcbs_flow_begin(), on any thread. Only in the copy that leads. */
HIDDEN void dcbs_flow_end(dcbs_token token, uint8_t flags);

#endif
