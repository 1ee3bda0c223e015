/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* probe_rules.h - the probes that the keeper of probe_keeper.h may attach at new places. */
#ifndef HOST_PROBE_RULES_H
#define HOST_PROBE_RULES_H

#include <stddef.h>

#include "host/uprobe_place.h"

struct bpf_program;

struct probe_rules {
	const struct bpf_program *marker_program;	/* for new places */
	const pid_t *pids;				/* of the targets */
	size_t nr_pids;
	bool every_process;				/* markers may be probed in all processes: children are followed */
	__u64 capabilities;				/* that the keeper has, one bit each */
	bool (*is_marker)(int fd, __u64 offset, __u64 semaphore);	/* the file has the markers' function there */
	const struct bpf_program *gpu_programs[2];	/* for entries and returns of functions of GPUs' drivers */
	bool (*are_gpu_functions)(int fd, const struct uprobe_places *places);	/* the file has such functions there */
};

#endif
