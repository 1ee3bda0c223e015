// SPDX-License-Identifier: MIT
/*
 * markers.c - begin and end of a section: the hot path inside the evaluation.
 *
 * Everything here runs on the calling thread and touches that thread's record only; the one
 * exception, a section ended on another thread than its own, is spelled out at end_foreign().
 * The layout and the reader's side are described in bpfprof/target.h.
 */
#include <string.h>
#include <time.h>

#include "ring.h"

__thread struct dcbs_record *dcbs_record __attribute__((tls_model("initial-exec")));

/* Is the slot still in the use that a token stands for? What lay below it may have left since. */
static inline bool same_use(uint64_t use, dcbs_token token)
{
	return (use | DCBS_USE_BELOW) == (token.use | DCBS_USE_BELOW);
}

/* The slot that a token names, whether or not it is still in the use that the token stands for. */
static inline struct dcbs_slot *token_slot(dcbs_token token)
{
	return &((struct dcbs_record *)token.record)->slots[dcbs_use_slot(token.use)];
}

/*
 * The first begin or end of a thread after a profiler came. While nobody was attached only the list
 * of open sections was kept: make up the rest. How long ago the last begin or end was is not known
 * here, so the innermost section's self time counts from time 0; the reader knows when it attached
 * and subtracts that.
 */
static cold void resume(struct dcbs_record *r)
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

/* The time up to now belongs to the section that was innermost. Slot 0 takes what belongs to none. */
static inline void charge(struct dcbs_record *r, uint64_t now)
{
	if (unlikely(!r->last_ns))
		resume(r);
	r->slots[r->innermost].self_ns += now - r->last_ns;
	r->last_ns = now;
}

/* Another thread may end the section at the same time. */
static cold void relink_slot(struct dcbs_slot *s, unsigned int below)
{
	uint64_t use = __atomic_load_n(&s->use, __ATOMIC_RELAXED);

	while (!__atomic_compare_exchange_n(&s->use, &use, (use & ~DCBS_USE_BELOW) | below << 6, true, __ATOMIC_ACQ_REL,
					    __ATOMIC_ACQUIRE))
		;
}

/* Takes a slot out of the list of open ones; `below` is the one under it. */
static inline void unlink_slot(struct dcbs_record *r, unsigned int i, unsigned int below)
{
	unsigned int above = r->innermost;

	if (likely(above == i)) {
		r->innermost = (uint8_t)below;
		return;
	}
	while (above && dcbs_use_below(r->slots[above].use) != i)
		above = dcbs_use_below(r->slots[above].use);
	if (above)
		relink_slot(&r->slots[above], below);
}

/* A section that was the outermost of its name has left while others of that name are open: the eldest takes over. */
static cold void pass_on_outermost(struct dcbs_record *r, uint16_t name, uint64_t now)
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

/* Closes a slot of our own record and gives it back. */
static inline void release(struct dcbs_record *r, struct dcbs_slot *s, uint64_t use)
{
	unlink_slot(r, dcbs_use_slot(use), dcbs_use_below(use));
	publish();
	s->use = 0;
}

/* The same while a profiler is attached, when `nested` is kept. */
static inline void release_timed(struct dcbs_record *r, struct dcbs_slot *s, uint64_t use, uint64_t now)
{
	release(r, s, use);
	if (unlikely(--r->nested[s->name] && s->flags & DCBS_OUTERMOST))
		pass_on_outermost(r, s->name, now);
}

/* Another thread has ended sections of ours and counted them, the last at foreign_ns; what remains to be done is the list. */
cold void dcbs_record_tidy(struct dcbs_record *r)
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
		release_timed(r, &r->slots[i], use, ended_ns);
	}
}

/* Name and kind of a slot as the word they lie in, no items and no flags yet. A name out of range is put right by resume(). */
static inline uint64_t slot_word(dcbs_id name)
{
	return (uint64_t)name << 32 | (uint64_t)DCBS_EVENT_SECTION << 48;
}

/*
 * Takes a free slot for a section and puts it on top of the list. Everything that a later end or
 * begin waits for goes through registers, the token above all, or through words stored and loaded
 * whole: a value that is stored and loaded again at once costs as much as the rest of this function.
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

/* The slot above the innermost is free unless sections end out of order; then any will do. 0: none is. */
static inline unsigned int free_slot(const struct dcbs_record *r)
{
	unsigned int i = r->innermost + 1u;

	if (likely(!r->slots[i].use))
		return i;
	for (i = 1; i <= DCBS_DEPTH; i++)
		if (!r->slots[i].use)
			return i;
	return 0;
}

