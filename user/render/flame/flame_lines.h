/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* flame_lines.h - the hottest line of a function within a section, as the report's functions have it. */
#ifndef RENDER_FLAME_FLAME_LINES_H
#define RENDER_FLAME_FLAME_LINES_H

#include <stddef.h>

#include "dcbs/profiler.h"

struct flame_lines {
	const struct dcbs_function **functions;	/* those with lines, by section, name, file and line of definition */
	size_t nr;
};

/* Returns 0 or -ENOMEM. */
int flame_lines_open(struct flame_lines *lines, const struct dcbs_report *report);
void flame_lines_close(struct flame_lines *lines);

/* The line of the frame's function with most of the section's time; NULL: it is not known. */
const struct dcbs_line *flame_lines_hottest(const struct flame_lines *lines, const char *section, const struct dcbs_frame *frame);

#endif
