// SPDX-License-Identifier: MIT
/* slots.c - the rare operations on a record's slots: a profiler has attached, sections end out of order. */
#include <string.h>

#include "threads/slots.h"

_Static_assert(DCBS_SLOTS == 64 && DCBS_DEPTH <= UINT8_MAX, "a token has 6 bits for a slot; `nested` counts in a byte");

/*
 * Without a profiler only the list of open sections is kept, so the rest is rebuilt here. The time of
 * the last begin or end is unknown: the innermost section's self time counts from time 0, and the
 * reader, which knows when it attached, subtracts that.
 */
void dcbs_slots_resume(struct dcbs_record *r)
{
	unsigned int i, n = 0;
	uint8_t open[DCBS_SLOTS];

	for (i = r->innermost; i && n < DCBS_SLOTS; i = dcbs_use_below(r->slots[i].use))
		open[n++] = (uint8_t)i;
	memset(r->nested, 0, sizeof(r->nested));
	while (n--) {
		struct dcbs_slot *s = &r->slots[open[n]];

		s->start_ns = s->self_ns = 0;
		if (s->name >= DCBS_NAMES)
			s->name = DCBS_NAME_OTHER;
		s->flags = r->nested[s->name]++ ? 0 : DCBS_OUTERMOST;
	}
	r->slots[r->innermost].flags |= DCBS_SELF_FROM_0;
}

void dcbs_slots_pass_on_outermost(struct dcbs_record *r, uint16_t name, uint64_t now)
{
	struct dcbs_slot *eldest = NULL;
	unsigned int i;

	for (i = r->innermost; i; i = dcbs_use_below(r->slots[i].use))
		if (r->slots[i].name == name)
			eldest = &r->slots[i];
	if (!eldest)
		return;
	eldest->flags |= DCBS_OUTERMOST | DCBS_TOOK_OVER;
	eldest->outer_ns = now;
}

/* Another thread may set DCBS_USE_ENDED at the same time, hence the loop. */
static void relink_slot(struct dcbs_slot *s, unsigned int below)
{
	__u64 use = __atomic_load_n(&s->use, __ATOMIC_RELAXED);

	while (!__atomic_compare_exchange_n(&s->use, &use, (use & ~DCBS_USE_BELOW) | below << 6, true, __ATOMIC_ACQ_REL,
					    __ATOMIC_ACQUIRE))
		;
}

void dcbs_slots_release_inside(struct dcbs_record *r, struct dcbs_slot *s, uint64_t use)
{
	unsigned int above = r->innermost;

	while (above && dcbs_use_below(r->slots[above].use) != dcbs_use_slot(use))
		above = dcbs_use_below(r->slots[above].use);
	if (above)
		relink_slot(&r->slots[above], dcbs_use_below(use));
	r->disordered++;
	publish();
	s->use = 0;
}

/* The other threads have reported these sections, the last one at foreign_ns. Only the list is left to be updated. */
void dcbs_slots_tidy(struct dcbs_record *r)
{
	uint64_t ended_ns = __atomic_load_n(&r->foreign_ns, __ATOMIC_RELAXED), use;
	unsigned int i;

	__atomic_store_n(&r->foreign, 0, __ATOMIC_SEQ_CST);
	for (i = 1; i <= DCBS_DEPTH; i++) {
		use = __atomic_load_n(&r->slots[i].use, __ATOMIC_ACQUIRE);
		if (!(use & DCBS_USE_ENDED))
			continue;
		if (r->innermost == i && r->last_ns && ended_ns > r->last_ns)
			r->last_ns = ended_ns;
		slots_release_timed(r, &r->slots[i], use, ended_ns);
	}
}

void dcbs_slots_put_event(struct dcbs_record *r, const struct dcbs_slot *s, uint64_t now, uint8_t flags)
{
	struct dcbs_event e = {
		.end_ns = now,
		.value_ns = s->start_ns ? now - s->start_ns : 0,
		.self_ns = s->flags & DCBS_AFTER_EXIT ? now - s->outer_ns : s->self_ns,
		.items = s->items,
		.name = s->name,
		.kind = DCBS_EVENT_SECTION,
		.flags = (s->flags & (uint8_t)~DCBS_TOOK_OVER) | flags | (s->start_ns ? 0 : DCBS_NO_START),
	};

	if (s->flags & DCBS_TOOK_OVER) {
		struct dcbs_event open = {
			.end_ns = now,
			.value_ns = now - s->outer_ns,
			.name = s->name,
			.kind = DCBS_EVENT_OPEN_TIME,
			.flags = s->flags & DCBS_IN_FLOW,
		};

		ring_put(r, &open);
		e.flags &= (uint8_t)~DCBS_OUTERMOST;
	}
	ring_put(r, &e);
}
