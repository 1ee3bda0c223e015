// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* flow_slots.c - see flow_slots.h. */
#include <stdlib.h>

#include "collect/stats/flow_slots.h"

/* Until the thread's first begin or end of a section in the window, the slots' flags say nothing. */
bool flow_slots_is_outermost(const struct dcbs_record *r, unsigned int i)
{
	unsigned int below = dcbs_use_below(r->slots[i].use), left = DCBS_SLOTS;

	if (r->last_ns)
		return r->slots[i].flags & DCBS_OUTERMOST;
	for (; below && left--; below = dcbs_use_below(r->slots[below].use))
		if (r->slots[below].name == r->slots[i].name)
			return false;
	return true;
}

static bool is_open(const struct dcbs_flow_slot *s)
{
	return s->slot.use && !(s->slot.use & DCBS_USE_ENDED) && s->slot.name && s->slot.name < DCBS_NAMES;
}

bool flow_slots_each(const struct target *target, const struct dcbs_record *record, unsigned int *left,
		     void (*visit)(void *ctx, const struct dcbs_flow_slot *slot), void *ctx)
{
	struct dcbs_flow_chunk *chunk;
	__u64 at = record->flow_chunks;
	int n, i;

	if (!record->flow_open || !at)
		return true;
	if (!*left)
		return false;
	chunk = malloc(sizeof(*chunk));
	for (n = 0; chunk && at && n < DCBS_FLOW_CHUNKS && *left; at = chunk->next, n++, --*left) {
		if (target_read(target, at, chunk, sizeof(*chunk)))
			break;
		for (i = 0; i < DCBS_FLOW_SLOTS; i++)
			if (is_open(&chunk->slots[i]))
				visit(ctx, &chunk->slots[i]);
	}
	free(chunk);
	return chunk && *left;
}
