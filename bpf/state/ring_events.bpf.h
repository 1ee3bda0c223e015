/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* ring_events.bpf.h - checks one event of a thread's ring and adds it to `stats` or to the ring reader's sums. */
#ifndef BPF_STATE_RING_EVENTS_H
#define BPF_STATE_RING_EVENTS_H

#include "state/section_ids.bpf.h"
#include "state/thread_sums.bpf.h"

#define FUTURE_NS 1000000	/* how far an end may lie ahead of our clock: rounding only */

struct chunk {
	struct ring_reader *reader;
	struct process *process;
	u32 nr_events;
};

static __always_inline void add_model_rss(struct section_stat *stat)
{
	u64 rss = current_rss_bytes();

	if (!rss)
		return;
	__sync_fetch_and_add(&stat->rss_samples, 1);
	__sync_fetch_and_add(&stat->rss_sum, rss);
	store_max(&stat->rss_max, rss);
	store_max(&stat->rss_min_inv, ~rss);
}

/* Adds to the parts of total_ns and self_ns that are of other flows than a thread's first one. */
static __always_inline void add_flow_times(struct section_stat *stat, u64 total, u64 self)
{
	__sync_fetch_and_add(&stat->flow_total_ns, total);
	__sync_fetch_and_add(&stat->flow_self_ns, self);
}

/*
 * Adds a call that began before the window, or that has not ended: its time in the window is known, its duration
 * is not. `calls` is the field that counts it.
 */
static __always_inline void add_partial_call(struct section_stat *stat, u64 *calls, u32 section_id,
					     const struct ring_read *r, const struct dcbs_event *e)
{
	bool whole = !(e->flags & DCBS_NO_START) && e->end_ns - e->value_ns >= r->start_ns;
	u64 observed = whole ? e->value_ns : e->end_ns - r->start_ns, self = e->self_ns;
	u64 total = e->flags & DCBS_OUTERMOST ? observed : 0;

	if (e->flags & DCBS_SELF_FROM_0)
		self = self > r->start_ns ? self - r->start_ns : 0;
	else if (e->value_ns && !whole)
		self = self_in_window(self, e->end_ns - e->value_ns);
	if (self > observed)
		self = observed;
	__sync_fetch_and_add(calls, 1);
	__sync_fetch_and_add(&stat->self_ns, self);
	__sync_fetch_and_add(&stat->total_ns, total);
	__sync_fetch_and_add(&stat->items, e->items);
	if (e->flags & DCBS_IN_FLOW)
		add_flow_times(stat, total, self);
	if (!one_target)
		part_add(section_id, 0, 0, total, self);
}

/* Adds a call without measurable length, or one whose self time makes no sense. */
static __always_inline void add_plain_call(struct ring_reader *reader, struct section_stat *stat, u32 section_id,
					   const struct dcbs_event *e)
{
	u64 total = e->flags & DCBS_OUTERMOST ? e->value_ns : 0;

	__sync_fetch_and_add(&stat->count, 1);
	__sync_fetch_and_add(&stat->sum_ns, e->value_ns);
	__sync_fetch_and_add(&stat->self_ns, e->value_ns);
	__sync_fetch_and_add(&stat->total_ns, total);
	if (e->flags & DCBS_IN_FLOW)
		add_flow_times(stat, total, e->value_ns);
	if (!one_target)
		part_add(section_id, 1, e->value_ns, total, e->value_ns);
	if (e->value_ns > stat->slow_ns)
		section_slow_add(reader, e, section_id);
	store_max(&stat->min_inv_ns, ~e->value_ns);
	__sync_fetch_and_add(&stat->items, e->items);
	add_duration(stat, section_id, e->value_ns);
}

static __always_inline void add_whole_call(struct ring_reader *reader, struct section_stat *stat, u32 section_id,
					   const struct dcbs_event *e)
{
	if (e->flags & DCBS_IN_FLOW)
		add_flow_times(stat, e->flags & DCBS_OUTERMOST ? e->value_ns : 0, e->self_ns);
	section_sum_add(reader, section_id, e);
}

/* Adds a section of which more is noted than its duration. */
static __always_inline void add_section_event(struct ring_reader *reader, const struct ring_read *r, const struct dcbs_event *e,
					      u32 section_id)
{
	struct section_stat *stat;
	u32 key = section_id & ~SECTION_MODEL;

	stat = bpf_map_lookup_elem(&stats, &key);
	if (!stat)
		return;
	if (e->flags & DCBS_ERROR)
		__sync_fetch_and_add(&stat->errors, 1);
	if (e->flags & DCBS_CANCELLED)
		__sync_fetch_and_add(&stat->cancelled, 1);
	if (section_id & SECTION_MODEL && !(e->flags & DCBS_OPEN_AT_EXIT))
		add_model_rss(stat);
	if (e->flags & DCBS_OPEN_AT_EXIT)
		add_partial_call(stat, &stat->open, key, r, e);
	else if (e->flags & DCBS_NO_START || e->end_ns - e->value_ns < r->start_ns)
		add_partial_call(stat, &stat->unstarted, key, r, e);
	else if (e->value_ns && e->self_ns <= e->value_ns)
		add_whole_call(reader, stat, key, e);
	else
		add_plain_call(reader, stat, key, e);
}

static __always_inline void add_cache_access(struct section_stat *stat, u32 section_id, u64 ns, bool hit)
{
	__sync_fetch_and_add(&stat->count, 1);
	__sync_fetch_and_add(&stat->sum_ns, ns);
	if (hit)
		__sync_fetch_and_add(&stat->hits, 1);
	store_max(&stat->max_ns, ns);
	store_max(&stat->min_inv_ns, ~ns);
	add_duration(stat, section_id, ns);
}

