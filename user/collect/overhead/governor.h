/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * governor.h - keeps what profiling costs the target within --max-overhead.
 *
 * Cost is the time in our BPF programs, by the kernel's own measure of a run, and the traps, by ours of one at start. It
 * is looked at some times a second. Over budget, what costs most is turned down: fewer samples; faults, waits and
 * the functions of --section watched part of the time, the short ones of those told from samples alone; sections handed over
 * less often; and if the markers, and the ticks that see to them, are too much even so, the run ends. Each step is a line
 * of overhead.reduced.
 */
#ifndef COLLECT_OVERHEAD_GOVERNOR_H
#define COLLECT_OVERHEAD_GOVERNOR_H

#include <stdbool.h>
#include <linux/types.h>

struct session;

int governor_open(struct session *session);

/* Looks, if it is time to. False: even the markers cost more than is allowed, the run is to end. */
bool governor_poll(struct session *session);

/* CLOCK_MONOTONIC ns at which it wants to be polled again. */
__u64 governor_next(const struct session *session);

/* Adds what has been spent up to now to the duties. */
void governor_settle(struct session *session);

/* Waits are watched part of the time: what they come to is an estimate. */
bool governor_waits_rest(const struct session *session);

void governor_close(struct session *session);

#endif
