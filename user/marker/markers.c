// SPDX-License-Identifier: MIT
/*
 * markers.c - begin and end of a section: the hot path inside the evaluation.
 *
 * Everything here runs on the calling thread and changes that thread's record only. A section that is
 * ended on another thread than its own is the one exception, see foreign_end.c. bpfprof/marker_abi.h
 * describes the layout of a record and how others read it.
 */
#include <stddef.h>
#include <string.h>

#include "cache_event.h"
#include "threads/flow_state.h"
#include "threads/flows.h"
#include "threads/foreign_end.h"
#include "threads/leader.h"
#include "name_table.h"
#include "threads/slots.h"
#include "threads/thread.h"
#include "vdso_clock.h"

/* The last four fields of a slot and of an event are copied as one little-endian word. */
_Static_assert(offsetof(struct dcbs_event, items) % 8 == 0 && offsetof(struct dcbs_slot, items) % 8 == 0, "one word");
_Static_assert(offsetof(struct dcbs_event, flags) == offsetof(struct dcbs_event, items) + 7, "flags are its highest byte");
_Static_assert(offsetof(struct dcbs_slot, flags) == offsetof(struct dcbs_slot, items) + 7, "in the slot, too");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "slot_word() shifts fields to their places");
_Static_assert((DCBS_NAMES & (DCBS_NAMES - 1)) == 0, "the index of `nested` is masked");

/* Name and kind of a slot as the word they lie in, without items and flags. dcbs_slots_resume() corrects a name out of range. */
static inline uint64_t slot_word(dcbs_id name)
{
	return (uint64_t)name << 32 | (uint64_t)DCBS_EVENT_SECTION << 48;
}

/*
 * Takes a free slot for a section and puts it on top of the list. Everything that a later end or
 * begin waits for goes through registers, the token above all, or through words stored and loaded
 * whole: a value that is stored and reloaded at once costs as much as the rest of this function.
 */
static inline dcbs_token take_slot(struct dcbs_record *r, struct dcbs_slot *s, unsigned int i, uint64_t word, uint64_t now)
{
	uint64_t use = (r->use += DCBS_USE_SERIAL) | (uint64_t)r->innermost << 6 | i;

	s->start_ns = now;
	memcpy(&s->items, &word, sizeof(word));
	s->use = use;
	publish();
	r->innermost = (uint8_t)i;
	return (dcbs_token){r, use};
}

static inline dcbs_token take_slot_timed(struct dcbs_record *r, struct dcbs_slot *s, unsigned int i, dcbs_id name)
{
	uint64_t now = now_ns(), word = slot_word(likely(name < DCBS_NAMES) ? name : DCBS_NAME_OTHER);
	uint8_t *nested = &r->nested[word >> 32 & (DCBS_NAMES - 1)];

	slots_charge(r, now);
	if (likely(!*nested))
		word |= (uint64_t)DCBS_OUTERMOST << 56;
	++*nested;
	s->self_ns = 0;
	return take_slot(r, s, i, word, now);
}

/* The slot above the innermost one is free unless sections end out of order. Then any free one will do. 0: none is free. */
static inline unsigned int find_free_slot(const struct dcbs_record *r)
{
	unsigned int i = r->innermost + 1u;

	if (likely(!r->slots[i].use))
		return i;
	for (i = 1; i <= DCBS_DEPTH; i++)
		if (!r->slots[i].use)
			return i;
	return 0;
}

/*
 * Handles all cases of begin: another flow runs, another thread has ended a section of ours, slots are scarce, a profiler has
 * attached or detached.
 */
static hot dcbs_token begin_any(struct dcbs_record *r, dcbs_id name)
{
	unsigned int i;

	if (r->foreign)
		dcbs_flows_tidy(r);
	i = r->in_flow ? 0 : find_free_slot(r);
	if (!i)
		return dcbs_flow_begin(r, name);
	if (probe_attached())
		return take_slot_timed(r, &r->slots[i], i, name);
	r->last_ns = 0;
	return take_slot(r, &r->slots[i], i, slot_word(name), 0);
}

