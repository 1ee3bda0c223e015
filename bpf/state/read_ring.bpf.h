/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * read_ring.bpf.h - reads what a thread's ring holds and has not been read, and adds it to `stats`.
 *
 * Runs on the thread itself: in the marker probe, when it is switched out, at a sampling tick, when
 * it leaves. So the ring does not change meanwhile; but a switch or a tick may come in the middle of
 * a drain in the probe, which is what `busy` is for: the later one leaves, the earlier one goes on.
 *
 * The target may have written anything there. Every field is checked before it is used, and what
 * makes no sense is counted as lost.
 */
#ifndef BPF_STATE_READ_RING_H
#define BPF_STATE_READ_RING_H

#include "state/thread_sums.bpf.h"

#define FUTURE_NS 1000000	/* how far ahead of our clock an end may lie: none, but for rounding */

struct chunk {
	struct thread *thread;
	struct process *process;
	u32 nr_events;
};

static __always_inline u32 section_id_find(struct section_name *name)
{
	u32 *found = bpf_map_lookup_elem(&section_ids, name);

	return found ? *found : SECTION_NONE;
}

/* A section_id for a new name. Another CPU may be making it too: then its section_id counts and ours stays empty. 0: the kernel could not just now. */
static __always_inline u32 section_id_make(struct section_name *name)
{
	u32 section_id = __sync_fetch_and_add(&counters.section_ids_used, 1);
	struct section_stat *stat = bpf_map_lookup_elem(&stats, &section_id);

	if (!stat) {
		__sync_fetch_and_add(&counters.lost_section_ids, 1);
		return SECTION_OTHER;
	}
	if (bpf_map_update_elem(&section_ids, name, &section_id, BPF_NOEXIST))
		return section_id_find(name);
	stat->kind = name->kind;
	bpf_map_update_elem(&section_names, &section_id, name, BPF_ANY);
	return section_id;
}

/* A name seen for the first time in this process: read it from the target's table while the target is there. */
static __always_inline u32 section_id_of_name(struct process *process, u64 state, u32 id, struct section_name *name)
{
	u64 address = state + __builtin_offsetof(struct dcbs_state, names) + id * sizeof(struct dcbs_name);
	u32 section_id;

	if (id >= DCBS_NAMES)
		return SECTION_OTHER;
	if (id == DCBS_NAME_OTHER) {
		bpf_probe_read_user(&process->names_lost, sizeof(process->names_lost),
				    (void *)(state + __builtin_offsetof(struct dcbs_state, names_lost)));
		return SECTION_OTHER;
	}
	name->kind = 0;
	__builtin_memset(name->text, 0, sizeof(name->text));	/* hashed as bytes: nothing may stand behind its end */
	if (bpf_probe_read_user_str(name->text, sizeof(name->text), (void *)address) < 0 ||
	    bpf_probe_read_user(&name->kind, 1, (void *)(address + __builtin_offsetof(struct dcbs_name, kind)))) {
		__sync_fetch_and_add(&counters.lost_names, 1);
		return SECTION_OTHER;	/* not stored: the next event tries again */
	}
	name->text[sizeof(name->text) - 1] = 0;
	section_id = section_id_find(name) ?: section_id_make(name);
	if (!section_id) {
		__sync_fetch_and_add(&counters.lost_names, 1);
		return SECTION_OTHER;
	}
	if (name->kind >= DCBS_NAME_FORWARD)
		section_id |= SECTION_MODEL;
	process->section_id[id] = section_id;
	return section_id;
}

/* The thread's storage is looked up anew, because Linux 6.1 takes a map's key from there only if it knows it for that. */
static __noinline u32 section_id_of(struct process *process, u64 state, u32 id)
{
	struct thread *thread = bpf_task_storage_get(&threads, bpf_get_current_task_btf(), NULL, 0);

	if (!process || !thread)
		return SECTION_OTHER;
	return section_id_of_name(process, state, id, &thread->name);
}

/*
 * RSS of the current process, as far as the kernel's shared counters know: each CPU may hold back 32
 * pages. The indices are constants, as only those are looked up in the running kernel's types; 2
 * counts swap entries.
 */
static __always_inline u64 rss_bytes(void)
{
	struct mm_struct *mm = mm_of(bpf_get_current_task_btf());
	struct mm_struct___6_1 *old = (void *)mm;
	s64 pages;

	if (!mm)
		return 0;
	if (bpf_core_field_exists(old->rss_stat.count))
		pages = BPF_CORE_READ(old, rss_stat.count[0].counter) + BPF_CORE_READ(old, rss_stat.count[1].counter) +
			BPF_CORE_READ(old, rss_stat.count[3].counter);
	else
		pages = BPF_CORE_READ(mm, rss_stat[0].count) + BPF_CORE_READ(mm, rss_stat[1].count) +
			BPF_CORE_READ(mm, rss_stat[3].count);
	return pages > 0 ? (u64)pages * 4096 : 0;
}

