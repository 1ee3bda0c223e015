/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * growth_trend.h - how memory grew as the window went on.
 *
 * A leak grows in the second half of the window as in the first one, and what a target frees when it ends says nothing about its
 * leaks. So the growth of each section is noted from time to time, and the memory of "(outside)" at the last marker or call.
 */
#ifndef COLLECT_STATS_GROWTH_TREND_H
#define COLLECT_STATS_GROWTH_TREND_H

#include "collect/facts.h"
#include "collect/kernel/programs.h"

#define GROWTH_MARKS 32

struct growth_trend {
	__u64 at_ns[GROWTH_MARKS];
	size_t nr;
	__u64 every_ns, due_ns;		/* between marks; it doubles when there is no room for more */
	__u64 events;			/* of markers and of --section functions, at the last look */
	__u64 busy_ns;			/* when that number last changed */
	__s64 outside_bytes;		/* growth outside of sections, at the last look ... */
	__s64 busy_outside_bytes;	/* ... and at the look before the last one at which events had come */
	__s64 (*bytes)[BPFPROF_SECTIONS];	/* growth of each section at each mark; NULL: no memory for it */
};

/* To be called at each poll. */
void growth_trend_look(struct growth_trend *trend, const struct programs *bpf);

/* Adds to a snapshot. section_index[id]: index of its sections. exited: the window ended with the targets. */
void growth_trend_add(const struct growth_trend *trend, const struct programs *bpf, bool exited, struct snapshot *snap,
		      const __u16 *section_index);

/* To be called after all counters of the session were set to 0. */
void growth_trend_clear(struct growth_trend *trend);

#endif
