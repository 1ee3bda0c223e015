/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* summary.h - one section or cache of the report from its facts, and the summary of the model. */
#ifndef ANALYSE_SUMS_SUMMARY_H
#define ANALYSE_SUMS_SUMMARY_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* Returns true if nothing of it was observed in the window. */
bool summary_is_empty(const struct snapshot_section *facts);

/* Returns true for sections, forward passes and generations; false for caches and kinds that are unknown here. */
bool summary_is_section(const struct snapshot_section *facts);

/* Returns true if its times are the kernel side's own, and not an estimate from samples. */
bool summary_is_timed(const struct snapshot_section *facts);

/* The name as the report shows it. To be freed; NULL: no memory. */
char *summary_name(const struct snapshot_section *facts);

/* Fill the numbers of one section, without its ledgers, and of one cache. Return 0 or -ENOMEM. */
int summary_section(struct dcbs_section *to, const struct snapshot_section *facts);
int summary_cache(struct dcbs_cache_summary *to, const struct snapshot_section *facts);

/* Fills the summary of all forward passes and generations. */
void summary_model(struct dcbs_model_summary *to, const struct snapshot *snap);

/* An unsigned counter of the kernel as a signed number of the report, at most INT64_MAX. */
int64_t summary_count(__u64 n);

/* to + n, at most INT64_MAX: a target may report counts of any size. */
int64_t summary_add_count(int64_t to, __u64 n);

/*
 * Returns true if neither probes nor samples see how long calls of the function take: the probes were reduced, and no stacks are
 * sampled, or its frame is never on the stack, as it is left by a jump.
 */
bool summary_is_unseen(const struct snapshot_section *facts);

/* Sets all times of a section to unknown. */
void summary_forget_times(struct dcbs_section *section);

#endif
