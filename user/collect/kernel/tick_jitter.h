/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * tick_jitter.h - changes the period of ticks at random, so that no loop of a target is in step with them.
 *
 * Ticks of a constant period meet a loop of that period at the same place each time: all samples show the same function. So each
 * CPU's ticks get another period every few ticks, drawn at random and independently of the target. Every moment has the same
 * chance of being sampled, so a sample needs no weight. A tick that charges running time charges all since the one before. Each second draw complements the one before, so that the number of ticks
 * hardly depends on the draws. Some hundred ticks of one period would meet some loops out of proportion: a stated error holds only
 * for ticks that are as good as independent. A change restarts the period, which costs an interrupt and half a tick; the periods are shorter by that.
 */
#ifndef COLLECT_KERNEL_TICK_JITTER_H
#define COLLECT_KERNEL_TICK_JITTER_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct jittered_tick {
	int fd;			/* a perf event, which belongs to its link */
	__u32 drawn;		/* the last random number */
};

struct tick_jitter {
	struct jittered_tick *ticks;
	size_t nr, room;
	int hz;			/* mean frequency */
	double spread;		/* the rate is between 1 - spread and 1 + spread of it, each equally likely */
	__u64 last_ns;		/* of the last change; 0: there was none */
	bool second;		/* the next change complements the last one */
};

/* Adds an event. Returns 0 or -ENOMEM. */
int tick_jitter_add(struct tick_jitter *jitter, int fd, int hz);

/* Draws new periods, if it is time. */
void tick_jitter_poll(struct tick_jitter *jitter);

/* Returns the CLOCK_MONOTONIC ns at which tick_jitter_poll() should be called again; ~0: with the next poll of the session. */
__u64 tick_jitter_due_ns(const struct tick_jitter *jitter);

/* Returns the period in ns for a random number, if periods change every interval_ns. */
__u64 tick_jitter_period_ns(const struct tick_jitter *jitter, __u32 random, __u64 interval_ns);

void tick_jitter_close(struct tick_jitter *jitter);

#endif
