/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * duty_cycle.h - what is watched part of the time: for a moment, and then not for as long as it takes to come to what it may cost.
 */
#ifndef COLLECT_OVERHEAD_DUTY_CYCLE_H
#define COLLECT_OVERHEAD_DUTY_CYCLE_H

#include "collect/state.h"

enum {
	DUTY_WAITS,	/* threads as they come to their CPUs and leave them */
	DUTY_MEMORY,	/* page faults and changes of RSS */
	DUTY_CALLS,	/* functions of --section */
	DUTIES,
};

struct duty {
	const struct duty_kind *kind;
	__u64 next_ns;		/* when it begins or ceases to be watched; 0: it is all the time */
	__u64 watch_start_ns, rest_start_ns;
	bool resting;
	double spent_ns;	/* since then, by the programs; governor_settle() brings it up to date */
	__u64 begin_ns, end_ns;	/* of looks at threads: as this watch began, and as the last one ended */
};

void duties_init(struct duty *duties);

/* From now on, beginning with a watch; it is watched already. */
void duty_begin(struct session *session, struct duty *duty);

/* If it is time to; may: what it may cost, of one CPU. */
void duty_poll(struct session *session, struct duty *duty, double may);

#endif
