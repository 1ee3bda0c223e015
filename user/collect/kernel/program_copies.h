/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* program_copies.h - programs of which copies stand in a section_id where the kernel may preempt them, see bpf/rules/copies.bpf.h. */
#ifndef COLLECT_KERNEL_PROGRAM_COPIES_H
#define COLLECT_KERNEL_PROGRAM_COPIES_H

#include "collect/state.h"

/* Does this kernel preempt trace points' programs? */
bool again_preempted(void);

/* Before the load: which copies this kernel needs. */
void again_choose(struct bpfprof *skel);

/* Attaches a program and its copies. -ENOENT: it was not loaded. */
int again_attach(struct session *session, struct bpf_program *prog);

/* How many events a program and all of its copies were left out for, at most. */
__u64 again_missed(const struct bpfprof *skel, struct bpf_program *prog);

#endif
