/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* loop_figures.h - copies the figures of event loops from the map of the BPF programs. */
#ifndef COLLECT_STATS_LOOP_FIGURES_H
#define COLLECT_STATS_LOOP_FIGURES_H

#include "collect/facts.h"
#include "collect/kernel/programs.h"

/* Adds those with time in the window to a snapshot. Returns 0 or -ENOMEM. */
int loop_figures_copy(const struct programs *bpf, struct snapshot *snap);

/* Sets the figures to 0. The threads keep their entries. */
void loop_figures_clear(const struct programs *bpf);

#endif
