/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * stat_maps.h - the maps `stats` and `ledgers`, read in place as far as their section ids are in use.
 *
 * Every mapped page counts as memory of the profiler, whether it holds anything or not. So address space is reserved for the
 * whole maps, and they are mapped there piece by piece.
 */
#ifndef COLLECT_KERNEL_STAT_MAPS_H
#define COLLECT_KERNEL_STAT_MAPS_H

#include "collect/kernel/programs.h"

int stat_maps_open(struct programs *bpf);
void stat_maps_close(struct programs *bpf);

/* Maps the entries of section ids below `nr`, at most BPFPROF_SECTIONS, for reading and writing. */
int stat_maps_reach(struct programs *bpf, size_t nr);

/* The number of section ids in use. */
size_t stat_maps_used(const struct programs *bpf);

/* Sets all counters to 0. Section ids keep their names and kinds. */
void stat_maps_clear(struct programs *bpf);

#endif
