/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * tick_jitter.h - changes the period of the sampling ticks at random, so that no loop of a target is in step with them.
 *
 * Ticks of a constant period meet a loop of that period at the same place each time: all samples show the same function. So each
 * CPU's ticks get another period some times a second, drawn at random and independently of the target. Every moment has the same
 * chance of being sampled, so a sample needs no weight. A change restarts the
 * period, so each change costs an interrupt and saves half a tick.
 */
#ifndef COLLECT_KERNEL_TICK_JITTER_H
#define COLLECT_KERNEL_TICK_JITTER_H

#include <linux/types.h>
#include <stddef.h>

struct tick_jitter {
	int *fds;		/* perf events, which belong to their links */
	size_t nr, room;
	int hz;			/* mean frequency */
	__u64 next_ns;
};

/* Adds an event. Returns 0 or -ENOMEM. */
int tick_jitter_add(struct tick_jitter *jitter, int fd, int hz);

/* Draws new periods, if it is time. */
void tick_jitter_poll(struct tick_jitter *jitter);

void tick_jitter_close(struct tick_jitter *jitter);

#endif
