/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* list_targets.h - the running processes that carry markers, or a package for which there is a preset of sections. */
#ifndef COLLECT_LIST_TARGETS_H
#define COLLECT_LIST_TARGETS_H

#include "dcbs/profiler.h"

/* See dcbs_profiler_list(). */
int list_targets(struct dcbs_process **list, size_t *nr);
void list_targets_free(struct dcbs_process *list, size_t nr);

/* See dcbs_profiler_has_package(). A package of Python alone has no mapped file: the command, or samples, may show it. */
int list_targets_has_package(pid_t pid, const struct dcbs_package *package);

#endif
