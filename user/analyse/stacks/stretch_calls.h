/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* stretch_calls.h - the times of functions that samples cannot see, from calls that were timed in one stretch of the window. */
#ifndef ANALYSE_STACKS_STRETCH_CALLS_H
#define ANALYSE_STACKS_STRETCH_CALLS_H

#include "collect/facts.h"

/*
 * If samples miss the function, the timed calls stand for all. They are of one stretch of the window, so the error is large. facts
 * has the total and its error by the samples. timed: the counters of the timed calls. Returns true if they do stand for all, or if
 * nothing tells the total: then facts->has_no_time is set.
 */
bool stretch_calls_hold_against(struct snapshot_section *facts, const struct section_stat *timed, const struct snapshot *snap);

#endif
