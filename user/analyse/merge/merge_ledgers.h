/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* merge_ledgers.h - the ledgers of a section in two sessions as one: time by cause, GPU, memory. */
#ifndef ANALYSE_MERGE_MERGE_LEDGERS_H
#define ANALYSE_MERGE_MERGE_LEDGERS_H

#include "dcbs/profiler.h"

void merge_wall_add(struct dcbs_wall *to, const struct dcbs_wall *more);
void merge_gpu_add(struct dcbs_gpu *to, const struct dcbs_gpu *more);
void merge_gpu_calls_add(struct dcbs_gpu_calls *to, const struct dcbs_gpu_calls *more);
void merge_memory_add(struct dcbs_memory *to, const struct dcbs_memory *more);

/* Returns 0 or -ENOMEM. */
int merge_spread_add(struct dcbs_spread *to, const struct dcbs_spread *more);

/* Called when all sessions were added: rates and percentiles. */
void merge_gpu_calls_finish(struct dcbs_gpu_calls *calls, const struct dcbs_gpu *gpu);
void merge_spread_finish(struct dcbs_spread *s);

#endif
