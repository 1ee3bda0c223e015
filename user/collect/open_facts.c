// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* open_facts.c - adds to a snapshot the facts that only the targets' memory holds. */
#include <string.h>

#include <bpf/bpf.h>

#include "collect/children/process_facts.h"
#include "collect/stats/flow_slots.h"
#include "collect/open_facts.h"

struct open_facts {
	const struct programs *bpf;
	struct snapshot *snap;
	const struct target *target;
	__u64 start_ns;			/* of the window, or of the target's life if that began later */
	const struct thread_view *views;
	size_t nr_views;
	unsigned int chunks_left;	/* of flows, that may yet be read */
	struct snapshot_section *by_name[DCBS_NAMES];	/* sections of the target's names, as far as they were looked up */
	bool ended;			/* the window has ended: no BPF program will read the records that are unread now */
};

/* ---- open sections ---- */

static struct snapshot_section *look_up_name_id(struct open_facts *f, __u32 id)
{
	struct section_name key = {};
	struct dcbs_name name;

	if (id >= DCBS_NAMES || !id || target_read(f->target, f->target->state + offsetof(struct dcbs_state, names) +
						   id * sizeof(name), &name, sizeof(name)) || !name.kind)
		return NULL;
	memcpy(key.text, name.text, sizeof(key.text));
	key.text[sizeof(key.text) - 1] = 0;
	key.kind = name.kind;
	return snapshot_get_section(f->snap, &key);
}

static struct snapshot_section *section_of_name_id(struct open_facts *f, __u32 id)
{
	if (id < DCBS_NAMES && !f->by_name[id])
		f->by_name[id] = look_up_name_id(f, id);
	return id < DCBS_NAMES ? f->by_name[id] : NULL;
}

/* Returns the self time in the window of a section that began before it, at start_ns. */
static __u64 self_in_window(const struct open_facts *f, __u64 start_ns, __u64 self_ns)
{
	__u64 before = 0;

	bpf_map_lookup_elem(bpf_map__fd(f->bpf->skel->maps.begun), &start_ns, &before);
	return self_ns > before ? self_ns - before : 0;
}

/* An open section and the state of its self time. */
struct open_slot {
	const struct dcbs_slot *slot;
	__u64 last_ns;		/* time up to which its self time counts, if it is the innermost one; 0: the beginning of the window */
	bool self_known;	/* the slot has self time and flags; otherwise both are 0 */
	bool innermost, outermost;
};

/* An open section has taken the time since it began, or since the window began. */
static void add_open_section(struct open_facts *f, const struct open_slot *call)
{
	const struct dcbs_slot *s = call->slot;
	__u64 window = f->start_ns, end = f->snap->end_ns, start = s->start_ns > window ? s->start_ns : window;
	__u64 last = call->last_ns > window ? call->last_ns : window, self = call->self_known ? s->self_ns : 0, total;
	struct snapshot_section *section;

	if (s->use & DCBS_USE_ENDED || start > end || !(section = section_of_name_id(f, s->name)))
		return;
	if (call->self_known && s->flags & DCBS_SELF_FROM_0)
		self = self > window ? self - window : 0;
	else if (s->start_ns && s->start_ns < window)
		self = self_in_window(f, s->start_ns, s->self_ns);
	if (call->innermost && end > last)
		self += end - last;
	section->open++;
	section->stat.items += s->items;
	self = self < end - start ? self : end - start;
	total = call->outermost ? end - start : 0;
	section->stat.self_ns += self;
	section->stat.total_ns += total;
	if (s->flags & DCBS_IN_FLOW) {
		section->stat.flow_self_ns += self;
		section->stat.flow_total_ns += total;
	}
	process_facts_add_open(f->snap, f->target, snapshot_section_index(f->snap, section), total, self);
}

/*
 * Adds a section in a slot of the record. Until the thread's first begin or end of a section in the window, last_ns is 0, and the
 * record holds the open sections but not their times.
 */
static void add_open_slot(struct open_facts *f, const struct dcbs_record *r, unsigned int i)
{
	struct open_slot call = {.slot = &r->slots[i], .last_ns = r->last_ns, .self_known = r->last_ns};

	call.innermost = i == r->innermost && !(r->in_flow & DCBS_FIRST_FLOW_FULL);
	call.outermost = flow_slots_is_outermost(r, i);
	add_open_section(f, &call);
}

static void add_open_flow_slot(void *ctx, const struct dcbs_flow_slot *s)
{
	struct open_slot call = {.slot = &s->slot, .self_known = true};

	call.innermost = s->since_ns != DCBS_COVERED;
	call.last_ns = call.innermost ? s->since_ns : 0;
	call.outermost = s->slot.flags & DCBS_OUTERMOST;
	add_open_section(ctx, &call);
}

/* ---- unread records ---- */

/*
 * Stores how many of a record's events have been read, and returns false if no thread is known to have it. A thread gives its record
 * back before it ends. So others may have had it since: their events are not those of this thread, and they have been read.
 */
static bool find_consumed(const struct open_facts *f, __u64 address, const struct dcbs_record *r, __u64 *consumed)
{
	bool found = false;
	size_t i;

	*consumed = r->base;
	for (i = 0; i < f->nr_views && r->tid; i++) {
		if (f->views[i].record != address)
			continue;
		found = true;
		if (f->views[i].consumed > *consumed)
			*consumed = f->views[i].consumed;
	}
	return found;
}

