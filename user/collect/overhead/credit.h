/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * credit.h - what an event source may cost at once.
 *
 * A source that costs a hundred times the budget must not go on until a slow look at averages finds out. So its budget is kept
 * as an account: it fills with time, holds at most what the budget allows for a second, and is full at first. The source is over
 * budget when the account is empty. The account is looked at the sooner the faster it gets empty.
 */
#ifndef COLLECT_OVERHEAD_CREDIT_H
#define COLLECT_OVERHEAD_CREDIT_H

#include <linux/types.h>
#include <stdbool.h>

struct credit {
	double saved_ns;	/* cost that the source may have at once */
	double spent_ns;	/* cost of the source up to the last look */
	double rate;		/* cost for each ns between the last two looks */
	__u64 looked_ns;	/* CLOCK_MONOTONIC, as the next one */
	__u64 next_ns;		/* when it is to be looked at again */
};

/* share: of one CPU, that the source may cost. spent_ns: what it has cost so far. */
void credit_begin(struct credit *credit, double share, double spent_ns, __u64 now);

/* Returns true if the source has cost more than it may. */
bool credit_look(struct credit *credit, double share, double spent_ns, __u64 now);

#endif
