/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* summary.h - the answers about one row each, and about the model. */
#ifndef ANALYSE_SUMS_SUMMARY_H
#define ANALYSE_SUMS_SUMMARY_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* Was anything seen of it in the window? */
bool summary_is_empty(const struct snapshot_section *row);

bool summary_is_section(const struct snapshot_section *row);

/* As it is shown; to be freed. NULL: no memory. */
char *summary_name(const struct snapshot_section *row);

int summary_section(struct dcbs_section *to, const struct snapshot_section *row);
int summary_cache(struct dcbs_cache_summary *to, const struct snapshot_section *row);
void summary_model(struct dcbs_model_summary *to, const struct snapshot *snap);

/* Counters are unsigned in the kernel, signed in the report. */
int64_t summary_count(__u64 n);

/* A sum of them, at most INT64_MAX: what a target counts may be as large as it likes. */
int64_t summary_add_count(int64_t to, __u64 n);

#endif
