/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * levers.h - carries out the decisions of the governor, and reports them in overhead.reduced.
 *
 * Over budget, fewer stacks are sampled. Faults, waits and the functions of --section are observed in on-periods. Functions that
 * are called too often are measured by samples alone. Sections are flushed less often. If the markers and the ticks that serve
 * them still cost too much, the run ends.
 */
#ifndef COLLECT_OVERHEAD_LEVERS_H
#define COLLECT_OVERHEAD_LEVERS_H

#include "collect/state.h"

void levers_open(struct session *session);

/* Runs the duty cycles and the governor when they are due. Returns false if the run is to end: the markers cost too much. */
bool levers_poll(struct session *session);

/* The CLOCK_MONOTONIC ns at which levers_poll() is due next. */
__u64 levers_due(const struct session *session);

/* Returns true if waits are observed in on-periods: sums of them are estimates. */
bool levers_waits_are_estimated(const struct session *session);

/* To be called after all counters of the session were set to 0. */
void levers_clear(struct session *session);

/* Adds estimates of what went on in off-periods to a snapshot. Returns -ENOMEM. */
int levers_add_estimates(const struct session *session, struct snapshot *snap, const __u16 *section_index);

void levers_close(struct session *session);

#endif
