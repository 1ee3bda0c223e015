/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * period_calls.h - the times of all calls of a function, from those that ended in on-periods.
 *
 * Every call was counted at its entry, so the number of calls is exact. collect/overhead/timed_periods.h says which calls were
 * timed and what each stands for.
 */
#ifndef ANALYSE_STACKS_PERIOD_CALLS_H
#define ANALYSE_STACKS_PERIOD_CALLS_H

#include "collect/facts.h"

/*
 * Fills in the section's calls and times and their error, and scales the parts of its wall time, which are of samples, to its
 * total. observed: the counters of the timed calls. Returns false if too few were timed, or in too few on-periods, to tell.
 */
bool period_calls_estimate(struct snapshot_section *facts, const struct section_stat *observed);

#endif
