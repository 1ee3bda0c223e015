/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* gpu_figures.h - the times and counts of calls of the drivers of GPUs, from the maps of BPF to a snapshot. */
#ifndef COLLECT_GPU_GPU_FIGURES_H
#define COLLECT_GPU_GPU_FIGURES_H

#include "collect/gpu/gpu_probes.h"

/* Adds them to a snapshot whose sections are there. section_index[id]: index of its sections. */
void gpu_figures_copy(const struct gpu_probes *probes, const struct programs *bpf, struct snapshot *snap, const __u16 *section_index);

/* Adds calls that are open now. */
void gpu_figures_add_open(struct snapshot *snap, const struct thread_view *views, size_t nr_views, const __u16 *section_index);

/* Sets all times and counts to 0. */
void gpu_figures_clear(const struct gpu_probes *probes, const struct programs *bpf);

#endif
