/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* processes.h - the time of each process in sections, and how far the processes differ in one section. */
#ifndef ANALYSE_PROCESSES_H
#define ANALYSE_PROCESSES_H

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* Compares the processes' mean calls of snap->sections[section]. */
void processes_skew(struct dcbs_skew *to, const struct snapshot *snap, size_t section);

/* Fills the calls and the time in sections of snap->targets[target]. */
void processes_fill_target(struct dcbs_target *to, const struct snapshot *snap, size_t target);

#endif
