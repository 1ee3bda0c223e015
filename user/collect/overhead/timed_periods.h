/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * timed_periods.h - estimates the times of all calls of functions whose calls are timed in on-periods.
 *
 * Every call is counted at its entry. A call is timed if it ends in an on-period, however long it takes and whenever it began.
 * Each on-period stands for its own calls, for half of those of the off-period before it, and for half of those of the
 * off-period after it. So a stretch in which calls took longer than usual counts by its calls, not by how often it was observed.
 *
 * Calls of one on-period resemble each other, because the machine and the data change slowly. So the error comes from how the
 * mean of one on-period differs from that of the next.
 */
#ifndef COLLECT_OVERHEAD_TIMED_PERIODS_H
#define COLLECT_OVERHEAD_TIMED_PERIODS_H

#include "collect/facts.h"

struct timed_periods;

/* The functions are those with the given section ids, which may repeat. Their calls have been timed so far: an on-period. */
struct timed_periods *timed_periods_new(const __u32 *section_ids, size_t nr);
void timed_periods_free(struct timed_periods *p);

/* End and begin an on-period. stats: of all sections, by section id. */
void timed_periods_disable(struct timed_periods *p, const struct section_stat *stats);
void timed_periods_enable(struct timed_periods *p, const struct section_stat *stats);

/* Adds the estimates so far to a snapshot. section_index[id]: index of the snapshot's sections. Returns -ENOMEM. */
int timed_periods_add(const struct timed_periods *p, struct snapshot *snap, const __u16 *section_index, const struct section_stat *stats);

/* To be called after all counters of the session were set to 0. */
void timed_periods_clear(struct timed_periods *p);

#endif
