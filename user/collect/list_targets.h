/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* list_targets.h - the running processes that carry markers. */
#ifndef COLLECT_LIST_TARGETS_H
#define COLLECT_LIST_TARGETS_H

#include "dcbs/profiler.h"

/* See dcbs_profiler_list(). */
int list_targets(struct dcbs_process **list, size_t *nr);
void list_targets_free(struct dcbs_process *list, size_t nr);

#endif
