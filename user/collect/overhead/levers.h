/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * levers.h - carries out what the governor decides, and says so in overhead.reduced of the report.
 *
 * Over budget, fewer stacks are sampled; faults, waits and the functions of --section are observed in on-periods, and
 * functions that are called too often are known from samples alone; sections are flushed less often; and if the markers and the
 * ticks that serve them still cost too much, the run ends.
 */
#ifndef COLLECT_OVERHEAD_LEVERS_H
#define COLLECT_OVERHEAD_LEVERS_H

#include "collect/state.h"

void levers_open(struct session *session);

/* Runs the duty cycles and the governor, if it is time to. Returns false if the run is to end: even the markers cost too much. */
bool levers_poll(struct session *session);

/* The CLOCK_MONOTONIC ns at which levers_poll() has something to do. */
__u64 levers_due(const struct session *session);

/* Returns true if waits are observed in on-periods: sums of them are estimates. */
bool levers_waits_are_estimated(const struct session *session);

/* All counters of the session have been set to 0. */
void levers_clear(struct session *session);

/* Adds the memory events of off-periods to a snapshot. */
void levers_add_estimates(const struct session *session, struct snapshot *snap, const __u16 *section_index);

void levers_close(struct session *session);

#endif