static __always_inline void add_model_rss(struct section_stat *stat)
{
	u64 rss = rss_bytes();

	if (!rss)
		return;
	__sync_fetch_and_add(&stat->rss_samples, 1);
	__sync_fetch_and_add(&stat->rss_sum, rss);
	store_max(&stat->rss_max, rss);
	store_max(&stat->rss_min_inv, ~rss);
}

/*
 * A section that was begun before we came, or has not ended: what it took meanwhile is known, its duration is not. `calls`
 * counts it.
 */
static __always_inline void add_partly(struct section_stat *stat, u64 *calls, u32 section_id, const struct drain *d, const struct dcbs_event *e)
{
	bool whole = !(e->flags & DCBS_NO_START) && e->end_ns - e->value_ns >= d->start_ns;
	u64 watched = whole ? e->value_ns : e->end_ns - d->start_ns, self = e->self_ns;
	u64 total = e->flags & DCBS_OUTERMOST ? watched : 0;

	if (e->flags & DCBS_SELF_FROM_0)
		self = self > d->start_ns ? self - d->start_ns : 0;
	else if (e->value_ns && !whole)
		self = self_in_window(self, e->end_ns - e->value_ns);
	if (self > watched)
		self = watched;
	__sync_fetch_and_add(calls, 1);
	__sync_fetch_and_add(&stat->self_ns, self);
	__sync_fetch_and_add(&stat->total_ns, total);
	__sync_fetch_and_add(&stat->items, e->items);
	if (!only_tgid)
		share_add(section_id, 0, 0, total, self);
}

/* A call of no measurable length, or one whose self time makes no sense. */
static __always_inline void add_plain(struct section_stat *stat, u32 section_id, const struct dcbs_event *e)
{
	u64 total = e->flags & DCBS_OUTERMOST ? e->value_ns : 0;

	__sync_fetch_and_add(&stat->count, 1);
	__sync_fetch_and_add(&stat->sum_ns, e->value_ns);
	__sync_fetch_and_add(&stat->self_ns, e->value_ns);
	__sync_fetch_and_add(&stat->total_ns, total);
	if (!only_tgid)
		share_add(section_id, 1, e->value_ns, total, e->value_ns);
	store_max(&stat->max_ns, e->value_ns);
	store_max(&stat->min_inv_ns, ~e->value_ns);
	__sync_fetch_and_add(&stat->items, e->items);
	add_duration(stat, section_id, e->value_ns);
}

