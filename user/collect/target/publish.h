/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* publish.h - tells the BPF programs where in a target its records, its names and its interpreter are. */
#ifndef COLLECT_TARGET_PUBLISH_H
#define COLLECT_TARGET_PUBLISH_H

#include "collect/kernel/programs.h"
#include "collect/target/target.h"

/* The markers of the target have been found. *baselines_missed grows by the records for which the map `baselines` has no room. */
int publish_markers(struct programs *bpf, const struct target *target, __u64 *baselines_missed);

/* The locks of the interpreter, if there is one: waiting for them is waiting for the GIL. */
void publish_python(struct programs *bpf, const struct target *target);

#endif
