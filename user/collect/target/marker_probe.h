/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* marker_probe.h - the probe on a target's marker function, and the probe that makes the markers flush less often. */
#ifndef COLLECT_TARGET_MARKER_PROBE_H
#define COLLECT_TARGET_MARKER_PROBE_H

#include "collect/children/shared_probes.h"
#include "collect/kernel/programs.h"
#include "collect/target/target.h"

/*
 * Probes the marker function. If `shared` is not NULL, the probe is put into every process that has mapped the file, and
 * *since_ns is when that was done; else it is put into the target alone.
 */
int marker_probe_attach(struct target *target, const struct programs *bpf, const struct marker *marker,
			struct shared_probes *shared, __u64 *since_ns);

/* Makes the targets flush less often. Returns false if no target can, or all do already. */
bool marker_probe_flush_less(struct target_list *targets, const struct programs *bpf);

#endif