static inline dcbs_token take_slot_timed(struct dcbs_record *r, struct dcbs_slot *s, unsigned int i, dcbs_id name)
{
	uint64_t now = now_ns(), word = slot_word(likely(name < DCBS_NAMES) ? name : DCBS_NAME_OTHER);
	uint8_t *nested = &r->nested[word >> 32 & (DCBS_NAMES - 1)];

	charge(r, now);
	if (likely(!*nested))
		word |= (uint64_t)DCBS_OUTERMOST << 56;
	++*nested;
	s->self_ns = 0;
	return take_slot(r, s, i, word, now);
}

/* begin() in all its cases: another thread has ended a section of ours, slots are scarce, a profiler has come or gone. */
static cold dcbs_token begin_any(struct dcbs_record *r, dcbs_id name)
{
	unsigned int i;

	if (r->foreign)
		dcbs_record_tidy(r);
	i = free_slot(r);
	if (!i) {
		r->too_deep++;
		return (dcbs_token){0};
	}
	if (attached())
		return take_slot_timed(r, &r->slots[i], i, name);
	r->last_ns = 0;
	return take_slot(r, &r->slots[i], i, slot_word(name), 0);
}

/* begin() while a profiler is attached. */
static hot dcbs_token begin_timed(struct dcbs_record *r, dcbs_id name)
{
	unsigned int i = r->innermost + 1u;

	if (unlikely(r->foreign) || unlikely(r->slots[i].use))
		return begin_any(r, name);
	return take_slot_timed(r, &r->slots[i], i, name);
}

static cold dcbs_token begin_slow(dcbs_id name)
{
	const struct dcbs_calls *elsewhere;
	struct dcbs_record *r = first_section(&elsewhere);

	if (elsewhere)
		return elsewhere->begin(name);
	if (!r)
		return (dcbs_token){0};
	return begin_any(r, name);
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
	if (attached())
		return begin_timed(r, name);
	if (unlikely(r->foreign) || unlikely(s->use))
		return begin_any(r, name);
	r->last_ns = 0;
	return take_slot(r, s, i, slot_word(name), 0);
}

/* What an ended section says of itself. */
static cold void put_section(struct dcbs_record *r, const struct dcbs_slot *s, uint64_t now, uint8_t flags)
{
	struct dcbs_event e = {
		.end_ns = now,
		.value_ns = s->start_ns ? now - s->start_ns : 0,
		.self_ns = s->flags & DCBS_WAS_LEFT ? now - s->outer_ns : s->self_ns,
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
		};

		ring_put(r, &open);
		e.flags &= (uint8_t)~DCBS_OUTERMOST;
	}
	ring_put(r, &e);
}

cold void dcbs_record_leave(struct dcbs_record *r)
{
	unsigned int i;
	uint64_t now;

	if (r->foreign)
		dcbs_record_tidy(r);
	if (!r->innermost || !attached())
		return;
	now = now_ns();
	charge(r, now);
	for (i = r->innermost; i; i = dcbs_use_below(r->slots[i].use)) {
		struct dcbs_slot *s = &r->slots[i];

		put_section(r, s, now, DCBS_LEFT);
		s->flags |= DCBS_WAS_LEFT | (s->flags & DCBS_OUTERMOST ? DCBS_TOOK_OVER : 0);
		s->outer_ns = now;
		s->items = 0;
	}
	r->last_ns = 0;		/* none of them goes on as the innermost one */
}

/*
 * Another thread ends a section that was not the outermost of its name when it was begun. If all that were older have
 * been ended by others, it has been since the last of them was; its own thread may not have noticed. 0: it is not.
 */
static cold uint64_t outermost_since(const struct dcbs_record *owner, const struct dcbs_slot *s)
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

/*
 * A section of another thread's record. Whoever swaps its use has ended it; the owner finds that at
 * its next begin or end. Until then the slot stays in the list and nobody takes it, so its fields
 * stay as they are; only self_ns and last_ns may move while we read them, hence the bounds.
 */
