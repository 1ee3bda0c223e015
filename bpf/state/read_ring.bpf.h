/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * read_ring.bpf.h - reads the events that a thread's ring has got since the last time, and adds them to `stats`.
 *
 * This runs on the thread itself: in the marker's probe, when the thread is switched out, at a tick, and when the
 * thread exits. So the ring does not change meanwhile. But a switch or a tick may come while the probe reads the
 * ring. `busy` is for that: the later program returns, and the earlier one goes on.
 *
 * The target may have written anything there. Every field is checked before it is used, and data that make no
 * sense are counted as lost.
 */
#ifndef BPF_STATE_READ_RING_H
#define BPF_STATE_READ_RING_H

#include "state/ring_events.bpf.h"

/*
 * A return costs as much as half an event on CPUs that need mitigations for it, so the marker's probe takes some
 * events at a time. In the other programs it does not matter, and one event at a time is verified faster.
 */
#ifdef READ_IN_STEPS
#define STEP READ_IN_STEPS
#define read_chunk read_chunk_in_steps
#else
#define STEP 1
#endif

static long read_events(u32 step, struct chunk *c)
{
	u32 i = step * STEP, k;

	read_event(c, i);
#pragma unroll
	for (k = 1; k < STEP; k++)
		if (i + k < c->nr_events)
			read_event(c, i + k);
	return 0;
}

/*
 * Copies the next piece of the ring, at most a chunk and at most to the end of the ring, and adds its events. A
 * global function is verified once, on its own, however many programs and loops call it. Returns 1 if that was the
 * last piece, or if the piece cannot be read now: its page may be absent, for example because a write after a fork
 * is about to copy it.
 */
__weak __noinline int read_chunk(struct ring_reader *reader, struct process *process)
{
	struct chunk c = {reader, process};
	struct ring_read *r;
	u32 at, n;

	if (!reader || !process)
		return 1;
	r = &reader->read;
	at = r->next & (DCBS_RING - 1);
	n = DCBS_RING - at;
	if (n > CHUNK_EVENTS)
		n = CHUNK_EVENTS;
	if (n > r->last - r->next)
		n = r->last - r->next;
	if (!n || n > CHUNK_EVENTS)
		return 1;
	if (bpf_probe_read_user(reader->events, n * sizeof(struct dcbs_event),
				(void *)(r->ring + at * sizeof(struct dcbs_event))))
		return 1;
	c.nr_events = n;
	bpf_loop((n + STEP - 1) / STEP, read_events, &c, 0);
	r->next += n;
	return r->next == r->last;
}

/*
 * Returns how far a counter in the target has advanced. It starts over with a record's next thread; a step of more
 * than 32 bits is garbage.
 */
static __always_inline u64 counter_steps(u64 now, u64 before)
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

	bpf_probe_read_user(&end_ns, sizeof(end_ns),
			    (void *)(record + __builtin_offsetof(struct dcbs_record, ring) +
				     (event & (DCBS_RING - 1)) * sizeof(struct dcbs_event) +
				     __builtin_offsetof(struct dcbs_event, end_ns)));
	return end_ns;
}

/*
 * A ring that is read for the first time has been overwritten already. If the events that are left all lie in our
 * time, some of the overwritten ones did too. Their number is estimated from the rate of those that are left, and
 * is at most the number overwritten.
 */
static __noinline int count_overwritten(u64 record, const struct record_head *head)
{
	u64 oldest = ring_end_ns(record, head->head), newest = ring_end_ns(record, head->head - 1);
	u64 gone = counter_steps(head->head, head->base + DCBS_RING), ours;

	if (oldest <= window.start_ns || newest < oldest)
		return 0;
	ours = (oldest - window.start_ns) * DCBS_RING / (newest - oldest + 1);
	__sync_fetch_and_add(&counters.lost_overwritten, ours < gone ? ours : gone);
	return 0;
}

/* Begins with a thread or a record that has not been read before. Nothing is counted that lies before our time. */
static __always_inline void begin_record(struct ring_reader *reader, u64 record, const struct record_head *head)
{
	struct baseline *base = bpf_map_lookup_elem(&baselines, &record);

	reader->record = record;
	reader->consumed = head->base;
	if (head->head - head->base > DCBS_RING) {
		reader->consumed = head->head - DCBS_RING;
		count_overwritten(record, head);
	}
	reader->too_deep = base && head->too_deep >= base->too_deep ? base->too_deep : 0;
	reader->unmatched = base && head->unmatched >= base->unmatched ? base->unmatched : 0;
}

