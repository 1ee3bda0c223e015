/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * time_slices.h - how the figures of each section grew as the window went on.
 *
 * At each mark the profiler notes the counters that it reads from the maps; a slice of time is the difference of two marks. When
 * there is no room for more marks, every second one is dropped, so that the slices get twice as long. The sums over all slices are
 * the section's figures, because differences add up. The targets pay nothing.
 */
#ifndef COLLECT_STATS_TIME_SLICES_H
#define COLLECT_STATS_TIME_SLICES_H

#include "collect/facts.h"
#include "collect/kernel/programs.h"
#include "collect/stats/in_flight.h"

struct time_slices {
	__u64 width_ns, due_ns;		/* of a slice, 0: not begun yet; of the next mark */
	__u64 marked_ns;		/* time of the last mark */
	size_t room;			/* marks for which each series has memory */
	struct snapshot_slices marks;
	struct slice_marks *sections[BPFPROF_SECTIONS];	/* by section id. NULL: no call so far, or no memory */
};

/* To be called at each poll, after in_flight_look(). rss_bytes: RSS of all targets now. */
void time_slices_look(struct time_slices *slices, struct programs *bpf, const struct in_flight *in_flight, __s64 rss_bytes);

/* The width of a slice, or `most` if that is less. */
__u64 time_slices_width_ns(const struct time_slices *slices, __u64 most);

/* Adds to a snapshot, whose totals are complete. section_index[id]: index of its sections. Returns 0 or -ENOMEM. */
int time_slices_add(const struct time_slices *slices, struct snapshot *snap, const __u16 *section_index);

/* To be called after all counters of the session were set to 0. */
void time_slices_clear(struct time_slices *slices);

#endif
