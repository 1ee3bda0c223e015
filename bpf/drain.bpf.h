/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * drain.bpf.h - reads what a thread's ring holds and has not been read, and adds it to `stats`.
 *
 * Runs on the thread itself: in the marker probe, when it is switched out, at a sampling tick, when
 * it leaves. So the ring does not change meanwhile; but a switch or a tick may come in the middle of
 * a drain in the probe, which is what `busy` is for: the later one leaves, the earlier one goes on.
 *
 * The target may have written anything there. Every field is checked before it is used, and what
 * makes no sense is counted as lost.
 */
#ifndef BPF_DRAIN_H
#define BPF_DRAIN_H

#include "maps.bpf.h"

#define FUTURE_NS 1000000	/* how far ahead of our clock an end may lie: none, but for rounding */

/* The part of struct dcbs_record before the slots. */
struct record_head {
	u64 magic, head, last_ns, flush_ns, flush_head, use;
	u8 innermost, foreign, pad[2];
	u32 tid;
	u64 next, state, too_deep, unmatched, foreign_ns, base;
};

_Static_assert(__builtin_offsetof(struct record_head, base) == __builtin_offsetof(struct dcbs_record, base), "layout");
_Static_assert(__builtin_offsetof(struct record_head, unmatched) == __builtin_offsetof(struct dcbs_record, unmatched), "layout");

struct drain {
	struct thread *thread;
	struct process *process;
	u64 state;		/* address of the target's struct dcbs_state */
	u64 start_ns;		/* the window */
	u64 end_ns;
	u64 now;
};

/* Adds what was summed up for a row. */
static __noinline int sum_spill(struct sum *sum)
{
	struct stat *stat;
	u32 row;

	if (!sum || !sum->row)
		return 0;
	row = sum->row;
	sum->row = ROW_NONE;
	stat = bpf_map_lookup_elem(&stats, &row);
	if (!stat)
		return 0;
	__sync_fetch_and_add(&stat->count, sum->count);
	__sync_fetch_and_add(&stat->sum_ns, sum->sum_ns);
	__sync_fetch_and_add(&stat->total_ns, sum->total_ns);
	__sync_fetch_and_add(&stat->self_ns, sum->self_ns);
	if (sum->items)
		__sync_fetch_and_add(&stat->items, sum->items);
	store_max(&stat->max_ns, sum->max_ns);
	store_max(&stat->min_inv_ns, sum->min_inv_ns);
	return 0;
}

static __always_inline void sum_start(struct sum *sum, u32 row)
{
	sum_spill(sum);
	sum->row = row;
	sum->count = 0;
	sum->sum_ns = sum->total_ns = sum->self_ns = sum->max_ns = sum->min_inv_ns = sum->items = 0;
}

/* A name seen for the first time in this process: read it from the target's table while the target is there. */
static __noinline u32 row_of_id(struct process *process, u64 state, u32 id)
{
	struct dcbs_name name;
	struct row_name key = {};
	u32 row;

	if (!process || id >= DCBS_NAMES)
		return ROW_OTHER;
	if (id == DCBS_NAME_OTHER) {
		bpf_probe_read_user(&process->names_lost, sizeof(process->names_lost),
				    (void *)(state + __builtin_offsetof(struct dcbs_state, names_lost)));
		return ROW_OTHER;
	}
	if (bpf_probe_read_user(&name, sizeof(name),
				(void *)(state + __builtin_offsetof(struct dcbs_state, names) + id * sizeof(name)))) {
		__sync_fetch_and_add(&counters.lost_names, 1);
		return ROW_OTHER;	/* not stored: the next event tries again */
	}
	__builtin_memcpy(key.text, name.text, sizeof(key.text));
	key.text[sizeof(key.text) - 1] = 0;
	key.kind = name.kind;
	row = row_of_name(&key);
	process->row[id] = row;
	return row;
}

/* Pages of a process, as far as the kernel's shared counters know: each CPU may hold back 32 of them. */
static __always_inline u64 rss_bytes(void)
{
	struct mm_struct *mm = bpf_get_current_task_btf()->mm;
	s64 pages = 0;
	int i;

	if (!mm)
		return 0;
	if (bpf_core_type_exists(struct mm_rss_stat)) {
		struct mm_struct___6_1 *old = (void *)mm;

		for (i = 0; i < 4; i++)
			if (i != 2)
				pages += BPF_CORE_READ(old, rss_stat.count[i].counter);
	} else {
		for (i = 0; i < 4; i++)
			if (i != 2)	/* swap entries */
				pages += BPF_CORE_READ(mm, rss_stat[i].count);
	}
	return pages > 0 ? (u64)pages * 4096 : 0;
}

