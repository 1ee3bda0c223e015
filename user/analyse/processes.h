/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* processes.h - what each of several processes has of the sections, and how far they are apart. */
#ifndef ANALYSE_PROCESSES_H
#define ANALYSE_PROCESSES_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* Of snap->sections[row]. */
void processes_skew(struct dcbs_skew *to, const struct snapshot *snap, size_t row);

/* Of snap->targets[target], all sections together. */
void processes_fill_target(struct dcbs_target *to, const struct snapshot *snap, size_t target);

#endif
