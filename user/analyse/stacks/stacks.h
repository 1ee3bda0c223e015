/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* stacks.h - whole stacks and their frames, each with the time of its innermost section that it stands for. */
#ifndef ANALYSE_STACKS_STACKS_H
#define ANALYSE_STACKS_STACKS_H

#include "analyse/stacks/sample_weights.h"

/* Frames that stand for what has no place in the snapshot: after its own, in this order. */
enum stacks_frame { STACKS_UNKNOWN, STACKS_NOT_SAMPLED, STACKS_MORE, STACKS_FRAMES };

#define STACKS_MOST 20000	/* the largest; a report with more could not be loaded again */

/* The report's frames: those of the snapshot, at the same places, then those of enum stacks_frame. */
int stacks_fill_frames(struct dcbs_report *report, const struct snapshot *snap);

/* The report's stacks, section by section. */
int stacks_fill(struct dcbs_report *report, const struct snapshot *snap, const struct weighted_section *sections, size_t nr);

void stacks_free(struct dcbs_report *report);

#endif
