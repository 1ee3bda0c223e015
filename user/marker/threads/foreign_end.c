// SPDX-License-Identifier: MIT
/* foreign_end.c - see foreign_end.h. */
#include "threads/foreign_end.h"
#include "threads/slots.h"
#include "threads/thread.h"
#include "vdso_clock.h"

/*
 * For a section that was not the outermost of its name when it began: returns since when it is, 0 if
 * it is not. It is if other threads have ended all older sections of that name, since the last of
 * these ends. Its own thread may not have noticed yet.
 */
static uint64_t outermost_since(const struct dcbs_record *owner, const struct dcbs_slot *s)
{
	uint64_t since = 0, use;
	unsigned int i;

	for (i = 1; i <= DCBS_DEPTH; i++) {
		const struct dcbs_slot *other = &owner->slots[i];

		use = __atomic_load_n(&other->use, __ATOMIC_ACQUIRE);
		if (!use || other == s || other->name != s->name || other->start_ns >= s->start_ns)
			continue;
		if (!(use & DCBS_USE_ENDED))
			return 0;
		if (other->outer_ns > since)
			since = other->outer_ns;
	}
	return since > s->start_ns ? since : 0;
}

/* Completes the copy of an ended section. Its owner may move self_ns and last_ns meanwhile, hence the bounds. */
static void complete_ended(struct dcbs_slot *ended, const struct dcbs_record *owner, const struct dcbs_slot *s, uint64_t use,
			   uint64_t now)
{
	uint64_t last;

	if (!(ended->flags & (DCBS_OUTERMOST | DCBS_AFTER_EXIT)) && ended->start_ns) {
		ended->outer_ns = outermost_since(owner, s);
		ended->flags |= ended->outer_ns ? DCBS_OUTERMOST | DCBS_TOOK_OVER : 0;
	}
	last = __atomic_load_n(&owner->last_ns, __ATOMIC_RELAXED);
	if (owner->innermost == dcbs_use_slot(use) && last && now > last)
		ended->self_ns += now - last;
	if (ended->start_ns && ended->self_ns > now - ended->start_ns)
		ended->self_ns = now - ended->start_ns;
}

/*
 * The thread that swaps the slot's use has ended the section. The owner finds that at its next begin
 * or end. Until then the slot stays in the list and no section takes it, so its fields stay as they
 * are, but for self_ns and last_ns.
 */
void dcbs_foreign_end(dcbs_token token, uint8_t flags)
{
	struct dcbs_record *owner = token.record, *r = dcbs_record;
	struct dcbs_slot *s = slots_of_token(token);
	__u64 use = __atomic_load_n(&s->use, __ATOMIC_ACQUIRE), now = now_ns();
	struct dcbs_slot ended = *s;

	if (!r)
		r = dcbs_thread_make_record();
	__atomic_store_n(&owner->foreign_ns, now, __ATOMIC_RELAXED);
	do {	/* fails if the owner has only moved the slot in its list */
		if (slots_same_use(use, token))
			continue;
		if (r)
			r->unmatched++;
		return;
	} while (!__atomic_compare_exchange_n(&s->use, &use, use | DCBS_USE_ENDED, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
	s->outer_ns = now;	/* for outermost_since() */
	complete_ended(&ended, owner, s, use, now);
	__atomic_store_n(&owner->foreign, 1, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&owner->tid, __ATOMIC_SEQ_CST))
		dcbs_thread_tidy_ended(owner);
	if (!r || !probe_attached())
		return;
	dcbs_slots_put_event(r, &ended, now, flags);
	ring_flush_if_due(r, now);
}
