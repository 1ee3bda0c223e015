/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * shared_probes.h - the marker's probe in every process that has mapped a file, for --children.
 *
 * A probe has to be attached before a child calls execve() to time the child's sections from the first one on. In a process that
 * is no target the program returns at once.
 */
#ifndef COLLECT_CHILDREN_SHARED_PROBES_H
#define COLLECT_CHILDREN_SHARED_PROBES_H

#include "collect/kernel/programs.h"
#include "collect/target/marker_object.h"
#include "host/uprobe.h"

#define SHARED_PROBES_MAX 32	/* copies of the marker library, by file */

struct shared_probe {
	__u64 ino, since_ns;
	dev_t dev;
	struct uprobe *link;
};

struct shared_probes {
	struct shared_probe list[SHARED_PROBES_MAX];
	size_t nr;
};

/* Probes the marker's file, unless it is probed already. Stores since when it has been probed. Returns 0, or -errno. */
int shared_probes_attach(struct shared_probes *probes, const struct programs *bpf, const struct marker *marker,
			 const struct uprobe_place *place, __u64 *since_ns);

void shared_probes_close(struct shared_probes *probes);

#endif
