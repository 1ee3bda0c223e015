/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * off_periods.h - estimates the faults and changes of RSS that went on while their events were disabled.
 *
 * If a burst of faults costs more than --max-overhead allows, faults are observed in on-periods. Each off-period is estimated
 * from the on-period just before it:
 *
 *	faults, bytes grown	those of the on-period, times the ratio of the targets' faults in both periods, all of which
 *	and shrunk		the kernel counts. Faults also get a part of the on-period's faults that were charged to no
 *				section
 *	growth of RSS		the same, corrected by linear regression on the growth of the processes, which is known. An
 *				estimate below four standard errors counts as 0, because the bounds of on-periods fall
 *				anywhere and would make growth out of none. After only a few off-periods, the known growth
 *				is divided in proportion to the bytes grown and shrunk
 *
 * How much these figures may be off follows from how much the on-periods differ. The growth of RSS has no such error, as it is 0 where it
 * may be chance, and all sections together have the growth that is known.
 *
 * The rest of the processes' growth is reported as unexplained. Nothing is known of single calls.
 */
#ifndef COLLECT_OVERHEAD_OFF_PERIODS_H
#define COLLECT_OVERHEAD_OFF_PERIODS_H

#include <linux/types.h>
#include <stddef.h>

#include "collect/facts.h"

struct off_periods;

/* The memory ledgers of all sections: the map `ledgers`, up to `nr` section ids. */
struct ledger_array {
	const struct section_ledger *list;
	size_t nr;
};

struct off_periods *off_periods_new(void);
void off_periods_free(struct off_periods *p);

/*
 * Begin and end an on-period. faults: those of the targets that the kernel has counted since the last of these two calls; NAN:
 * unknown. The first on-period has no off-period before it.
 */
void off_periods_enable(struct off_periods *p, const struct ledger_array *ledgers, double faults, __u64 now);
void off_periods_disable(struct off_periods *p, double faults, __u64 now);

/*
 * Adds the estimates to a snapshot. section_index[id]: index of the snapshot's sections, SNAPSHOT_OUTSIDE for no section.
 * faults: as above, up to `now`.
 */
void off_periods_add(const struct off_periods *p, struct snapshot *snap, const __u16 *section_index, const struct ledger_array *ledgers,
		     double faults, __u64 now);

/* To be called after all counters of the session were set to 0. */
void off_periods_clear(struct off_periods *p, __u64 now);

#endif