static __always_inline void add_cache_size(struct section_stat *stat, u64 bytes)
{
	__sync_fetch_and_add(&stat->sizes, 1);
	__sync_fetch_and_add(&stat->size_sum, bytes);
	store_max(&stat->size_max, bytes);
	stat->size_last = bytes;
}

static __always_inline bool is_of_cache(u32 kind)
{
	return kind == DCBS_EVENT_CACHE_HIT || kind == DCBS_EVENT_CACHE_MISS || kind == DCBS_EVENT_CACHE_SIZE;
}

/* Adds all other events. A section's name cannot take cache events, nor a cache's name others. */
static __noinline int add_other_event(const struct ring_read *r, const struct dcbs_event *e, u32 section_id)
{
	struct section_stat *stat;
	u64 observed;

	section_id &= ~SECTION_MODEL;
	stat = bpf_map_lookup_elem(&stats, &section_id);
	if (!stat)
		return 0;
	if (section_id >= SECTION_FIRST && is_of_cache(e->kind) != (stat->kind == DCBS_NAME_CACHE)) {
		__sync_fetch_and_add(&counters.lost_garbage, 1);
		return 0;
	}
	switch (e->kind) {
	case DCBS_EVENT_OPEN_TIME:
		observed = e->end_ns - r->start_ns;
		if (e->value_ns < observed)
			observed = e->value_ns;
		__sync_fetch_and_add(&stat->total_ns, observed);
		if (e->flags & DCBS_IN_FLOW)
			add_flow_times(stat, observed, 0);
		if (!one_target)
			part_add(section_id, 0, 0, observed, 0);
		break;
	case DCBS_EVENT_CACHE_HIT:
	case DCBS_EVENT_CACHE_MISS:
		add_cache_access(stat, section_id, e->value_ns, e->kind == DCBS_EVENT_CACHE_HIT);
		break;
	case DCBS_EVENT_CACHE_SIZE:
		add_cache_size(stat, e->value_ns);
		break;
	case DCBS_EVENT_ITEMS:
		__sync_fetch_and_add(&stat->items, e->value_ns);
		break;
	}
	return 0;
}

static __always_inline bool event_makes_sense(const struct dcbs_event *e, u64 now)
{
	if (e->kind > DCBS_EVENT_ITEMS || e->name >= DCBS_NAMES || e->end_ns > now + FUTURE_NS)
		return false;
	return e->kind != DCBS_EVENT_SECTION || (e->value_ns <= e->end_ns && e->name);
}

/* A section ends whose thread had ended before. It is no longer open, if we counted it as such. */
static __always_inline void uncount_open(struct dcbs_event *e, const struct ring_read *r, u32 section_id)
{
	struct section_stat *stat;
	u64 since = e->self_ns;

	e->self_ns = 0;
	section_id &= ~SECTION_MODEL;
	stat = bpf_map_lookup_elem(&stats, &section_id);
	if (stat && since <= e->end_ns && e->end_ns - since >= r->start_ns)
		__sync_fetch_and_add(&stat->open, -1);
}

/* Reads an event that is not the common one. Global, so that it is verified once. */
__weak __noinline int read_uncommon_event(struct ring_reader *reader, struct process *process, u32 i)
{
	struct dcbs_event *e;
	struct ring_read *r;
	u32 section_id;

	if (!reader || !process)
		return 0;
	e = &reader->events[i & (CHUNK_EVENTS - 1)];
	r = &reader->read;
	if (!event_makes_sense(e, r->now)) {
		__sync_fetch_and_add(&counters.lost_garbage, 1);
		return 0;
	}
	if (e->kind == DCBS_EVENT_NONE || e->end_ns < r->start_ns || e->end_ns > r->end_ns)
		return 0;
	section_id = process->section_id[e->name & (DCBS_NAMES - 1)];
	if (!section_id)
		section_id = section_id_of(process, r->state, e->name);
	if (e->kind == DCBS_EVENT_SECTION && e->flags & DCBS_AFTER_EXIT)
		uncount_open(e, r, section_id);
	if (e->kind == DCBS_EVENT_SECTION)
		add_section_event(reader, r, e, section_id);
	else
		add_other_event(r, e, section_id);
	return 0;
}

#define COMMON_MASK \
	((u64)(DCBS_ERROR | DCBS_NO_START | DCBS_CANCELLED | DCBS_OPEN_AT_EXIT | DCBS_AFTER_EXIT | DCBS_IN_FLOW) << 56 | 0xffULL << 48)
#define COMMON ((u64)DCBS_EVENT_SECTION << 48)

/*
 * Reads the common event: a section that began and ended in the window, has a section_id, and brings nothing but
 * its times.
 */
static __always_inline void read_event(struct chunk *c, u32 i)
{
	struct ring_reader *reader = c->reader;
	struct dcbs_event *e = &reader->events[i & (CHUNK_EVENTS - 1)];
	struct ring_read *r = &reader->read;
	u64 meta = *(u64 *)&e->items, end = e->end_ns, start = end - e->value_ns;
	u32 section_id = c->process->section_id[meta >> 32 & (DCBS_NAMES - 1)];

	if ((meta & COMMON_MASK) == COMMON && end <= r->limit_ns && start >= r->start_ns && start < end &&
	    e->self_ns <= e->value_ns && section_id - 1 < SECTION_MODEL - 1) {
		section_sum_add(reader, section_id, e);
		return;
	}
	barrier();	/* what the call needs is read again, so that the common event keeps less on the stack */
	read_uncommon_event(c->reader, c->process, i);
}

#endif
