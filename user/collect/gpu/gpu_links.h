/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* gpu_links.h - the kernel's links of the probes on a GPU's driver in a process. */
#ifndef COLLECT_GPU_GPU_LINKS_H
#define COLLECT_GPU_GPU_LINKS_H

#include "collect/gpu/driver_functions.h"
#include "collect/kernel/programs.h"
#include "host/uprobe.h"

struct gpu_links {
	struct uprobe **list;
	size_t nr;
};

/* Probes the functions of a group, at their entries and returns. `fd` is the driver's file. Returns -errno; -ENOENT: there is none. */
int gpu_links_attach(struct gpu_links *links, const struct programs *bpf, pid_t pid, int fd, const struct driver_functions *functions,
		     enum driver_group group);

void gpu_links_close(struct gpu_links *links);

#endif
