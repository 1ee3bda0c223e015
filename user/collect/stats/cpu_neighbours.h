/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* cpu_neighbours.h - the processes that ran while a target's thread waited for a CPU. */
#ifndef COLLECT_STATS_CPU_NEIGHBOURS_H
#define COLLECT_STATS_CPU_NEIGHBOURS_H

#include "collect/facts.h"
#include "collect/kernel/programs.h"

/* Copies them to the snapshot, those with the longest waits first. Returns 0 or -ENOMEM. */
int cpu_neighbours_copy(const struct programs *bpf, struct snapshot *snap);

void cpu_neighbours_clear(const struct programs *bpf);

#endif
