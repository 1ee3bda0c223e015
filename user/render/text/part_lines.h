/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* part_lines.h - the sentences of a part of the report for people, one a line, for other formats that have the same words. */
#ifndef RENDER_TEXT_PART_LINES_H
#define RENDER_TEXT_PART_LINES_H

#include "render/text/text_lines.h"

#define PART_LINES_WIDTH (1 << 24)	/* columns: no line is wrapped */
#define PART_LINES_LABEL 9		/* columns of the labels of the answer */
#define PART_LINES_INDENT 5		/* "  1. ": the lines of a verdict stand below its title */

/* Calls line() for each line of the text, which is changed. */
void part_lines_each(FILE *file, char *text, void (*line)(FILE *file, const char *words));

/* Calls line() for each line that a part of the report writes. Returns 0 or -ENOMEM. */
int part_lines_write(FILE *file, const struct text *t, void (*part)(const struct text *t),
		     void (*line)(FILE *file, const char *words));

/* The columns of a line's label, without the spaces behind it. */
int part_lines_label(const char *words);

/* Returns true for the first line of a verdict, "  1. ...". */
bool part_lines_is_title(const char *words);

#endif
