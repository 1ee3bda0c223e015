/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * gpu_probes.h - the probes that time calls of the drivers of GPUs: level 1 of what is known about waits for a GPU. At level 0 samples
 * of the stack tell.
 *
 * A target is probed where it has mapped a driver, which it may do at any time. A target without one has no probe.
 */
#ifndef COLLECT_GPU_GPU_PROBES_H
#define COLLECT_GPU_GPU_PROBES_H

#include "collect/facts.h"
#include "collect/gpu/driver_functions.h"
#include "collect/kernel/programs.h"
#include "collect/notes.h"
#include "collect/target/target.h"
#include "host/uprobe.h"

/* The probes on one driver in one process. */
struct gpu_probe {
	pid_t pid;
	__u64 dev, ino;
	struct uprobe **links;
	size_t nr_links;
};

struct gpu_probes {
	struct gpu_probe *list;
	size_t nr, room;
	bool stepped;		/* the kernel has to step over the first instruction of some function */
	bool left;		/* they cost too much, and were taken away */
	bool refused;		/* some driver could not be probed, or not all of its functions */
	size_t attached;	/* drivers that have been probed, by process and file, ... */
	unsigned int libraries;	/* ... and a bit for each enum library_kind of them */
	__u64 untimed_ns;	/* the longest time for which a target may have called a driver before that was probed */
};

#define GPU_CHILD_NS 100000000ULL	/* from a child's birth, or execve(), to the first search: most children end before that */

/* Looks for drivers in a target, if that is due, and probes them. Notes why one cannot be probed. */
void gpu_probes_look(struct gpu_probes *probes, const struct programs *bpf, struct target *target, struct notes *notes);

/* Returns when after `now` gpu_probes_look() is due for some target, or `next` if that is earlier. */
__u64 gpu_probes_due(const struct gpu_probes *probes, const struct target_list *targets, __u64 now, __u64 next);

/* Returns the number of the kernel's links. */
size_t gpu_probes_links(const struct gpu_probes *probes);

/* The process has ended. */
void gpu_probes_forget(struct gpu_probes *probes, struct target *target);

/* Takes all probes away for good. */
void gpu_probes_leave(struct gpu_probes *probes);

/* Adds the times and counts of calls to a snapshot whose sections are there. section_index[id]: index of its sections. */
void gpu_probes_copy(const struct gpu_probes *probes, const struct programs *bpf, struct snapshot *snap, const __u16 *section_index);

/* Adds calls that are open now. */
void gpu_probes_add_open(struct snapshot *snap, const struct thread_view *views, size_t nr_views, const __u16 *section_index);

/* Sets all times and counts to 0. */
void gpu_probes_clear(const struct gpu_probes *probes, const struct programs *bpf);

void gpu_probes_close(struct gpu_probes *probes);

#endif
