/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * gpu_probes.h - the probes on the drivers of GPUs. They time calls, which is level 1 of what is known about waits for a GPU: at level 0
 * samples of the stack tell. They count memory, too, which is level 2.
 *
 * A target is probed where it has mapped a driver, which it may do at any time. A target without one has no probe.
 */
#ifndef COLLECT_GPU_GPU_PROBES_H
#define COLLECT_GPU_GPU_PROBES_H

#include "base/target_file.h"
#include "collect/facts.h"
#include "collect/gpu/gpu_links.h"
#include "collect/notes.h"
#include "collect/target/target.h"

/* The probes on one driver in one process. */
struct gpu_probe {
	pid_t pid;
	__u64 dev, ino;
	bool hooked;		/* the process has loaded UCX: calls for memory are left alone */
	struct gpu_links links[DRIVER_GROUPS];	/* those on launches only in a census, see gpu_census.h, for which the next two are kept */
	struct target_mapping map;
	struct driver_functions *functions;
};

struct gpu_probes {
	struct gpu_probe *list;
	size_t nr, room;
	bool stepped;		/* the kernel has to step over the first instruction of some function */
	bool left[DRIVER_GROUPS];	/* they cost too much, and were taken away, or are not wanted */
	bool refused[DRIVER_GROUPS];	/* some driver could not be probed, or not all of its functions */
	size_t attached;	/* drivers that have been probed, by process and file, ... */
	unsigned int libraries;	/* ... and a bit for each enum library_kind of them */
	__u64 untimed_ns;	/* the longest time for which a target may have called a driver before that was probed */
};

#define GPU_CHILD_NS 100000000ULL	/* from a child's birth, or execve(), to the first search: most children end before that */

/* left: no driver is probed. */
void gpu_probes_init(struct gpu_probes *probes, bool left);

/* Looks for drivers in a target, if that is due, and probes them. Notes why one cannot be probed. */
void gpu_probes_look(struct gpu_probes *probes, const struct programs *bpf, struct target *target, struct notes *notes);

/* Returns when after `now` gpu_probes_look() is due for some target, or `next` if that is earlier. */
__u64 gpu_probes_due(const struct gpu_probes *probes, const struct target_list *targets, __u64 now, __u64 next);

/* Returns the number of the kernel's links. */
size_t gpu_probes_links(const struct gpu_probes *probes);

/* The process has ended. */
void gpu_probes_forget(struct gpu_probes *probes, const struct programs *bpf, struct target *target);

/* Takes the probes of a group away for good. */
void gpu_probes_leave(struct gpu_probes *probes, enum driver_group group);

/* Returns true if all are left. */
bool gpu_probes_are_left(const struct gpu_probes *probes);

void gpu_probes_close(struct gpu_probes *probes);

#endif
