/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * in_flight.h - the calls of each section that are open: the most at once, and their time so far.
 *
 * The profiler looks at the targets' records some times a second and counts the open sections. It reads memory only, so the
 * targets pay nothing. Calls that overlapped between two looks are not seen: the figure is a lower bound.
 */
#ifndef COLLECT_STATS_IN_FLIGHT_H
#define COLLECT_STATS_IN_FLIGHT_H

#include "collect/facts.h"
#include "collect/kernel/programs.h"
#include "collect/samples/seen_nesting.h"
#include "collect/target/target.h"

struct in_flight {
	__u64 due_ns;				/* when to look again */
	__u32 seen[BPFPROF_SECTIONS];		/* scratch: open calls of each section id at this look */
	__u32 most[BPFPROF_SECTIONS];		/* of all looks */
	__u64 looked_ns;			/* time of the last look; 0: none */
	__u64 open_ns[BPFPROF_SECTIONS];	/* time in the window of the calls that were open then, recursion counted once ... */
	__u64 flow_open_ns[BPFPROF_SECTIONS];	/* ... and the part of other flows than their thread's first one */
	struct seen_nesting nesting;		/* of the threads' first flows, if it was asked for */
};

/* To be called at each poll. nesting: notes which section lies in which, too. */
void in_flight_look(struct in_flight *in_flight, const struct programs *bpf, const struct target_list *targets, bool nesting);

/* Adds to a snapshot, to which the open calls have been added. section_index[id]: index of its sections. */
void in_flight_add(const struct in_flight *in_flight, struct snapshot *snap, const __u16 *section_index);

void in_flight_clear(struct in_flight *in_flight);

#endif
