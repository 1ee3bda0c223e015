// SPDX-License-Identifier: MIT
/* flow_state.c - see flow_state.h. */
#include <stddef.h>

#include "threads/flow_state.h"
#include "threads/flow_table.h"
#include "threads/slots.h"

/* ---- times ---- */

void dcbs_flow_charge(struct dcbs_flow_slot *s, uint64_t now)
{
	if (!s->since_ns)
		s->slot.flags |= DCBS_SELF_FROM_0;
	s->slot.self_ns += now - s->since_ns;
	s->since_ns = now;
}

static bool has_times(const struct dcbs_flow_slot *s)
{
	return s->slot.start_ns || s->slot.self_ns || (s->since_ns && s->since_ns != DCBS_COVERED);
}

/* Below a section without times there are none with times. */
void dcbs_flow_forget_times(const struct dcbs_flow *flow)
{
	struct dcbs_flow_slot *s = flow_slot_at(flow->innermost);
	uint64_t since = 0;

	for (; s && has_times(s); s = flow_slot_at(s->below), since = DCBS_COVERED) {
		s->slot.start_ns = s->slot.self_ns = 0;
		s->slot.flags &= (uint8_t)~(DCBS_SELF_FROM_0 | DCBS_TOOK_OVER);
		s->since_ns = since;
	}
}

static void forget_slot(struct dcbs_record *r, struct dcbs_flow_slot *s, uint64_t now)
{
	(void)r, (void)now;
	s->slot.start_ns = s->slot.self_ns = 0;
	s->slot.flags &= (uint8_t)~(DCBS_SELF_FROM_0 | DCBS_TOOK_OVER);
	if (s->since_ns != DCBS_COVERED)
		s->since_ns = 0;
}

void dcbs_flows_forget_times(struct dcbs_record *r)
{
	dcbs_flow_each_slot(r, forget_slot, 0);
}

static void end_beyond_slots(struct dcbs_record *r, uint64_t now)
{
	r->in_flow &= (uint8_t)~DCBS_FIRST_FLOW_FULL;
	if (r->last_ns)
		r->last_ns = now;
}

/* ---- end ---- */

/* The outermost section of that name has ended while sections above it go on: the eldest of that name takes over. */
static cold void pass_on_outermost(const struct dcbs_flow *flow, uint16_t name, uint64_t now)
{
	struct dcbs_flow_slot *s = flow_slot_at(flow->innermost), *eldest = NULL;

	for (; s; s = flow_slot_at(s->below))
		if (s->slot.name == name)
			eldest = s;
	if (!eldest)
		return;
	eldest->slot.flags |= DCBS_OUTERMOST | (eldest->slot.start_ns ? DCBS_TOOK_OVER : 0);
	eldest->slot.outer_ns = now;
}

static cold void unlink_inner(const struct dcbs_flow *flow, const struct dcbs_flow_slot *s, uint64_t now)
{
	struct dcbs_flow_slot *above = flow_slot_at(flow->innermost);

	while (above && flow_slot_at(above->below) != s)
		above = flow_slot_at(above->below);
	if (above)
		above->below = s->below;
	if (s->slot.flags & DCBS_OUTERMOST)
		pass_on_outermost(flow, s->slot.name, now);
}

void dcbs_flow_release(struct dcbs_record *r, struct dcbs_flow_slot *s, uint64_t now)
{
	struct dcbs_flow *flow = dcbs_flow_find(r, s->flow);

	if (flow && flow->id && flow_slot_at(flow->innermost) == s) {
		flow->innermost = s->below;
		if (s->below)
			flow_slot_at(s->below)->since_ns = now;
		else
			dcbs_flow_remove(r, flow);
		if (!s->below && s->flow == DCBS_FIRST_FLOW)
			end_beyond_slots(r, now);
	} else if (flow && flow->id) {
		unlink_inner(flow, s, now);
	}
	r->flow_open--;
	dcbs_flow_free_slot(r, s);
}

void dcbs_flows_tidy(struct dcbs_record *r)
{
	struct dcbs_flow_slot *s, *next;

	dcbs_slots_tidy(r);
	s = flow_slot_at(__atomic_exchange_n(&r->flow_ended, 0, __ATOMIC_ACQ_REL));
	for (; s; s = next) {
		next = flow_slot_at(s->ended);
		dcbs_flow_release(r, s, s->slot.start_ns || probe_attached() ? s->slot.outer_ns : 0);
	}
}

/* ---- the thread ends ---- */

static void put_open_slot(struct dcbs_record *r, struct dcbs_flow_slot *s, uint64_t now)
{
	if (s->since_ns != DCBS_COVERED)
		dcbs_flow_charge(s, now);
	dcbs_slots_put_event(r, &s->slot, now, DCBS_OPEN_AT_EXIT);
	s->slot.flags |= DCBS_AFTER_EXIT | (s->slot.flags & DCBS_OUTERMOST ? DCBS_TOOK_OVER : 0);
	s->slot.outer_ns = now;
	s->slot.items = 0;
	ring_flush_if_due(r, now);
}

void dcbs_flows_put_open(struct dcbs_record *r, uint64_t now)
{
	if (r->flow_open)
		dcbs_flow_each_slot(r, put_open_slot, now);
}
