// SPDX-License-Identifier: MIT
/* cache_event.c - see cache_event.h. */
#include <stddef.h>

#include "cache_event.h"
#include "threads/leader.h"
#include "ring.h"
#include "threads/thread.h"
#include "vdso_clock.h"

void dcbs_cache_event_put(dcbs_id name, uint8_t kind, uint64_t value)
{
	struct dcbs_event e = {.value_ns = value, .name = name, .kind = kind};
	struct dcbs_record *r = dcbs_record;

	if (likely(!probe_attached() && r))
		return;
	if (!r) {
		const struct dcbs_calls *elsewhere = dcbs_leader_elsewhere();

		if (elsewhere) {
			elsewhere->cache(name, kind, value);
			return;
		}
		r = dcbs_thread_make_record();
	}
	if (!r || !probe_attached())
		return;
	e.end_ns = now_ns();
	ring_put(r, &e);
	ring_flush_if_due(r, e.end_ns);
}
