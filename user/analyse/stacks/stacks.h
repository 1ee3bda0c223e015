/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* stacks.h - whole stacks and their frames, each with its part of the self time of its innermost section. */
#ifndef ANALYSE_STACKS_STACKS_H
#define ANALYSE_STACKS_STACKS_H

#include "analyse/stacks/sample_weights.h"

/* Frames that no target has. The report has them after the snapshot's frames, in this order. */
enum stacks_frame { STACKS_UNKNOWN, STACKS_NOT_SAMPLED, STACKS_MORE, STACKS_FRAMES };

#define STACKS_MOST 20000	/* the largest are kept, so that a saved report stays small enough to be loaded */

/* The report's index of such a frame. */
uint32_t stacks_frame_index(const struct snapshot *snap, enum stacks_frame frame);

/* Fills the report's frames: the snapshot's at the same indexes, then those of enum stacks_frame. Returns 0 or -ENOMEM. */
int stacks_fill_frames(struct dcbs_report *report, const struct snapshot *snap);

/* Fills the report's stacks, section by section. Returns 0 or -ENOMEM. */
int stacks_fill(struct dcbs_report *report, const struct snapshot *snap, const struct weighted_section *sections, size_t nr);

/* Frees the report's frames and stacks. */
void stacks_free(struct dcbs_report *report);

#endif
