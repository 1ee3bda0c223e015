// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* open_facts.c - adds to a snapshot the facts that only the targets' memory holds. */
#include <string.h>

#include <bpf/bpf.h>

#include "collect/children/process_facts.h"
#include "collect/open_facts.h"

struct open_facts {
	const struct programs *bpf;
	struct snapshot *snap;
	const struct target *target;
	__u64 start_ns;			/* of the window, or of the target's life if that began later */
	const struct thread_view *views;
	size_t nr_views;
	bool ended;			/* the window has ended: no BPF program will read the records that are unread now */
};

/* ---- open sections ---- */

static struct snapshot_section *section_of_name_id(struct open_facts *f, __u32 id)
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

static bool same_name_below(const struct dcbs_record *r, unsigned int i)
{
	unsigned int below = dcbs_use_below(r->slots[i].use), left = DCBS_SLOTS;

	for (; below && left--; below = dcbs_use_below(r->slots[below].use))
		if (r->slots[below].name == r->slots[i].name)
			return true;
	return false;
}

/* Returns the self time in the window of a section that began before it, at start_ns. */
static __u64 self_in_window(const struct open_facts *f, __u64 start_ns, __u64 self_ns)
{
	__u64 before = 0;

	bpf_map_lookup_elem(bpf_map__fd(f->bpf->skel->maps.begun), &start_ns, &before);
	return self_ns > before ? self_ns - before : 0;
}

/*
 * An open section has taken the time since it began, or since the window began. Until the thread's first begin or end of a
 * section in the window, last_ns is 0, and the record holds the open sections but not their times.
 */
static void add_open_section(struct open_facts *f, const struct dcbs_record *r, unsigned int i)
{
	const struct dcbs_slot *s = &r->slots[i];
	__u64 window = f->start_ns, end = f->snap->end_ns, start = s->start_ns > window ? s->start_ns : window;
	__u64 last = r->last_ns > window ? r->last_ns : window, self = r->last_ns ? s->self_ns : 0, total = 0;
	struct snapshot_section *section;

	if (s->use & DCBS_USE_ENDED || start > end || !(section = section_of_name_id(f, s->name)))
		return;
	if (r->last_ns && s->flags & DCBS_SELF_FROM_0)
		self = self > window ? self - window : 0;
	else if (s->start_ns && s->start_ns < window)
		self = self_in_window(f, s->start_ns, s->self_ns);
	if (i == r->innermost && end > last)
		self += end - last;
	section->open++;
	section->stat.items += s->items;
	self = self < end - start ? self : end - start;
	if (r->last_ns ? s->flags & DCBS_OUTERMOST : !same_name_below(r, i))
		total = end - start;
	section->stat.self_ns += self;
	section->stat.total_ns += total;
	process_facts_add_open(f->snap, f->target, snapshot_section_index(f->snap, section), total, self);
}

/* ---- unread records ---- */

static const struct thread_view *find_thread_view(const struct open_facts *f, __u64 record)
{
	size_t i;

	for (i = 0; i < f->nr_views; i++)
		if (f->views[i].record == record)
			return &f->views[i];
	return NULL;
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
	if (e->flags & DCBS_ERROR)
		stat->errors++;
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
	const struct thread_view *view = find_thread_view(f, address);
	__u64 i;

	if (!view || r->head <= view->consumed || r->head - view->consumed > DCBS_RING)
		return;
	for (i = view->consumed; i < r->head; i++)
		add_unread_record(f, &r->ring[i & (DCBS_RING - 1)]);
}

/*
 * Returns the least self time in the window of a section that ended after it. It is the exact one unless sections inside it were open
 * since the window's end.
 */
static __u64 self_until_end(const struct open_facts *f, const struct dcbs_event *e, __u64 start)
{
	__u64 after = e->end_ns - f->snap->end_ns, self = e->self_ns > after ? e->self_ns - after : 0;

	if (start < f->start_ns)
		self = self_in_window(f, start, self);
	return self;
}

/* Adds sections that were open at the end of the window, but ended before the record was read here. */
static void add_ended_after_window(struct open_facts *f, const struct dcbs_record *r)
{
	__u64 i, first = r->head > DCBS_RING ? r->head - DCBS_RING : 0;

	for (i = first; i < r->head; i++) {
		const struct dcbs_event *e = &r->ring[i & (DCBS_RING - 1)];
		__u64 end = f->snap->end_ns, start = e->flags & DCBS_NO_START ? 0 : e->end_ns - e->value_ns;
		struct snapshot_section *section;
		__u64 self;

		if (e->kind != DCBS_EVENT_SECTION || e->flags & DCBS_AFTER_EXIT || e->end_ns <= end || start > end)
			continue;
		section = section_of_name_id(f, e->name);
		if (!section)
			continue;
		self = self_until_end(f, e, start);
		if (start < f->start_ns)
			start = f->start_ns;
		section->open++;
		section->stat.self_ns += self < end - start ? self : end - start;
		if (e->flags & DCBS_OUTERMOST)
			section->stat.total_ns += end - start;
	}
}

static int visit_open_record(void *ctx, __u64 address, const struct dcbs_record *r)
{
	unsigned int i = r->innermost, left = DCBS_SLOTS;
	struct open_facts *f = ctx;

	for (; i && i < DCBS_SLOTS && left--; i = dcbs_use_below(r->slots[i].use))
		add_open_section(f, r, i);
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
		f.start_ns = f.target->born_ns > snap->start_ns ? f.target->born_ns : snap->start_ns;
		if (!f.target->ended)
			target_each_record(f.target, visit_open_record, &f);
	}
}
