/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* wait_cuts.h - waits that were charged to a section, and were outside of it. */
#ifndef ANALYSE_SUMS_WAIT_CUTS_H
#define ANALYSE_SUMS_WAIT_CUTS_H

#include "collect/facts.h"

/*
 * Cuts waits to the time of their section where they may exceed it: they are estimated, because they were observed in on-periods,
 * or some calls of a --section function did not return, so that their waits are known and their durations are not, or calls are as
 * short as their own clock reads. The waits that are cut from self time in the last two cases are stored in cut_off_ns: they were
 * outside of the section. As many of them as the section around has room for become its own; the rest was outside of all.
 */
void cut_wait_estimates(struct snapshot_section **sections, const struct snapshot *snap);

#endif