static __always_inline void count_unmatched(struct ring_reader *reader, const struct record_head *head)
{
	__sync_fetch_and_add(&counters.lost_too_deep, counter_steps(head->too_deep, reader->too_deep));
	__sync_fetch_and_add(&counters.lost_unmatched, counter_steps(head->unmatched, reader->unmatched));
	reader->too_deep = head->too_deep;
	reader->unmatched = head->unmatched;
}

static __always_inline void read_ring_locked(struct ring_reader *reader, struct process *process, u64 record)
{
	struct record_head *head = &reader->head;
	struct ring_read *r = &reader->read;
	u64 n;
	int i;

	if (bpf_probe_read_user(head, sizeof(*head), (void *)record))
		return;
	if (head->magic != DCBS_RECORD_MAGIC || head->base > head->head) {
		__sync_fetch_and_add(&counters.lost_garbage, 1);
		return;
	}
	if (reader->record != record || head->head < reader->consumed)
		begin_record(reader, record, head);
	if (head->too_deep != reader->too_deep || head->unmatched != reader->unmatched)
		count_unmatched(reader, head);
	n = head->head - reader->consumed;
	if (!n)
		return;
	if (n > DCBS_RING) {
		__sync_fetch_and_add(&counters.lost_overwritten, counter_steps(n, DCBS_RING));
		n = DCBS_RING;
	}
	r->state = head->state;
	r->start_ns = start_of(process);
	r->end_ns = window.end_ns ?: ~0ULL;
	r->now = bpf_ktime_get_ns();
	r->limit_ns = r->now < r->end_ns ? r->now : r->end_ns;
	r->ring = record + __builtin_offsetof(struct dcbs_record, ring);
	r->next = head->head - n;
	r->last = head->head;
	for (i = 0; i <= DCBS_RING / CHUNK_EVENTS; i++)
		if (read_chunk(reader, process))
			break;
	reader->consumed = r->next;	/* events that could not be read are tried again, until they are overwritten */
	__sync_fetch_and_add(&counters.events, n - (r->last - r->next));
}

/* Counts the events that could not be read when the thread exits, since there is no later reading. */
static __always_inline void count_unread(struct task_struct *task)
{
	struct ring_reader *reader = bpf_task_storage_get(&ring_readers, task, NULL, 0);

	if (reader && reader->read.last != reader->read.next)
		__sync_fetch_and_add(&counters.lost_unread, reader->read.last - reader->read.next);
}

/*
 * Locks the current task's ring reader until reader_unlock(). Returns NULL if there is none, or if the program
 * that we have interrupted has it.
 */
static __always_inline struct ring_reader *reader_lock(struct task_struct *task, u64 flags)
{
	struct ring_reader *reader = bpf_task_storage_get(&ring_readers, task, NULL, flags);

	if (!reader) {
		if (flags)
			__sync_fetch_and_add(&counters.memory_short, 1);
		return NULL;
	}
	return __sync_val_compare_and_swap(&reader->busy, 0, 1) ? NULL : reader;
}

static __always_inline void reader_unlock(struct ring_reader *reader)
{
	*(volatile u32 *)&reader->busy = 0;
}

/* Returns the current task's record, 0 if it has none. Every thread keeps the pointer to it at the same place. */
static __always_inline u64 record_of(struct task_struct *task, const struct process *process)
{
	u64 record = 0;

	if (process->tls_offset)
		bpf_probe_read_user(&record, sizeof(record), (void *)(thread_pointer(task) + process->tls_offset));
	return record;
}

/* Reads the current task's ring and carries its sums to `stats`. Not for the hot path. */
static __always_inline void read_ring_current(struct task_struct *task, struct process *process)
{
	u64 record = record_of(task, process);
	struct ring_reader *reader;

	if (!window.start_ns)
		return;
	reader = reader_lock(task, record ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
	if (!reader)
		return;
	if (record)
		read_ring_locked(reader, process, record);
	thread_sums_spill(reader);
	reader_unlock(reader);
}

#endif