static void add_unread_record(struct open_facts *f, const struct dcbs_event *e)
{
	struct snapshot_section *section;
	struct section_stat *stat;

	if (e->kind != DCBS_EVENT_SECTION || e->end_ns < f->start_ns || e->end_ns > f->snap->end_ns ||
	    e->flags & (DCBS_NO_START | DCBS_OPEN_AT_EXIT) || e->value_ns > e->end_ns || !(section = section_of_name_id(f, e->name)))
		return;
	stat = &section->stat;
	stat->count++;
	stat->sum_ns += e->value_ns;
	stat->self_ns += e->self_ns;
	stat->items += e->items;
	if (e->flags & DCBS_OUTERMOST)
		stat->total_ns += e->value_ns;
	if (e->flags & DCBS_IN_FLOW) {
		stat->flow_total_ns += e->flags & DCBS_OUTERMOST ? e->value_ns : 0;
		stat->flow_self_ns += e->self_ns;
	}
	if (e->flags & DCBS_ERROR)
		stat->errors++;
	if (e->flags & DCBS_CANCELLED)
		stat->cancelled++;
	if (e->value_ns > stat->max_ns)
		stat->max_ns = e->value_ns;
	if (~e->value_ns > stat->min_inv_ns)
		stat->min_inv_ns = ~e->value_ns;
	if (e->value_ns)
		stat->buckets[hist_place(e->value_ns)]++;
	else
		stat->zero_count++;
}

/* Adds records that the BPF programs have not read by the end: the ring was swapped out, or its thread was frozen. */
static void add_unread_records(struct open_facts *f, __u64 address, const struct dcbs_record *r)
{
	__u64 i, consumed;

	if (!find_consumed(f, address, r, &consumed) || r->head <= consumed || r->head - consumed > DCBS_RING)
		return;
	for (i = consumed; i < r->head; i++)
		add_unread_record(f, &r->ring[i & (DCBS_RING - 1)]);
}

/* The self time of a call in the window, if none began inside it after the window's end. */
static __u64 self_until_end(const struct open_facts *f, const struct dcbs_event *e, __u64 start, __u64 open)
{
	__u64 outside = e->end_ns - f->snap->end_ns + (e->flags & DCBS_SELF_FROM_0 ? f->start_ns : 0);
	__u64 self = e->self_ns > outside ? e->self_ns - outside : 0;

	if (start < f->start_ns && !(e->flags & DCBS_SELF_FROM_0))
		self = self_in_window(f, start, self);
	return self < open ? self : open;
}

/* Adds sections that were open at the end of the window, but ended before the record was read here. */
static void add_ended_after_window(struct open_facts *f, const struct dcbs_record *r)
{
	__u64 i, first = r->head > DCBS_RING ? r->head - DCBS_RING : 0;

	for (i = first; i < r->head; i++) {
		const struct dcbs_event *e = &r->ring[i & (DCBS_RING - 1)];
		__u64 end = f->snap->end_ns, start = e->flags & DCBS_NO_START ? 0 : e->end_ns - e->value_ns, open, total, self;
		struct snapshot_section *section;

		if (e->kind != DCBS_EVENT_SECTION || e->flags & DCBS_AFTER_EXIT || e->end_ns <= end || start > end)
			continue;
		section = section_of_name_id(f, e->name);
		if (!section)
			continue;
		open = end - (start > f->start_ns ? start : f->start_ns);
		total = e->flags & DCBS_OUTERMOST ? open : 0;
		self = self_until_end(f, e, start, open);
		section->open++;
		section->stat.total_ns += total;
		section->stat.self_ns += self;
		section->stat.flow_total_ns += e->flags & DCBS_IN_FLOW ? total : 0;
		section->stat.flow_self_ns += e->flags & DCBS_IN_FLOW ? self : 0;
	}
}

static int visit_open_record(void *ctx, __u64 address, const struct dcbs_record *r)
{
	unsigned int i = r->innermost, left = DCBS_SLOTS;
	struct open_facts *f = ctx;

	f->snap->disordered += r->disordered;
	for (; i && i < DCBS_SLOTS && left--; i = dcbs_use_below(r->slots[i].use))
		add_open_slot(f, r, i);
	if (!flow_slots_each(f->target, r, &f->chunks_left, add_open_flow_slot, f))
		f->snap->counters.lost_open_sections++;
	if (f->ended) {
		add_unread_records(f, address, r);
		add_ended_after_window(f, r);
	}
	return 0;
}

void open_facts_add(struct session *session, struct snapshot *snap, const struct thread_view *views, size_t nr_views)
{
	struct open_facts f = {.bpf = &session->bpf, .snap = snap, .views = views, .nr_views = nr_views};
	size_t i;

	f.ended = session->bpf.skel->bss->window.end_ns;
	for (i = 0; i < session->targets.nr; i++) {
		f.target = &session->targets.list[i];
		f.chunks_left = FLOW_CHUNKS_READ;
		memset(f.by_name, 0, sizeof(f.by_name));
		f.start_ns = f.target->born_ns > snap->start_ns ? f.target->born_ns : snap->start_ns;
		if (!f.target->ended)
			target_each_record(f.target, visit_open_record, &f);
	}
	/* A target that has ended is missing, and a record's count begins anew with its next thread. */
	snap->disordered -= snap->disordered < session->window.disordered ? snap->disordered : session->window.disordered;
}
