// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* in_flight.c - see in_flight.h. */
#include <string.h>

#include "base/clock.h"
#include "collect/stats/flow_slots.h"
#include "collect/stats/in_flight.h"

#define LOOK_NS 200000000ULL	/* between looks ... */
#define LOOK_PART 200		/* ... or longer, so that they take at most this part of the time of one CPU */

/* The part of a record before the counters of its names. */
#define HEAD_BYTES offsetof(struct dcbs_record, nested)

struct look {
	struct in_flight *in_flight;
	const struct process *process;
	const struct target *target;
	__u64 start_ns;		/* of the window, or of the target's life if that began later */
	unsigned int chunks_left;
	bool nesting;
};

/* A name whose section id is not known yet has not ended a call so far. */
static void count_slot(const struct look *look, const struct dcbs_slot *s, bool outermost)
{
	__u32 section_id = look->process->section_id[s->name & (DCBS_NAMES - 1)] & ~SECTION_MODEL;
	__u64 start = s->start_ns > look->start_ns ? s->start_ns : look->start_ns, now = look->in_flight->looked_ns;

	if (s->use & DCBS_USE_ENDED || !section_id || section_id >= BPFPROF_SECTIONS)
		return;
	look->in_flight->seen[section_id]++;
	if (!outermost || start >= now)
		return;
	look->in_flight->open_ns[section_id] += now - start;
	if (s->flags & DCBS_IN_FLOW)
		look->in_flight->flow_open_ns[section_id] += now - start;
}

static void count_flow_slot(void *ctx, const struct dcbs_flow_slot *s)
{
	count_slot(ctx, &s->slot, s->slot.flags & DCBS_OUTERMOST);
}

static __u16 section_id_of(const struct look *look, const struct dcbs_slot *s)
{
	return look->process->section_id[s->name & (DCBS_NAMES - 1)] & (__u16)~SECTION_MODEL;
}

/* A token is not used again, so a list of open sections with the same tokens as before was there all the time. */
static bool is_unchanged(const struct dcbs_record *r, const struct dcbs_record *again)
{
	unsigned int i = r->innermost, left = DCBS_SLOTS;

	if (again->magic != DCBS_RECORD_MAGIC || again->tid != r->tid || again->innermost != r->innermost)
		return false;
	for (; i && i < DCBS_SLOTS && left--; i = dcbs_use_below(r->slots[i].use))
		if (r->slots[i].use != again->slots[i].use || r->slots[i].name != again->slots[i].name || r->slots[i].use & DCBS_USE_ENDED)
			return false;
	return true;
}

/* Reads the record again: the thread runs meanwhile. A section without an id, which may be around others, makes the list of no use. */
static void note_nesting(struct look *look, __u64 address, const struct dcbs_record *r)
{
	unsigned int i = r->innermost, left = DCBS_SLOTS;
	__u16 ids[DCBS_SLOTS], id;
	struct dcbs_record again;
	size_t nr = 0;

	if (!i || target_read(look->target, address, &again, HEAD_BYTES) || !is_unchanged(r, &again))
		return;
	for (; i && i < DCBS_SLOTS && left--; i = dcbs_use_below(r->slots[i].use)) {
		id = section_id_of(look, &r->slots[i]);
		if (id < SECTION_FIRST || id >= BPFPROF_SECTIONS)
			return;
		ids[nr++] = id;
	}
	seen_nesting_add(&look->in_flight->nesting, ids, nr);
}

static void look_at_record(struct look *look, const struct dcbs_record *r)
{
	unsigned int i = r->innermost, left = DCBS_SLOTS;

	for (; i && i < DCBS_SLOTS && left--; i = dcbs_use_below(r->slots[i].use))
		count_slot(look, &r->slots[i], flow_slots_is_outermost(r, i));
	flow_slots_each(look->target, r, &look->chunks_left, count_flow_slot, look);
}

static void look_at_target(struct look *look)
{
	struct dcbs_state state;
	struct dcbs_record r;
	__u64 at;
	int n;

	if (!look->target->state || target_read(look->target, look->target->state, &state, offsetof(struct dcbs_state, names)))
		return;
	for (at = state.records, n = 0; at && n < TARGET_RECORDS; at = r.next, n++) {
		if (target_read(look->target, at, &r, HEAD_BYTES) || r.magic != DCBS_RECORD_MAGIC)
			return;
		look_at_record(look, &r);
		if (look->nesting)
			note_nesting(look, at, &r);
	}
}

static void keep_most(struct in_flight *in_flight)
{
	size_t i;

	for (i = 0; i < BPFPROF_SECTIONS; i++)
		if (in_flight->seen[i] > in_flight->most[i])
			in_flight->most[i] = in_flight->seen[i];
}

void in_flight_look(struct in_flight *in_flight, const struct programs *bpf, const struct target_list *targets, bool nesting)
{
	struct look look = {.in_flight = in_flight, .nesting = nesting};
	__u64 begin = clock_now_ns(), took;
	size_t i;

	if (begin < in_flight->due_ns)
		return;
	memset(in_flight->seen, 0, sizeof(in_flight->seen));
	memset(in_flight->open_ns, 0, sizeof(in_flight->open_ns));
	memset(in_flight->flow_open_ns, 0, sizeof(in_flight->flow_open_ns));
	in_flight->looked_ns = begin;
	for (i = 0; i < targets->nr; i++) {
		look.target = &targets->list[i];
		look.process = &bpf->processes[look.target->index];
		look.chunks_left = FLOW_CHUNKS_READ;
		look.start_ns = bpf->skel->bss->window.start_ns;
		if (look.target->born_ns > look.start_ns)
			look.start_ns = look.target->born_ns;
		if (look.target->pid && !look.target->ended)
			look_at_target(&look);
	}
	keep_most(in_flight);
	took = clock_now_ns() - begin;
	in_flight->due_ns = begin + (took * LOOK_PART > LOOK_NS ? took * LOOK_PART : LOOK_NS);
}

void in_flight_add(const struct in_flight *in_flight, struct snapshot *snap, const __u16 *section_index)
{
	struct snapshot_section *section;
	size_t i;

	for (i = SECTION_FIRST; i < BPFPROF_SECTIONS; i++) {
		if (section_index[i] >= snap->nr_sections)
			continue;
		section = snap->sections[section_index[i]];
		if (in_flight->most[i] > section->most_open)
			section->most_open = in_flight->most[i];
	}
	seen_nesting_copy(&in_flight->nesting, snap, section_index);
}

void in_flight_clear(struct in_flight *in_flight)
{
	memset(in_flight, 0, sizeof(*in_flight));
}
