/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * duty_cycle.h - an event source that is enabled part of the time, so that it costs no more than it may.
 *
 * On-periods and off-periods alternate. An on-period begins and ends with a visit to the targets' threads, which costs, too. So
 * it lasts at least ten times as long as both visits. The off-period that follows lasts until the cost of both periods is down
 * to the allowed share. Both vary by a quarter, so that they do not keep step with the target.
 */
#ifndef COLLECT_OVERHEAD_DUTY_CYCLE_H
#define COLLECT_OVERHEAD_DUTY_CYCLE_H

#include <linux/types.h>
#include <stdbool.h>

/* How one event source is enabled and disabled. ctx is the caller's. */
struct duty_cycle_ops {
	__u64 on_ns;				/* the shortest on-period */
	__u64 (*now_ns)(void);
	void (*settle)(void *ctx);		/* brings duty_cycle.spent_ns up to date */
	__u64 (*visits_ns)(const void *ctx);	/* CPU time of visits to threads so far */
	void (*weigh)(void *ctx, double weight);	/* each event of the next on-period stands for that many; may be NULL */
	void (*enable)(void *ctx);
	void (*extend)(void *ctx);		/* the on-period was cheap and is extended; may be NULL */
	void (*disable)(void *ctx);
};

#define DUTY_SHARE 0.3		/* part of the budget that one duty cycle may cost */

struct duty_cycle {
	const struct duty_cycle_ops *ops;
	void *ctx;
	__u64 next_ns;			/* when the period at hand ends; 0: the source is enabled all the time */
	__u64 on_start_ns, off_start_ns;
	bool off;			/* the period at hand is an off-period */
	double spent_ns;		/* cost of the source's programs since the on-period began */
	__u64 enable_ns, disable_ns;	/* cost of the visits when this on-period began, and when the last one ended */
};

void duty_cycle_init(struct duty_cycle *duty, const struct duty_cycle_ops *ops, void *ctx);

/* Starts the alternation with an on-period; the source is enabled already. */
void duty_cycle_start(struct duty_cycle *duty);

/* Likewise, but as if an on-period ended now in which the source cost `rate` for each ns. */
void duty_cycle_start_off(struct duty_cycle *duty, double rate, double allowed);

/* Returns true if the source is enabled part of the time only. */
bool duty_cycle_is_started(const struct duty_cycle *duty);

/* Ends the period at hand if it is due. allowed: the share of one CPU that the source may cost. */
void duty_cycle_poll(struct duty_cycle *duty, double allowed);

#endif