static __always_inline void add_model_rss(struct stat *stat)
{
	u64 rss = rss_bytes();

	if (!rss)
		return;
	__sync_fetch_and_add(&stat->rss_samples, 1);
	__sync_fetch_and_add(&stat->rss_sum, rss);
	store_max(&stat->rss_max, rss);
	store_max(&stat->rss_min_inv, ~rss);
}

/* A section that was begun before we came: what it took since then is known, its duration is not. */
static __always_inline void add_unstarted(struct stat *stat, const struct drain *d, const struct dcbs_event *e)
{
	u64 watched = e->end_ns - d->start_ns, self = e->self_ns;

	if (e->flags & DCBS_SELF_FROM_0)
		self = self > d->start_ns ? self - d->start_ns : 0;
	__sync_fetch_and_add(&stat->unstarted, 1);
	__sync_fetch_and_add(&stat->self_ns, self < watched ? self : watched);
	if (e->flags & DCBS_OUTERMOST)
		__sync_fetch_and_add(&stat->total_ns, watched);
	__sync_fetch_and_add(&stat->items, e->items);
}

static __always_inline void add_section(struct stat *stat, const struct drain *d, const struct dcbs_event *e, u32 row)
{
	struct sum *sum = &d->thread->sum;
	u64 ns = e->value_ns;

	if (e->flags & DCBS_ERROR)
		__sync_fetch_and_add(&stat->errors, 1);
	if (stat->kind >= DCBS_NAME_FORWARD)
		add_model_rss(stat);
	if (e->flags & DCBS_NO_START || e->end_ns - ns < d->start_ns) {
		add_unstarted(stat, d, e);
		return;
	}
	if (sum->row != row)
		sum_start(sum, row);
	sum->count++;
	sum->sum_ns += ns;
	sum->self_ns += e->self_ns < ns ? e->self_ns : ns;
	sum->items += e->items;
	if (e->flags & DCBS_OUTERMOST)
		sum->total_ns += ns;
	if (ns > sum->max_ns)
		sum->max_ns = ns;
	if (~ns > sum->min_inv_ns)
		sum->min_inv_ns = ~ns;
	add_duration(stat, ns);
}

static __always_inline void add_cache_access(struct stat *stat, u64 ns, bool hit)
{
	__sync_fetch_and_add(&stat->count, 1);
	__sync_fetch_and_add(&stat->sum_ns, ns);
	if (hit)
		__sync_fetch_and_add(&stat->hits, 1);
	store_max(&stat->max_ns, ns);
	store_max(&stat->min_inv_ns, ~ns);
	add_duration(stat, ns);
}

static __always_inline void add_cache_size(struct stat *stat, u64 bytes)
{
	__sync_fetch_and_add(&stat->sizes, 1);
	__sync_fetch_and_add(&stat->size_sum, bytes);
	store_max(&stat->size_max, bytes);
	stat->size_last = bytes;
}

