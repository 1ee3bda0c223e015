/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * gaps.h - faults and changes of RSS that nobody watched.
 *
 * A storm of faults that is dearer to watch than --max-overhead allows is watched part of the time. What went on in the
 * gaps between is worked out from what was seen just before each of them:
 *
 *	faults, bytes that came and that went	as many times more as the kernel counted faults of the targets in the gap. Faults
 *						also by how many of a watch, of which the kernel counts all, nobody was charged with
 *	growth of RSS				likewise, corrected by the growth of the processes, which is known, as far as
 *						the section's goes up and down with it: by linear regression. What the bounds of
 *						the watches, which fall anywhere, would make of no growth at all counts as none:
 *						less than four standard errors. With a few gaps only it goes by what came and went
 *
 * What is left of the processes' growth is told as unexplained. Nothing is known of single calls.
 */
#ifndef COLLECT_OVERHEAD_GAPS_H
#define COLLECT_OVERHEAD_GAPS_H

#include <linux/types.h>

#include "collect/state.h"

/* From now on nobody watches, as of now somebody does. The first of all is a watch. */
void gaps_rest(struct session *session);
void gaps_watch(struct session *session);

/* Adds what is missing; section_index[section_id]: the snapshot's section_id of the kernel's one, SNAPSHOT_OUTSIDE: none. */
void gaps_fill(const struct session *session, struct snapshot *snap, const __u16 *section_index);

/* All figures begin anew. */
void gaps_clear(struct session *session);

#endif
