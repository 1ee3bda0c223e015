// SPDX-License-Identifier: MIT
/* flows.c - see flows.h. */
#include "process_state.h"
#include "threads/flow_state.h"
#include "threads/flow_table.h"
#include "threads/flows.h"
#include "threads/slots.h"
#include "threads/thread.h"
#include "vdso_clock.h"

/* A number that stands for the first flow, as 0 does: dcbs_flow_enter() may be given any. */
static uint64_t usable_id(uint64_t id)
{
	return id == DCBS_FIRST_FLOW ? 0 : id;
}

void dcbs_flow_set(uint64_t id, const void *at)
{
	struct dcbs_record *r = dcbs_record ? dcbs_record : dcbs_thread_make_record();

	if (!r)
		return;
	r->flow_id = usable_id(id);
	r->flow_at = at ? (uint64_t)(uintptr_t)at & ~DCBS_AT_HAS_SERIAL : (uint64_t)(uintptr_t)&r->flow_id;
	r->flow_serial = (uint64_t)(uintptr_t)at & DCBS_AT_HAS_SERIAL;
	r->in_flow = (uint8_t)((r->in_flow & DCBS_FIRST_FLOW_FULL) | (r->flow_id ? DCBS_OTHER_FLOW : 0));
}

/* ---- begin ---- */

static bool name_is_open(const struct dcbs_flow *flow, uint16_t name)
{
	const struct dcbs_flow_slot *s = flow_slot_at(flow->innermost);

	while (s && s->slot.name != name)
		s = flow_slot_at(s->below);
	return s;
}

/* The first section of the thread itself that finds no free slot. Until the last of them ends, the time is theirs. */
static void begin_beyond_slots(struct dcbs_record *r, uint64_t now)
{
	if (now)
		slots_charge(r, now);
	else
		r->last_ns = 0;
	r->in_flow |= DCBS_FIRST_FLOW_FULL;
}

dcbs_token dcbs_flow_begin(struct dcbs_record *r, dcbs_id name)
{
	uint64_t id = r->flow_id ? r->flow_id : DCBS_FIRST_FLOW, now = probe_attached() ? now_ns() : 0;
	struct dcbs_flow_slot *s = dcbs_flow_take_slot(r);
	struct dcbs_flow *flow = s ? dcbs_flow_get(r, id) : NULL;

	if (!flow) {
		if (s)
			dcbs_flow_free_slot(r, s);
		r->too_deep++;
		return (dcbs_token){0};
	}
	if (id == DCBS_FIRST_FLOW && !(r->in_flow & DCBS_FIRST_FLOW_FULL))
		begin_beyond_slots(r, now);
	if (!now)
		dcbs_flow_forget_times(flow);
	else if (flow->innermost)
		dcbs_flow_charge(flow_slot_at(flow->innermost), now);
	if (name >= DCBS_NAMES)
		name = DCBS_NAME_OTHER;
	s->slot = (struct dcbs_slot){.start_ns = now, .name = name, .kind = DCBS_EVENT_SECTION};
	s->slot.flags = (id == DCBS_FIRST_FLOW ? 0 : DCBS_IN_FLOW) | (name_is_open(flow, name) ? 0 : DCBS_OUTERMOST);
	s->since_ns = now;
	s->flow = id;
	s->below = flow->innermost;
	if (s->below)
		flow_slot_at(s->below)->since_ns = DCBS_COVERED;
	r->use += DCBS_USE_SERIAL;
	__atomic_store_n(&s->slot.use, r->use, __ATOMIC_RELEASE);
	flow->innermost = (uint64_t)(uintptr_t)s;
	r->flow_open++;
	return (dcbs_token){(char *)s + 1, r->use};
}

/* ---- end ---- */

/* Ends a section of the calling thread. */
static void end_own(struct dcbs_record *r, struct dcbs_flow_slot *s, dcbs_token token, uint8_t flags)
{
	struct dcbs_flow *flow;
	uint64_t now;

	if (unlikely(r->foreign))
		dcbs_flows_tidy(r);
	if (unlikely(!slots_same_use(s->slot.use, token))) {
		r->unmatched++;
		return;
	}
	if (!probe_attached()) {
		flow = dcbs_flow_find(r, s->flow);
		if (flow && flow->id)
			dcbs_flow_forget_times(flow);
		dcbs_flow_release(r, s, 0);
		return;
	}
	now = now_ns();
	if (s->since_ns != DCBS_COVERED)
		dcbs_flow_charge(s, now);
	dcbs_slots_put_event(r, &s->slot, now, flags);
	dcbs_flow_release(r, s, now);
	ring_flush_if_due(r, now);
}

static void put_into_ended(struct dcbs_record *owner, struct dcbs_flow_slot *s)
{
	__u64 first = __atomic_load_n(&owner->flow_ended, __ATOMIC_RELAXED);

	do
		s->ended = first;
	while (!__atomic_compare_exchange_n(&owner->flow_ended, &first, (uint64_t)(uintptr_t)s, true, __ATOMIC_ACQ_REL,
					    __ATOMIC_RELAXED));
	__atomic_store_n(&owner->foreign, 1, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&owner->tid, __ATOMIC_SEQ_CST))
		dcbs_thread_tidy_ended(owner);
}

/* Ends a section of another thread, see dcbs_foreign_end(). */
static cold void end_foreign(struct dcbs_record *r, struct dcbs_flow_slot *s, dcbs_token token, uint8_t flags)
{
	struct dcbs_record *owner = (struct dcbs_record *)(uintptr_t)s->record;
	__u64 use = token.use, now = now_ns();
	struct dcbs_flow_slot ended = *s;

	if (!r)
		r = dcbs_thread_make_record();
	if (!__atomic_compare_exchange_n(&s->slot.use, &use, use | DCBS_USE_ENDED, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		if (r)
			r->unmatched++;
		return;
	}
	s->slot.outer_ns = now;		/* for dcbs_flows_tidy() */
	if (ended.since_ns != DCBS_COVERED && !(ended.slot.flags & DCBS_AFTER_EXIT))
		dcbs_flow_charge(&ended, now);
	if (ended.slot.start_ns && ended.slot.self_ns > now - ended.slot.start_ns)
		ended.slot.self_ns = now - ended.slot.start_ns;
	put_into_ended(owner, s);
	if (!r || !probe_attached())
		return;
	dcbs_slots_put_event(r, &ended.slot, now, flags);
	ring_flush_if_due(r, now);
}

void dcbs_flow_end(dcbs_token token, uint8_t flags)
{
	struct dcbs_flow_slot *s = flows_slot_of(token);
	struct dcbs_record *r = dcbs_record;

	if (likely((struct dcbs_record *)(uintptr_t)s->record == r))
		end_own(r, s, token, flags);
	else
		end_foreign(r, s, token, flags);
}
