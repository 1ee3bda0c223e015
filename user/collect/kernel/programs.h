/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * programs.h - the loaded BPF programs, and those of their maps that the profiler reads in place.
 *
 * The maps of section stats count as memory of ours as far as they are mapped, so stat_maps.h maps only the part
 * that is in use.
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
	void *at;		/* address space for all of the map */
	size_t bytes, mapped;	/* size of the map, and how much of it is mapped so far */
	int fd;
};

struct programs {
	struct bpfprof *skel;
	struct process *processes;		/* the map `processes` */
	struct section_stat *stats;		/* the map `stats`, up to stat_maps_reach() */
	struct section_ledger *ledgers;		/* the map `ledgers`, likewise */
	struct mapped_map stats_map, ledgers_map;
	bool probe_functions;			/* some --section is a native function */
};

/* Programs that a kernel may have no place for. */
struct program_choice {
	bool fentry;	/* programs on the kernel's own functions */
	bool memory;	/* programs on changes of RSS */
	bool waking;	/* programs on wake-ups */
};

/* Loads all programs that this kernel takes; `nr_targets` is the number of processes that will be given. */
int programs_load(struct programs *bpf, const struct dcbs_options *opts, size_t nr_targets);
void programs_unload(struct programs *bpf);

/* Between open and load: sets the constants of the programs and chooses which of them are loaded. */
void programs_configure(struct programs *bpf, const struct dcbs_options *opts, size_t nr_targets, const struct program_choice *choice);

/* Kernel memory that all maps take, in bytes, the same from start to end; and what each thread of a target adds. */
__u64 programs_map_bytes(const struct programs *bpf);
__u64 programs_thread_bytes(const struct programs *bpf);

#endif