/* A section of which more than its duration is to be noted. */
static __noinline int add_section(struct thread *thread, const struct drain *d, const struct dcbs_event *e, u32 section_id)
{
	struct section_stat *stat;
	u32 key = section_id & ~SECTION_MODEL;

	stat = bpf_map_lookup_elem(&stats, &key);
	if (!stat)
		return 0;
	if (e->flags & DCBS_ERROR)
		__sync_fetch_and_add(&stat->errors, 1);
	if (section_id & SECTION_MODEL && !(e->flags & DCBS_OPEN_AT_EXIT))
		add_model_rss(stat);
	if (e->flags & DCBS_OPEN_AT_EXIT)
		add_partly(stat, &stat->open, key, d, e);
	else if (e->flags & DCBS_NO_START || e->end_ns - e->value_ns < d->start_ns)
		add_partly(stat, &stat->unstarted, key, d, e);
	else if (e->value_ns && e->self_ns <= e->value_ns)
		sum_add(thread, key, e);
	else
		add_plain(stat, key, e);
	return 0;
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

/* Everything but a section. A section is no cache, whatever its name is given for. */
static __noinline int add_other(const struct drain *d, const struct dcbs_event *e, u32 section_id)
{
	struct section_stat *stat;
	u64 watched;

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
		watched = e->end_ns - d->start_ns;
		if (e->value_ns < watched)
			watched = e->value_ns;
		__sync_fetch_and_add(&stat->total_ns, watched);
		if (!only_tgid)
			share_add(section_id, 0, 0, watched, 0);
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

/* A section ends that its thread had left: was it counted as open by us? */
static __always_inline void take_back(struct dcbs_event *e, const struct drain *d, u32 section_id)
{
	struct section_stat *stat;
	u64 since = e->self_ns;

	e->self_ns = 0;
	section_id &= ~SECTION_MODEL;
	stat = bpf_map_lookup_elem(&stats, &section_id);
	if (stat && since <= e->end_ns && e->end_ns - since >= d->start_ns)
		__sync_fetch_and_add(&stat->open, -1);
}

/* An event that is not the common one. */
static __noinline int drain_slow(struct chunk *c, u32 i)
{
	struct dcbs_event *e = &c->thread->events[i & (CHUNK - 1)];
	struct drain *d = &c->thread->drain;
	u32 section_id;

	if (!event_makes_sense(e, d->now)) {
		__sync_fetch_and_add(&counters.lost_garbage, 1);
		return 0;
	}
	if (e->kind == DCBS_EVENT_NONE || e->end_ns < d->start_ns || e->end_ns > d->end_ns)
		return 0;
	section_id = c->process->section_id[e->name & (DCBS_NAMES - 1)];
	if (!section_id)
		section_id = section_id_of(c->process, d->state, e->name);
	if (e->kind == DCBS_EVENT_SECTION && e->flags & DCBS_AFTER_EXIT)
		take_back(e, d, section_id);
	if (e->kind == DCBS_EVENT_SECTION)
		add_section(c->thread, d, e, section_id);
	else
		add_other(d, e, section_id);
	return 0;
}

#define COMMON_MASK ((u64)(DCBS_ERROR | DCBS_NO_START | DCBS_OPEN_AT_EXIT | DCBS_AFTER_EXIT) << 56 | 0xffULL << 48)
#define COMMON ((u64)DCBS_EVENT_SECTION << 48)

/* The common event: a section that began and ended in the window and has a section_id, with nothing to say but its times. */
static __always_inline void drain_event(struct chunk *c, u32 i)
{
	struct thread *thread = c->thread;
	struct dcbs_event *e = &thread->events[i & (CHUNK - 1)];
	struct drain *d = &thread->drain;
	u64 meta = *(u64 *)&e->items, end = e->end_ns, start = end - e->value_ns;
	u32 section_id = c->process->section_id[meta >> 32 & (DCBS_NAMES - 1)];

	if ((meta & COMMON_MASK) == COMMON && end <= d->limit_ns && start >= d->start_ns && start < end &&
	    e->self_ns <= e->value_ns && section_id - 1 < SECTION_MODEL - 1)
		sum_add(thread, section_id, e);
	else
		drain_slow(c, i);
}

/*
 * A return costs as much as half an event on CPUs that need mitigations for it: the marker's probe
 * takes some events at a time. Elsewhere it does not matter, and one is quicker to verify.
 */
#ifdef DRAIN_IN_STEPS
#define STEP DRAIN_IN_STEPS
#define drain_chunk drain_chunk_in_steps
#else
#define STEP 1
#endif

static long drain_some(u32 step, struct chunk *c)
{
	u32 i = step * STEP, k;

	drain_event(c, i);
#pragma unroll
	for (k = 1; k < STEP; k++)
		if (i + k < c->nr_events)
			drain_event(c, i + k);
	return 0;
}

/*
 * Copies the next piece of the ring, up to its end, up to a chunk, and adds its events. Global, that
 * is verified once and on its own, however many programs and loops lead here. 1: that was the last, or cannot be
 * read now: its page is not there, if only because a write after a fork is about to copy it.
 */
__weak __noinline int drain_chunk(struct thread *thread, struct process *process)
{
	struct chunk c = {thread, process};
	struct drain *d;
	u32 at, n;

	if (!thread || !process)
		return 1;
	d = &thread->drain;
	at = d->next & (DCBS_RING - 1);
	n = DCBS_RING - at;
	if (n > CHUNK)
		n = CHUNK;
	if (n > d->last - d->next)
		n = d->last - d->next;
	if (!n || n > CHUNK)
		return 1;
	if (bpf_probe_read_user(thread->events, n * sizeof(struct dcbs_event),
				(void *)(d->ring + at * sizeof(struct dcbs_event))))
		return 1;
	c.nr_events = n;
	bpf_loop((n + STEP - 1) / STEP, drain_some, &c, 0);
	d->next += n;
	return d->next == d->last;
}

/* How far a counter of the target's has gone. It begins anew with a record's next thread; too far in one step is no count. */
static __always_inline u64 steps(u64 now, u64 before)
{
	if (now < before)
		return 0;
	if (now - before <= 0xffffffff)
		return now - before;
	__sync_fetch_and_add(&counters.lost_garbage, 1);
	return 0;
}

static __always_inline u64 ring_end_ns(u64 record, u64 event)
{
	u64 end_ns = 0;

	bpf_probe_read_user(&end_ns, sizeof(end_ns), (void *)(record + __builtin_offsetof(struct dcbs_record, ring) +
			    (event & (DCBS_RING - 1)) * sizeof(struct dcbs_event) + __builtin_offsetof(struct dcbs_event, end_ns)));
	return end_ns;
}

/*
 * The ring of a thread that we meet has been written over already. If what is left of it is all of our
 * time, so was some of what is gone: as much as comes at the rate of what is left, and no more than there was.
 */
static __noinline int count_unmet(u64 record, const struct record_head *head)
{
	u64 oldest = ring_end_ns(record, head->head), newest = ring_end_ns(record, head->head - 1);
	u64 gone = steps(head->head, head->base + DCBS_RING), ours;

	if (oldest <= window.start_ns || newest < oldest)
		return 0;
	ours = (oldest - window.start_ns) * DCBS_RING / (newest - oldest + 1);
	__sync_fetch_and_add(&counters.lost_overwritten, ours < gone ? ours : gone);
	return 0;
}

/* A thread, or a record, that we have not met: nothing is counted that lies before our time. */
static __always_inline void meet_record(struct thread *thread, u64 record, const struct record_head *head)
{
	struct baseline *base = bpf_map_lookup_elem(&baselines, &record);

	thread->record = record;
	thread->consumed = head->base;
	if (head->head - head->base > DCBS_RING) {
		thread->consumed = head->head - DCBS_RING;
		count_unmet(record, head);
	}
	thread->too_deep = base && head->too_deep >= base->too_deep ? base->too_deep : 0;
	thread->unmatched = base && head->unmatched >= base->unmatched ? base->unmatched : 0;
}

static __always_inline void count_unmatched(struct thread *thread, const struct record_head *head)
{
	__sync_fetch_and_add(&counters.lost_too_deep, steps(head->too_deep, thread->too_deep));
	__sync_fetch_and_add(&counters.lost_unmatched, steps(head->unmatched, thread->unmatched));
	thread->too_deep = head->too_deep;
	thread->unmatched = head->unmatched;
}

static __always_inline void drain_locked(struct thread *thread, struct process *process, u64 record)
{
	struct record_head *head = &thread->head;
	struct drain *d = &thread->drain;
	u64 n;
	int i;

	if (bpf_probe_read_user(head, sizeof(*head), (void *)record))
		return;
	if (head->magic != DCBS_RECORD_MAGIC || head->base > head->head) {
		__sync_fetch_and_add(&counters.lost_garbage, 1);
		return;
	}
	if (thread->record != record || head->head < thread->consumed)
		meet_record(thread, record, head);
	if (head->too_deep != thread->too_deep || head->unmatched != thread->unmatched)
		count_unmatched(thread, head);
	n = head->head - thread->consumed;
	if (!n)
		return;
	if (n > DCBS_RING) {
		__sync_fetch_and_add(&counters.lost_overwritten, steps(n, DCBS_RING));
		n = DCBS_RING;
	}
	d->state = head->state;
	d->start_ns = start_of(process);
	d->end_ns = window.end_ns ?: ~0ULL;
	d->now = bpf_ktime_get_ns();
	d->limit_ns = d->now < d->end_ns ? d->now : d->end_ns;
	d->ring = record + __builtin_offsetof(struct dcbs_record, ring);
	d->next = head->head - n;
	d->last = head->head;
	for (i = 0; i <= DCBS_RING / CHUNK; i++)
		if (drain_chunk(thread, process))
			break;
	thread->consumed = d->next;	/* what could not be read is tried again, as long as it is not written over */
	__sync_fetch_and_add(&counters.events, n - (d->last - d->next));
}

/* There will be no other time. */
static __always_inline void count_unread(struct task_struct *task)
{
	struct thread *thread = bpf_task_storage_get(&threads, task, NULL, 0);

	if (thread && thread->drain.last != thread->drain.next)
		__sync_fetch_and_add(&counters.lost_unread, thread->drain.last - thread->drain.next);
}

/* The current task's storage, for nobody else to touch until thread_unlock(). NULL: somebody is at it, who was interrupted by us. */
static __always_inline struct thread *thread_lock(struct task_struct *task, u64 flags)
{
	struct thread *thread = bpf_task_storage_get(&threads, task, NULL, flags);

	if (!thread) {
		if (flags)
			__sync_fetch_and_add(&counters.memory_short, 1);
		return NULL;
	}
	return __sync_val_compare_and_swap(&thread->busy, 0, 1) ? NULL : thread;
}

static __always_inline void thread_unlock(struct thread *thread)
{
	*(volatile u32 *)&thread->busy = 0;
}

/* The current task's record, 0 if it has none: it is where every thread keeps the pointer to it. */
static __always_inline u64 record_of(struct task_struct *task, const struct process *process)
{
	u64 record = 0;

	if (process->tls_offset)
		bpf_probe_read_user(&record, sizeof(record), (void *)(thread_pointer(task) + process->tls_offset));
	return record;
}

/* Off the hot path: reads the current task's ring and carries its sums to `stats`. */
static __always_inline void drain_current(struct task_struct *task, struct process *process)
{
	u64 record = record_of(task, process);
	struct thread *thread;

	if (!window.start_ns)
		return;
	thread = thread_lock(task, record ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
	if (!thread)
		return;
	if (record)
		drain_locked(thread, process, record);
	sums_spill(thread);
	thread_unlock(thread);
}

#endif
