/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * slow_calls.h - the slowest calls of each section, as the BPF programs keep them, and a stack that was sampled in each.
 *
 * Samples are found by their time, and the profiler has those of the last seconds. So it looks at the calls from time to time.
 */
#ifndef COLLECT_STATS_SLOW_CALLS_H
#define COLLECT_STATS_SLOW_CALLS_H

#include "collect/facts.h"
#include "collect/kernel/programs.h"
#include "collect/samples/sampler.h"

/* A call for which a sample has been looked for. */
struct looked_up_call {
	__u64 end_ns;
	__u32 tid;
	__u32 stack;		/* 1 + its number in the table of stacks; 0: no sample was taken in it */
};

struct slow_calls {
	__u64 due_ns;		/* of the next look */
	size_t nr;
	struct looked_up_call *looked_up;	/* by section id and entry */
};

/* To be called some times a second, after the samples were taken. */
void slow_calls_look(struct slow_calls *slow, const struct programs *bpf, const struct sampler *sampler);

/* Adds to a snapshot. section_index[id]: index of its sections; wanted: calls of each. Returns 0 or -ENOMEM. */
int slow_calls_add(struct slow_calls *slow, const struct programs *bpf, const struct sampler *sampler, size_t wanted,
		   struct snapshot *snap, const __u16 *section_index);

/* To be called when the counters of the session are set to 0: the kernel's entries are cleared, too. */
void slow_calls_clear(struct slow_calls *slow, const struct programs *bpf);

void slow_calls_free(struct slow_calls *slow);

#endif
