// SPDX-License-Identifier: MIT
/* thread.c - see thread.h. */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "threads/flow_state.h"
#include "threads/slots.h"
#include "threads/thread.h"
#include "vdso_clock.h"

#define CHUNK 16	/* records that are mapped at once */

static pthread_key_t at_thread_exit;
static struct dcbs_record *spare_records;	/* linked by `state`, which only a record in use needs */

static uint32_t own_tid(void)
{
	return (uint32_t)syscall(SYS_gettid);
}

static void add_spare_record(struct dcbs_record *r)
{
	r->state = (uint64_t)(uintptr_t)spare_records;
	spare_records = r;
}

/* Maps records and links them into the process's list. They are never unmapped: old tokens and profilers point to them. */
static int map_records(void)
{
	struct dcbs_record *r = mmap(NULL, CHUNK * sizeof(*r), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	if (r == MAP_FAILED)
		return -errno;
	for (i = 0; i < CHUNK; i++) {
		r[i].magic = DCBS_RECORD_MAGIC;
		r[i].next = dcbs_marker_state.records;
		__atomic_store_n(&dcbs_marker_state.records, (uint64_t)(uintptr_t)&r[i], __ATOMIC_RELEASE);
		add_spare_record(&r[i]);
	}
	return 0;
}

struct dcbs_record *dcbs_thread_make_record(void)
{
	struct dcbs_record *r = NULL;
	int saved = errno;

	pthread_mutex_lock(&dcbs_marker_lock);
	if (spare_records || !map_records()) {
		r = spare_records;
		spare_records = (struct dcbs_record *)(uintptr_t)r->state;
		r->state = (uint64_t)(uintptr_t)&dcbs_marker_state;
		r->slots[DCBS_SLOTS - 1].use = DCBS_USE_ENDED;	/* never free */
		r->base = r->flush_head = r->head;
		r->last_ns = r->flush_ns = r->too_deep = r->unmatched = r->disordered = 0;
		r->flow_at = r->flow_id = 0;
		r->unusual = 0;
		r->tid = own_tid();
	}
	pthread_mutex_unlock(&dcbs_marker_lock);
	if (r) {
		dcbs_record = r;
		pthread_setspecific(at_thread_exit, r);
	}
	errno = saved;
	return r;
}

/* Flushes even without a new event, because the record also counts losses. */
static void flush_record(struct dcbs_record *r)
{
	if (!dcbs_marker_semaphore)
		return;
	r->flush_head = r->head;
	dcbs_marker_flush(r);
}

/* Reports the sections that are still open when their thread ends, as far as they have come. */
static void put_open_sections(struct dcbs_record *r)
{
	unsigned int i;
	uint64_t now;

	if (r->foreign)
		dcbs_flows_tidy(r);
	if (!flows_any_open(r) || !probe_attached())
		return;
	now = now_ns();
	dcbs_flows_put_open(r, now);
	if (!r->innermost)
		return;
	slots_pass_over(r, now);
	slots_charge(r, now);
	for (i = r->innermost; i; i = dcbs_use_below(r->slots[i].use)) {
		struct dcbs_slot *s = &r->slots[i];

		dcbs_slots_put_event(r, s, now, DCBS_OPEN_AT_EXIT);
		s->flags |= DCBS_AFTER_EXIT | (s->flags & DCBS_OUTERMOST ? DCBS_TOOK_OVER : 0);
		s->outer_ns = now;
		s->items = 0;
	}
	r->last_ns = 0;		/* none of them goes on as the innermost one */
}

/* A record with open sections is not reused: another thread may hold their tokens. */
static void on_thread_exit(void *record)
{
	struct dcbs_record *r = record;

	if (dcbs_record != r)
		return;
	put_open_sections(r);
	flush_record(r);
	dcbs_record = NULL;
	pthread_mutex_lock(&dcbs_marker_lock);
	__atomic_store_n(&r->tid, 0, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&r->foreign, __ATOMIC_SEQ_CST))
		dcbs_flows_tidy(r);
	if (!flows_any_open(r))
		add_spare_record(r);
	pthread_mutex_unlock(&dcbs_marker_lock);
}

/* After the thread's end only the holder of the lock changes the list of open sections. */
void dcbs_thread_tidy_ended(struct dcbs_record *r)
{
	pthread_mutex_lock(&dcbs_marker_lock);
	if (!r->tid && r->foreign) {
		dcbs_flows_tidy(r);
		if (!flows_any_open(r))
			add_spare_record(r);
	}
	pthread_mutex_unlock(&dcbs_marker_lock);
}

/* exit() ends the calling thread without on_thread_exit(). */
__attribute__((destructor)) static void on_process_exit(void)
{
	if (dcbs_record)
		flush_record(dcbs_record);
}

static void before_fork(void)
{
	pthread_mutex_lock(&dcbs_marker_lock);
}

static void after_fork_in_parent(void)
{
	pthread_mutex_unlock(&dcbs_marker_lock);
}

/*
 * The child has one thread. It keeps its open sections, so that the child's work is charged to them.
 * The parent reports the events in its ring and the time its open sections have taken so far; the
 * child charges as if a profiler had just attached. The records of the other threads stay: tokens
 * may still refer to them.
 */
static void after_fork_in_child(void)
{
	struct dcbs_record *r = (struct dcbs_record *)(uintptr_t)dcbs_marker_state.records;

	for (; r; r = (struct dcbs_record *)(uintptr_t)r->next) {
		if (!r->tid)
			continue;
		r->base = r->flush_head = r->head;
		if (r == dcbs_record) {
			r->tid = own_tid();
			r->last_ns = 0;
			dcbs_flows_forget_times(r);
			continue;
		}
		r->tid = 0;
		if (!flows_any_open(r))
			add_spare_record(r);
	}
	pthread_mutex_unlock(&dcbs_marker_lock);
}

void dcbs_thread_start(void)
{
	pthread_key_create(&at_thread_exit, on_thread_exit);
	pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}