/* begin while a profiler is attached. */
static hot dcbs_token begin_timed(struct dcbs_record *r, dcbs_id name)
{
	unsigned int i = r->innermost + 1u;

	if (unlikely(r->unusual) || unlikely(r->slots[i].use))
		return begin_any(r, name);
	return take_slot_timed(r, &r->slots[i], i, name);
}

/* This thread has no record yet, or another copy of the library leads. */
static cold dcbs_token begin_slow(dcbs_id name)
{
	const struct dcbs_calls *elsewhere = dcbs_leader_elsewhere();
	struct dcbs_record *r;

	if (elsewhere)
		return elsewhere->begin(name);
	r = dcbs_thread_make_record();
	return r ? begin_any(r, name) : (dcbs_token){0};
}

EXPORT dcbs_token dcbs_section_begin(dcbs_id name)
{
	struct dcbs_record *r = dcbs_record;
	struct dcbs_slot *s;
	unsigned int i;

	if (unlikely(!r))
		return begin_slow(name);
	i = r->innermost + 1u;
	s = &r->slots[i];
	if (probe_attached())
		return begin_timed(r, name);
	if (unlikely(r->unusual) || unlikely(s->use))
		return begin_any(r, name);
	r->last_ns = 0;
	return take_slot(r, s, i, slot_word(name), 0);
}

/* The token belongs to another flow or thread, to another copy of the library, or to no section at all. */
static hot void end_slow(dcbs_token token, uint8_t flags)
{
	const struct dcbs_calls *elsewhere;

	if (!token.record)
		return;
	elsewhere = dcbs_leader_elsewhere();
	if (elsewhere)
		elsewhere->end(token, flags);
	else if (flows_is_token(token))
		dcbs_flow_end(token, flags);
	else
		dcbs_foreign_end(token, flags);
}

/* Handles all cases of end but those of end_slow(). */
static cold void end_any(struct dcbs_record *r, dcbs_token token, uint8_t flags)
{
	struct dcbs_slot *s = slots_of_token(token);
	uint64_t now;

	if (r->foreign)
		dcbs_flows_tidy(r);
	if (!slots_same_use(s->use, token)) {
		r->unmatched++;
		return;
	}
	if (!probe_attached()) {
		r->last_ns = 0;
		slots_release(r, s, s->use);
		return;
	}
	now = now_ns();
	slots_pass_over(r, now);
	slots_charge(r, now);
	dcbs_slots_put_event(r, s, now, flags);
	slots_release_timed(r, s, s->use, now);
	ring_flush_if_due(r, now);
}

/* The last steps of end_timed() for the outermost section of its name, with others of that name open above it. */
static cold void end_outermost(struct dcbs_record *r, uint16_t name, uint64_t now)
{
	dcbs_slots_pass_on_outermost(r, name, now);
	ring_flush_if_due(r, now);
}

/*
 * end of the innermost section while a profiler is attached. It has the same effect as end_any(), but
 * loads every value once and leaves all unusual cases to that function. The flags show a section that
 * began before the profiler attached, and one that became the outermost later than it began.
 */
static hot void end_timed(struct dcbs_record *r, dcbs_token token, uint8_t flags)
{
	unsigned int i = dcbs_use_slot(token.use);
	struct dcbs_slot *s = &r->slots[i];
	struct dcbs_event *e = &r->ring[r->head & (DCBS_RING - 1)];
	uint64_t now, word;

	memcpy(&word, &s->items, sizeof(word));
	if (unlikely(r->innermost != i) || unlikely(s->use != token.use) || unlikely(r->unusual) || unlikely(!r->last_ns) ||
	    unlikely(word >> 56 & (DCBS_TOOK_OVER | DCBS_SELF_FROM_0)) || unlikely(!s->start_ns)) {
		end_any(r, token, flags);
		return;
	}
	now = now_ns();
	e->end_ns = now;
	e->value_ns = now - s->start_ns;
	e->self_ns = s->self_ns + (now - r->last_ns);
	word |= (uint64_t)flags << 56;
	memcpy(&e->items, &word, sizeof(word));
	publish();
	r->head++;
	r->last_ns = now;
	r->innermost = dcbs_use_below(token.use);
	publish();
	s->use = 0;
	if (unlikely(--r->nested[word >> 32 & (DCBS_NAMES - 1)] && word >> 56 & DCBS_OUTERMOST))
		end_outermost(r, word >> 32 & (DCBS_NAMES - 1), now);
	else
		ring_flush_if_due(r, now);
}

