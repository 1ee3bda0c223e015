/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * period_calls.h - estimates the times of all calls of a function from those that ended in on-periods.
 *
 * Every call was counted at its entry. A call was timed if it ended in an on-period, however long it took and whenever it began,
 * so the timed calls are a fair sample: the total is their mean times the number of all calls.
 */
#ifndef ANALYSE_STACKS_PERIOD_CALLS_H
#define ANALYSE_STACKS_PERIOD_CALLS_H

#include "collect/facts.h"

/*
 * Fills in the section's calls and times and their standard error, and scales the parts of its wall time, which are of samples,
 * to its total. timed: the counters of the timed calls. Returns false if too few were timed to tell.
 */
bool period_calls_estimate(struct snapshot_section *facts, const struct section_stat *timed);

#endif