/* Everything but a section. */
static __noinline int add_rare(struct stat *stat, const struct dcbs_event *e, u64 start_ns)
{
	u64 watched;

	if (!stat || !e)
		return 0;
	switch (e->kind) {
	case DCBS_EVENT_OPEN_TIME:
		watched = e->end_ns - start_ns;
		__sync_fetch_and_add(&stat->total_ns, e->value_ns < watched ? e->value_ns : watched);
		break;
	case DCBS_EVENT_CACHE_HIT:
	case DCBS_EVENT_CACHE_MISS:
		add_cache_access(stat, e->value_ns, e->kind == DCBS_EVENT_CACHE_HIT);
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
	return e->kind != DCBS_EVENT_SECTION || e->value_ns <= e->end_ns;
}

static long drain_event(u32 i, struct drain *d)
{
	struct dcbs_event *e = &d->thread->events[i & (DCBS_RING - 1)];
	struct stat *stat;
	u32 row;

	if (!event_makes_sense(e, d->now)) {
		__sync_fetch_and_add(&counters.lost_garbage, 1);
		return 0;
	}
	if (e->kind == DCBS_EVENT_NONE || e->end_ns < d->start_ns || (d->end_ns && e->end_ns > d->end_ns))
		return 0;
	row = d->process->row[e->name & (DCBS_NAMES - 1)];
	if (!row)
		row = row_of_id(d->process, d->state, e->name);
	stat = bpf_map_lookup_elem(&stats, &row);
	if (!stat)
		return 0;
	if (e->kind == DCBS_EVENT_SECTION)
		add_section(stat, d, e, row);
	else
		add_rare(stat, e, d->start_ns);
	return 0;
}

/* Copies events [from, from + n) of the ring, which may wrap around, to the start of thread->events. */
static __always_inline int copy_events(struct thread *thread, u64 ring, u64 from, u32 n)
{
	u32 at = from & (DCBS_RING - 1), first = DCBS_RING - at;

	if (n > DCBS_RING)
		n = DCBS_RING;
	if (first > n)
		first = n;
	if (bpf_probe_read_user(thread->events, (first & (2 * DCBS_RING - 1)) * sizeof(struct dcbs_event),
				(void *)(ring + at * sizeof(struct dcbs_event))))
		return -1;
	if (n == first)
		return 0;
	n -= first;
	first &= DCBS_RING - 1;
	n &= DCBS_RING - 1;
	if (first + n > DCBS_RING)
		return -1;
	return bpf_probe_read_user(&thread->events[first], n * sizeof(struct dcbs_event), (void *)ring);
}

/* A thread, or a record, that we have not met: nothing is counted that lies before our time. */
static __always_inline void meet_record(struct thread *thread, u64 record, const struct record_head *head)
{
	struct baseline *base = bpf_map_lookup_elem(&baselines, &record);

	thread->record = record;
	thread->consumed = head->head - head->base > DCBS_RING ? head->head - DCBS_RING : head->base;
	thread->too_deep = base && head->too_deep >= base->too_deep ? base->too_deep : 0;
	thread->unmatched = base && head->unmatched >= base->unmatched ? base->unmatched : 0;
}

static __always_inline void count_unmatched(struct thread *thread, const struct record_head *head)
{
	if (head->too_deep > thread->too_deep)
		__sync_fetch_and_add(&counters.lost_too_deep, head->too_deep - thread->too_deep);
	if (head->unmatched > thread->unmatched)
		__sync_fetch_and_add(&counters.lost_unmatched, head->unmatched - thread->unmatched);
	thread->too_deep = head->too_deep;
	thread->unmatched = head->unmatched;
}

static __always_inline void drain_locked(struct thread *thread, struct process *process, u64 record)
{
	struct drain d = {.thread = thread, .process = process, .start_ns = window.start_ns, .end_ns = window.end_ns};
	struct record_head head;
	u64 n;

	if (bpf_probe_read_user(&head, sizeof(head), (void *)record))
		return;
	if (head.magic != DCBS_RECORD_MAGIC || head.base > head.head) {
		__sync_fetch_and_add(&counters.lost_garbage, 1);
		return;
	}
	if (thread->record != record || head.head < thread->consumed)
		meet_record(thread, record, &head);
	if (head.too_deep != thread->too_deep || head.unmatched != thread->unmatched)
		count_unmatched(thread, &head);
	n = head.head - thread->consumed;
	if (!n)
		return;
	if (n > DCBS_RING) {
		__sync_fetch_and_add(&counters.lost_overwritten, n - DCBS_RING);
		n = DCBS_RING;
	}
	if (copy_events(thread, record + __builtin_offsetof(struct dcbs_record, ring), head.head - n, n))
		return;
	thread->consumed = head.head;
	d.state = head.state;
	d.now = bpf_ktime_get_ns();
	bpf_loop(n, drain_event, &d, 0);
	sum_spill(&thread->sum);
	__sync_fetch_and_add(&counters.events, n);
}

/* Reads the ring of `record`, which belongs to the current task. */
static __always_inline void drain(struct task_struct *task, struct process *process, u64 record)
{
	struct thread *thread;

	if (!window.start_ns)
		return;
	thread = bpf_task_storage_get(&threads, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread) {
		__sync_fetch_and_add(&counters.lost_threads, 1);
		return;
	}
	if (__sync_val_compare_and_swap(&thread->busy, 0, 1))
		return;
	drain_locked(thread, process, record);
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

static __always_inline void drain_current(struct task_struct *task, struct process *process)
{
	u64 record = record_of(task, process);

	if (record)
		drain(task, process, record);
}

#endif
