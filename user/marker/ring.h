/* SPDX-License-Identifier: MIT */
/* ring.h - what all marks do with this thread's record: take the time, append an event, hand over. */
#ifndef DCBS_MARKER_RING_H
#define DCBS_MARKER_RING_H

#include "thread.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define cold __attribute__((noinline, cold))
#define hot __attribute__((noinline, hot))	/* apart, so that the path without a profiler saves no registers */
#define EXPORT __attribute__((visibility("default")))

/* What is stored above this line is seen before what is stored below, by whatever interrupts this thread. */
#define publish() __atomic_signal_fence(__ATOMIC_RELEASE)

static inline bool attached(void)
{
	return unlikely(dcbs_marker_semaphore);
}

static inline uint64_t now_ns(void)
{
	struct timespec ts;

	dcbs_clock(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

static inline void ring_put(struct dcbs_record *r, const struct dcbs_event *event)
{
	uint64_t head = r->head;

	r->ring[head & (DCBS_RING - 1)] = *event;
	publish();
	r->head = head + 1;
}

static inline void hand_over_if_due(struct dcbs_record *r, uint64_t now)
{
	if (likely(r->head - r->flush_head < DCBS_BATCH && now - r->flush_ns < DCBS_FLUSH_NS))
		return;
	r->flush_ns = now;
	if (dcbs_marker_semaphore > 1 && r->head - r->flush_head < DCBS_BATCH)	/* DCBS_PROBE_SELDOM */
		return;
	r->flush_head = r->head;
	publish();
	dcbs_marker_flush(r);
}

/* The record of this thread, made at its first section. NULL: no memory, or another copy leads. */
static inline struct dcbs_record *first_section(const struct dcbs_calls **elsewhere)
{
	const struct dcbs_calls *leader = dcbs_leader();

	*elsewhere = leader == &dcbs_marker_calls ? NULL : leader;
	return *elsewhere ? NULL : dcbs_record_make();
}

#endif
