/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* attach.h - attaches to the markers of one target, and detaches from them when it calls execve(). */
#ifndef COLLECT_TARGET_ATTACH_H
#define COLLECT_TARGET_ATTACH_H

#include "collect/children/shared_probes.h"
#include "collect/kernel/programs.h"
#include "collect/target/target.h"

/* Parts of the session that marker_probe_attach() and publish_markers() need. */
struct attach_context {
	struct programs *bpf;
	struct shared_probes *shared;	/* NULL: children are not followed */
	__u64 shared_since_ns;		/* stored by attach_target(): since when the file has been probed */
	__u64 *baselines_missed;	/* see publish_markers() */
};

/* Returns 1 if the target has markers and they are probed now, 0 if it has none yet, or -errno. */
int attach_target(struct attach_context *ctx, struct target *target);

/* The target has called execve(), `execs` times so far: forgets the markers of its previous image. */
void attach_forget_image(struct programs *bpf, struct target *target, __u32 execs);

#endif
