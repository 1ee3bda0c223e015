/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* program_copies.h - programs that are attached several times where the kernel may preempt them, see bpf/rules/copies.bpf.h. */
#ifndef COLLECT_KERNEL_PROGRAM_COPIES_H
#define COLLECT_KERNEL_PROGRAM_COPIES_H

#include "collect/kernel/links.h"
#include "collect/kernel/programs.h"

/* Returns true if this kernel preempts the programs of trace points. */
bool program_copies_needed(void);

/* Chooses the copies that this kernel needs. To be called before the load. */
void program_copies_choose(struct bpfprof *skel);

/* Attaches a program and its copies. Returns 0, or -errno; -ENOENT: the program was not loaded. */
int program_copies_attach(const struct bpfprof *skel, struct bpf_program *prog, struct links *links);

/* The number of events, at most, for which a program and all of its copies were left out. */
__u64 program_copies_missed(const struct bpfprof *skel, struct bpf_program *prog);

#endif
