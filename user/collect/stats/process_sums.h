/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* process_sums.h - RSS of processes, from the map `process_sums`. */
#ifndef COLLECT_STATS_PROCESS_SUMS_H
#define COLLECT_STATS_PROCESS_SUMS_H

#include "collect/children/children_state.h"
#include "collect/kernel/programs.h"
#include "collect/target/target.h"

/*
 * Adds the RSS of one process. The memory ledger is compared with the kernel's exact counters, not with /proc, which rounds
 * them. Memory that a process has at its birth in the window, or releases when it ends (gone), was changed by no section.
 */
void process_sums_add_rss(const struct programs *bpf, const struct target *target, const struct process_sum *sum, bool gone,
			  struct process_rss *rss);

#endif
