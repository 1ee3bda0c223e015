/* SPDX-License-Identifier: MIT */
/*
 * slots.h - the slots of a record and the list of its open sections.
 *
 * Only the thread that owns a record changes the list. After that thread has ended, the holder of
 * dcbs_marker_lock may. Any thread may set DCBS_USE_ENDED in a slot's `use`, see foreign_end.c.
 */
#ifndef DCBS_MARKER_SLOTS_H
#define DCBS_MARKER_SLOTS_H

#include "dcbs/markers.h"
#include "ring.h"

/* Returns true if a slot is still in the use that a token stands for. The slot below it may have been released since. */
static inline bool slots_same_use(uint64_t use, dcbs_token token)
{
	return (use | DCBS_USE_BELOW) == (token.use | DCBS_USE_BELOW);
}

/* The slot that a token names, whether or not it is still in the use that the token stands for. */
static inline struct dcbs_slot *slots_of_token(dcbs_token token)
{
	return &((struct dcbs_record *)token.record)->slots[dcbs_use_slot(token.use)];
}

/* Completes the record at the thread's first begin or end after a profiler has attached. */
HIDDEN cold void dcbs_slots_resume(struct dcbs_record *r);

/* Charges the time up to now to the innermost open section. Slot 0 takes the time outside all sections. */
static inline void slots_charge(struct dcbs_record *r, uint64_t now)
{
	if (unlikely(!r->last_ns))
		dcbs_slots_resume(r);
	r->slots[r->innermost].self_ns += now - r->last_ns;
	r->last_ns = now;
}

/* Leaves the time up to now to the sections of the thread that found no free slot, if there are any. */
static inline void slots_pass_over(struct dcbs_record *r, uint64_t now)
{
	if (unlikely(r->in_flow & DCBS_FIRST_FLOW_FULL) && r->last_ns)
		r->last_ns = now;
}

/* Makes the eldest open section of that name its outermost one, after the outermost one has ended. */
HIDDEN cold void dcbs_slots_pass_on_outermost(struct dcbs_record *r, uint16_t name, uint64_t now);

/* Releases a slot that is not the innermost one. */
HIDDEN cold void dcbs_slots_release_inside(struct dcbs_record *r, struct dcbs_slot *s, uint64_t use);

/* Takes a slot of our own record out of the list and frees it. */
static inline void slots_release(struct dcbs_record *r, struct dcbs_slot *s, uint64_t use)
{
	if (unlikely(r->innermost != dcbs_use_slot(use))) {
		dcbs_slots_release_inside(r, s, use);
		return;
	}
	r->innermost = (uint8_t)dcbs_use_below(use);
	publish();
	s->use = 0;
}

/* Does the same while a profiler is attached, when `nested` is kept. */
static inline void slots_release_timed(struct dcbs_record *r, struct dcbs_slot *s, uint64_t use, uint64_t now)
{
	slots_release(r, s, use);
	if (unlikely(--r->nested[s->name] && s->flags & DCBS_OUTERMOST))
		dcbs_slots_pass_on_outermost(r, s->name, now);
}

/* Releases the slots of sections that other threads have ended. */
HIDDEN cold void dcbs_slots_tidy(struct dcbs_record *r);

/* Appends the event of the section in slot `s` to the ring of `r`. The slot may belong to another record. */
HIDDEN cold void dcbs_slots_put_event(struct dcbs_record *r, const struct dcbs_slot *s, uint64_t now, uint8_t flags);

#endif
