/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * off_periods.h - estimates the faults and changes of RSS that went on while their events were disabled.
 *
 * A burst of faults that costs more than --max-overhead allows is observed in on-periods. Each off-period is estimated from the
 * on-period just before it:
 *
 *	faults, bytes grown	as many times more as the kernel counted faults of the targets in the off-period. Faults
 *	and shrunk		are scaled also by the part of an on-period's faults, all of which the kernel counts, that
 *				was charged to no section
 *	growth of RSS		the same, corrected by the growth of the processes, which is known, as far as
 *				the section's goes up and down with it: by linear regression. An estimate below four
 *				standard errors counts as none, because the bounds of on-periods fall anywhere and would
 *				make something of no growth at all. With a few off-periods only, growth is shared out by the
 *				bytes grown and shrunk
 *
 * The rest of the processes' growth is reported as unexplained. Nothing is known of single calls.
 */
#ifndef COLLECT_OVERHEAD_OFF_PERIODS_H
#define COLLECT_OVERHEAD_OFF_PERIODS_H

#include <linux/types.h>
#include <stddef.h>

#include "collect/facts.h"

struct off_periods;

/* Where the memory events of all sections are added up: the map `ledgers`, up to `nr` section ids. */
struct ledger_array {
	const struct section_ledger *list;
	size_t nr;
};

struct off_periods *off_periods_new(void);
void off_periods_free(struct off_periods *p);

/*
 * An on-period begins, and ends. faults: of the targets by the kernel's account since the last of these two calls; NAN:
 * unknown. The first on-period of all has no off-period before it.
 */
void off_periods_enable(struct off_periods *p, const struct ledger_array *ledgers, double faults, __u64 now);
void off_periods_disable(struct off_periods *p, double faults, __u64 now);

/*
 * Adds the estimates to a snapshot. section_index[id]: the snapshot's section of a section id, SNAPSHOT_OUTSIDE: none.
 * faults: as above, up to `now`.
 */
void off_periods_add(const struct off_periods *p, struct snapshot *snap, const __u16 *section_index, const struct ledger_array *ledgers,
		     double faults, __u64 now);

/* All counters of the session have been set to 0. */
void off_periods_clear(struct off_periods *p, __u64 now);

#endif
