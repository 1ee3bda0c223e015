/* SPDX-License-Identifier: MIT */
/* ring.h - appends events to a record's ring and flushes the ring to the profilers. */
#ifndef DCBS_MARKER_RING_H
#define DCBS_MARKER_RING_H

#include "bpfprof/marker_abi.h"
#include "probe.h"

/* Orders stores for whatever interrupts this thread: it sees those above this line before those below. */
#define publish() __atomic_signal_fence(__ATOMIC_RELEASE)

static inline void ring_put(struct dcbs_record *r, const struct dcbs_event *event)
{
	uint64_t head = r->head;

	r->ring[head & (DCBS_RING - 1)] = *event;
	publish();
	r->head = head + 1;
}

static inline void ring_flush_if_due(struct dcbs_record *r, uint64_t now)
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

#endif
