/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * programs.h - the loaded BPF programs, and those of their maps that the profiler reads in place.
 *
 * Every mapped page of the maps of section stats counts as memory of the profiler, so stat_maps.h maps only the part that is in
 * use.
 */
#ifndef COLLECT_KERNEL_PROGRAMS_H
#define COLLECT_KERNEL_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <bpf/libbpf.h>

#include "bpfprof/abi.h"
#include "dcbs/profiler.h"

#include "bpfprof.skel.h"	/* needs the types of bpfprof/abi.h before it */

struct mapped_map {
	void *at;		/* address space for the whole map */
	size_t bytes, mapped;	/* size of the map, and the part of it that is mapped so far */
	int fd;
};

struct programs {
	struct bpfprof *skel;
	struct process *processes;		/* the map `processes` */
	struct section_stat *stats;		/* the map `stats`, up to stat_maps_reach() */
	struct section_ledger *ledgers;		/* the map `ledgers`, up to the same id */
	struct mapped_map stats_map, ledgers_map;
	bool probe_functions;			/* some --section is a native function */
};

/* Programs for which a kernel may have no event. */
struct program_choice {
	bool fentry;	/* programs on the kernel's own functions */
	bool memory;	/* programs on changes of RSS */
	bool waking;	/* programs on wake-ups */
};

/* Loads all programs that this kernel accepts. nr_targets: the number of processes that will be given by PID. */
int programs_load(struct programs *bpf, const struct dcbs_options *opts, size_t nr_targets);
void programs_unload(struct programs *bpf);

/* Between open and load: sets the constants of the programs and chooses which of them are loaded. */
void programs_configure(struct programs *bpf, const struct dcbs_options *opts, size_t nr_targets,
			const struct program_choice *choice);

/* Kernel memory in bytes: of all maps, which is the same from start to end; and of each thread of a target in addition. */
__u64 programs_map_bytes(const struct programs *bpf);
__u64 programs_thread_bytes(const struct programs *bpf);

#endif
