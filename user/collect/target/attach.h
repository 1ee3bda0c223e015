/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* attach.h - attaches to the markers of one target, and detaches from them when it calls execve(). */
#ifndef COLLECT_TARGET_ATTACH_H
#define COLLECT_TARGET_ATTACH_H

#include "collect/children/shared_probes.h"
#include "collect/kernel/programs.h"
#include "collect/notes.h"
#include "collect/target/function_probes.h"
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

/*
 * Attaches to a given process that may have loaded the markers by now. A process may have mapped thousands of files, so a search that
 * takes long is not repeated soon.
 */
void attach_search(struct attach_context *ctx, struct target *target, struct notes *notes);

/* The target has called execve(), `execs` times so far: forgets the markers of its previous image. */
void attach_forget_image(struct programs *bpf, struct target *target, __u32 execs);

/*
 * Called after an execve(). Returns true if the target has become a process that the profiler's user may not trace, and marks it
 * as left: nothing of it is read any more.
 */
bool attach_check_right(struct process *process, const struct target *target);

/* Notes that a process was left, for the reader of the report. */
void attach_note_left(const struct target *target, struct notes *notes);

#define ATTACH_TAIL_NS 2000000ULL	/* an ended process may still run that long, to release its memory */

/*
 * Called now and then for a given process that has ended or was left. Once its tail is over the BPF programs forget its PID,
 * which another process may get. One that was left is detached at once. Children are forgotten by children.c.
 */
void attach_forget_ended(const struct programs *bpf, struct target *target, struct function_probes *probes, struct notes *notes);

/* Returns true if attach_forget_ended() is still to forget a target. */
bool attach_some_linger(const struct target_list *targets);

#endif