static cold void end_foreign(dcbs_token token, struct dcbs_slot *s, uint8_t flags)
{
	struct dcbs_record *owner = token.record, *r = dcbs_record;
	uint64_t use = __atomic_load_n(&s->use, __ATOMIC_ACQUIRE), now = now_ns(), last;
	const struct dcbs_calls *elsewhere;
	struct dcbs_slot ended = *s;

	if (!r)
		r = first_section(&elsewhere);
	__atomic_store_n(&owner->foreign_ns, now, __ATOMIC_RELAXED);
	do {	/* again if the owner has only moved it in its list */
		if (same_use(use, token))
			continue;
		if (r)
			r->unmatched++;
		return;
	} while (!__atomic_compare_exchange_n(&s->use, &use, use | DCBS_USE_ENDED, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
	s->outer_ns = now;	/* for outermost_since() */
	if (!(ended.flags & (DCBS_OUTERMOST | DCBS_WAS_LEFT)) && ended.start_ns) {
		ended.outer_ns = outermost_since(owner, s);
		ended.flags |= ended.outer_ns ? DCBS_OUTERMOST | DCBS_TOOK_OVER : 0;
	}
	last = __atomic_load_n(&owner->last_ns, __ATOMIC_RELAXED);
	if (owner->innermost == dcbs_use_slot(use) && last && now > last)
		ended.self_ns += now - last;
	if (ended.start_ns && ended.self_ns > now - ended.start_ns)
		ended.self_ns = now - ended.start_ns;
	__atomic_store_n(&owner->foreign, 1, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&owner->tid, __ATOMIC_SEQ_CST))
		dcbs_record_orphan(owner);
	if (!r || !attached())
		return;
	put_section(r, &ended, now, flags);
	hand_over_if_due(r, now);
}

/* Not this thread's: another thread's, another copy's, or one that never was. */
static cold void end_slow(dcbs_token token, uint8_t flags)
{
	const struct dcbs_calls *leader;

	if (!token.record)
		return;
	leader = dcbs_leader();
	if (leader != &dcbs_marker_calls)
		leader->end(token, flags);
	else
		end_foreign(token, token_slot(token), flags);
}

/* end() in all its cases but those of end_slow(). */
static cold void end_any(struct dcbs_record *r, dcbs_token token, uint8_t flags)
{
	struct dcbs_slot *s = token_slot(token);
	uint64_t now;

	if (r->foreign)
		dcbs_record_tidy(r);
	if (!same_use(s->use, token)) {
		r->unmatched++;
		return;
	}
	if (!attached()) {
		r->last_ns = 0;
		release(r, s, s->use);
		return;
	}
	now = now_ns();
	charge(r, now);
	put_section(r, s, now, flags);
	release_timed(r, s, s->use, now);
	hand_over_if_due(r, now);
}

/*
 * end() while a profiler is attached, of the innermost section: what end_any() does, with every value
 * loaded once. Anything unusual is left to that: no start or a late outermost show in the flags, and
 * so does a section begun before the profiler came.
 */
static hot void end_timed(struct dcbs_record *r, dcbs_token token, uint8_t flags)
{
	unsigned int i = dcbs_use_slot(token.use);
	struct dcbs_slot *s = &r->slots[i];
	struct dcbs_event *e = &r->ring[r->head & (DCBS_RING - 1)];
	uint64_t now, word;

	memcpy(&word, &s->items, sizeof(word));
	if (unlikely(r->innermost != i) || unlikely(s->use != token.use) || unlikely(r->foreign) || unlikely(!r->last_ns) ||
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
		pass_on_outermost(r, word >> 32 & (DCBS_NAMES - 1), now);
	hand_over_if_due(r, now);
}

static inline void section_end(dcbs_token token, uint8_t flags)
{
	struct dcbs_record *r = dcbs_record;
	struct dcbs_slot *s;

	if (unlikely(token.record != r || !r)) {
		end_slow(token, flags);
		return;
	}
	s = token_slot(token);
	if (attached()) {
		end_timed(r, token, flags);
	} else if (unlikely(r->foreign) || unlikely(s->use != token.use)) {
		end_any(r, token, flags);
	} else {
		r->last_ns = 0;
		release(r, s, token.use);
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

static cold void items_slow(dcbs_token token, uint64_t n)
{
	const struct dcbs_calls *leader = dcbs_leader();
	struct dcbs_slot *s;

	if (leader != &dcbs_marker_calls) {
		leader->items(token, n);
		return;
	}
	s = token_slot(token);
	if (same_use(__atomic_load_n(&s->use, __ATOMIC_ACQUIRE), token) && n <= UINT32_MAX - s->items)
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
	s = token_slot(token);
	if (unlikely(!same_use(s->use, token)))
		return;
	if (likely(n <= UINT32_MAX - s->items)) {
		s->items += (uint32_t)n;
	} else if (attached()) {
		struct dcbs_event e = {.end_ns = now_ns(), .value_ns = n, .name = s->name, .kind = DCBS_EVENT_ITEMS};

		ring_put(r, &e);
		hand_over_if_due(r, e.end_ns);
	}
}

EXPORT dcbs_id dcbs_section_name(const char *name)
{
	return dcbs_leader()->name(name, DCBS_NAME_SECTION);
}

EXPORT unsigned int dcbs_attached(void)
{
	const struct dcbs_calls *leader = dcbs_leader();

	return leader == &dcbs_marker_calls ? dcbs_marker_semaphore : leader->attached();
}

static dcbs_token calls_begin(dcbs_id name)
{
	return dcbs_section_begin(name);
}

static void calls_end(dcbs_token token, uint8_t flags)
{
	section_end(token, flags);
}

const struct dcbs_calls dcbs_marker_calls = {
	.name = dcbs_name_register,
	.begin = calls_begin,
	.end = calls_end,
	.items = dcbs_section_items,
	.cache = dcbs_cache_event,
	.attached = dcbs_attached,
	.state = &dcbs_marker_state,
};