static inline void section_end(dcbs_token token, uint8_t flags)
{
	struct dcbs_record *r = dcbs_record;
	struct dcbs_slot *s;

	if (unlikely(token.record != r || !r)) {
		end_slow(token, flags);
		return;
	}
	s = slots_of_token(token);
	if (probe_attached()) {
		end_timed(r, token, flags);
	} else if (unlikely(r->foreign) || unlikely(s->use != token.use)) {
		end_any(r, token, flags);
	} else {
		r->last_ns = 0;
		slots_release(r, s, token.use);
	}
}

EXPORT void dcbs_section_end(dcbs_token token)
{
	section_end(token, 0);
}

EXPORT void dcbs_section_fail(dcbs_token token)
{
	section_end(token, DCBS_ERROR);
}

EXPORT void dcbs_section_cancel(dcbs_token token)
{
	section_end(token, DCBS_CANCELLED);
}

static cold void items_slow(dcbs_token token, uint64_t n)
{
	const struct dcbs_calls *elsewhere = dcbs_leader_elsewhere();
	struct dcbs_slot *s;

	if (elsewhere) {
		elsewhere->items(token, n);
		return;
	}
	s = flows_is_token(token) ? &flows_slot_of(token)->slot : slots_of_token(token);
	if (slots_same_use(__atomic_load_n(&s->use, __ATOMIC_ACQUIRE), token) && n <= UINT32_MAX - s->items)
		s->items += (uint32_t)n;
}

EXPORT void dcbs_section_items(dcbs_token token, uint64_t n)
{
	struct dcbs_record *r = dcbs_record;
	struct dcbs_slot *s;

	if (!token.record)
		return;
	if (unlikely(token.record != r)) {
		items_slow(token, n);
		return;
	}
	s = slots_of_token(token);
	if (unlikely(!slots_same_use(s->use, token)))
		return;
	if (likely(n <= UINT32_MAX - s->items)) {
		s->items += (uint32_t)n;
	} else if (probe_attached()) {
		struct dcbs_event e = {.end_ns = now_ns(), .value_ns = n, .name = s->name, .kind = DCBS_EVENT_ITEMS};

		ring_put(r, &e);
		ring_flush_if_due(r, e.end_ns);
	}
}

EXPORT dcbs_id dcbs_section_name(const char *name)
{
	const struct dcbs_calls *elsewhere = dcbs_leader_elsewhere();

	return elsewhere ? elsewhere->name(name, DCBS_NAME_SECTION) : dcbs_name_table_register(name, DCBS_NAME_SECTION);
}

EXPORT unsigned int dcbs_attached(void)
{
	const struct dcbs_calls *elsewhere = dcbs_leader_elsewhere();

	return elsewhere ? elsewhere->attached() : dcbs_marker_semaphore;
}

EXPORT void dcbs_flow_enter(uint64_t id)
{
	dcbs_flow_switch(id, NULL);
}

EXPORT void dcbs_flow_leave(void)
{
	dcbs_flow_switch(0, NULL);
}

void dcbs_flow_switch(uint64_t id, const void *at)
{
	const struct dcbs_calls *elsewhere = dcbs_leader_elsewhere();

	if (elsewhere)
		elsewhere->flow(id, at);
	else
		dcbs_flow_set(id, at);
}

static dcbs_token calls_begin(dcbs_id name)
{
	return dcbs_section_begin(name);
}

static void calls_end(dcbs_token token, uint8_t flags)
{
	section_end(token, flags);
}

/* Published by the note. */
extern HIDDEN const struct dcbs_calls dcbs_marker_calls;
const struct dcbs_calls dcbs_marker_calls = {
	.name = dcbs_name_table_register,
	.begin = calls_begin,
	.end = calls_end,
	.items = dcbs_section_items,
	.cache = dcbs_cache_event_put,
	.attached = dcbs_attached,
	.flow = dcbs_flow_set,
	.state = &dcbs_marker_state,
};

/* Makes the linker take the note from a static library. Nothing else refers to it. */
extern HIDDEN const char dcbs_marker_note[];
__attribute__((used)) static const char *const linked_note = dcbs_marker_note;
