/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* publish.h - stores for the BPF programs which process is a target, and where its records, names and interpreter are. */
#ifndef COLLECT_TARGET_PUBLISH_H
#define COLLECT_TARGET_PUBLISH_H

#include "collect/kernel/programs.h"
#include "collect/target/target.h"

/*
 * Finds the number by which the BPF programs will know an opened target. Returns 0, or -errno with an error line: -ESRCH if the
 * process has ended. Closes the target then.
 */
int publish_find_number(const struct programs *bpf, struct target *target);

/* Makes the process a target for the BPF programs, at its index of the map `processes`. */
void publish_process(struct programs *bpf, struct target *target);

/* The BPF programs do not take a process with the target's number for the target any more. */
void publish_end(const struct programs *bpf, const struct target *target);

/*
 * Stores the place of the records and the names so far, once the markers of the target have been found. Adds to
 * *baselines_missed the records for which the map `baselines` has no room.
 */
int publish_markers(struct programs *bpf, const struct target *target, __u64 *baselines_missed);

/* Stores where the locks of the interpreter are, if there is one. A thread that waits for them waits for the GIL. */
void publish_python(struct programs *bpf, const struct target *target);

#endif
