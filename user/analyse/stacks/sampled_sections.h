/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* sampled_sections.h - sections that are Python functions without a marker: what samples of the stack tell of them. */
#ifndef ANALYSE_STACKS_SAMPLED_SECTIONS_H
#define ANALYSE_STACKS_SAMPLED_SECTIONS_H

#include "collect/facts.h"

/*
 * Fills the rows of such sections, which the kernel knows nothing of, with their total and self time and their wall
 * ledger. All ticks share out the exact running time of the process, and waits are as long as they were measured; calls and
 * memory stay unknown.
 */
void sampled_sections_estimate(struct snapshot_section **rows, const struct snapshot *snap);

/* Standard deviation of a section's total, in seconds. NAN: it is no such section, its total is exact. */
double sampled_sections_error_s(const struct snapshot *snap, const struct snapshot_section *row);

#endif
