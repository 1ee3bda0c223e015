/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* function_lines.h - the lines of each function within one section, by the time that was spent in them. */
#ifndef ANALYSE_STACKS_FUNCTION_LINES_H
#define ANALYSE_STACKS_FUNCTION_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "dcbs/profiler.h"

#define FUNCTION_LINES_MOST 8	/* of one function */

/* The time of a frame, that is of a function at a line, in the section at hand. */
struct line_tally {
	double s;
	uint64_t samples;
	size_t last_stack;	/* the number of the last stack that was added; 0: none */
};

struct function_lines {
	const struct dcbs_frame *frames;
	size_t nr_frames;
	struct line_tally *tallies;	/* by frame */
	uint32_t *order;		/* frames, those of a function together */
	uint32_t *first;		/* by function, the place of its first frame in `order`; one more at the end */
};

/* of_frame: the number of each frame's function, below nr_functions. Returns 0 or -ENOMEM. */
int function_lines_open(struct function_lines *lines, const struct dcbs_report *report, const uint32_t *of_frame,
			uint32_t nr_functions);

/* Begins a section: forgets what was added. */
void function_lines_clear(struct function_lines *lines);

/* Adds the time of a stack to one of its frames. `stack` numbers the stack: a frame counts once for each. */
void function_lines_add(struct function_lines *lines, uint32_t frame, size_t stack, double s, uint64_t samples);

/* Gives an entry the lines of a function, the one with the most time first. Returns 0 or -ENOMEM. */
int function_lines_fill(const struct function_lines *lines, uint32_t function, struct dcbs_function *to);

void function_lines_close(struct function_lines *lines);

#endif
