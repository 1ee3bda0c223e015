/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* entries.h - entries of the map `processes` that children take and release. */
#ifndef COLLECT_CHILDREN_ENTRIES_H
#define COLLECT_CHILDREN_ENTRIES_H

#include <assert.h>

#include "collect/kernel/programs.h"
#include "collect/target/target.h"

/* Makes an entry free for the next child. Returns 0, or -errno. */
int entries_release(const struct programs *bpf, __u32 index);

/* Extends the list of targets up to that entry. */
static inline void entries_cover(struct target_list *targets, __u32 index)
{
	assert(index < BPFPROF_FOLLOWED);
	if (index >= targets->nr)
		targets->nr = index + 1;
}

#endif
