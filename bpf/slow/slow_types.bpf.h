/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* slow_types.bpf.h - what threads keep for the slowest calls, see slow_calls.bpf.h. */
#ifndef BPF_SLOW_SLOW_TYPES_H
#define BPF_SLOW_SLOW_TYPES_H

#include "bpfprof/abi.h"

/* A call that may be among the slowest ones of its section, and a search for the shortest of those that are kept. */
struct slow_search {
	u32 section_id, items, flags;	/* of the call, as the next two; flags: enum dcbs_event_flag */
	u32 pad;
	u64 ns, end_ns;
	u64 least, second;	/* scratch: durations of the shortest one that is kept, and of the next longer one */
	u32 first, shortest;	/* scratch: indexes of `slow_calls`: the section's first entry, and the shortest one */
};

/* The last waits of a thread, from which those of a slow call are added up when it has ended. */
#define RECENT_WAITS 64		/* a power of two */
#define RECENT_CAUSE_BITS 4

struct recent_wait {
	u64 start_ns;
	u64 ns_and_cause;	/* the duration, shifted by RECENT_CAUSE_BITS, and the enum cause */
};

_Static_assert(CAUSES == 1 << RECENT_CAUSE_BITS, "layout");

#endif
