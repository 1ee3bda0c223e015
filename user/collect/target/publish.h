/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* publish.h - stores for the BPF programs where the records, names and interpreter of a target are. */
#ifndef COLLECT_TARGET_PUBLISH_H
#define COLLECT_TARGET_PUBLISH_H

#include "collect/kernel/programs.h"
#include "collect/target/target.h"

/*
 * Stores the place of the records and the names so far, once the markers of the target have been found. Adds to
 * *baselines_missed the records for which the map `baselines` has no room.
 */
int publish_markers(struct programs *bpf, const struct target *target, __u64 *baselines_missed);

/* Stores where the locks of the interpreter are, if there is one. A thread that waits for them waits for the GIL. */
void publish_python(struct programs *bpf, const struct target *target);

#endif
