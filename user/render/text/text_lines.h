/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* text_lines.h - headings, paragraphs and labelled paragraphs of the report for people. */
#ifndef RENDER_TEXT_TEXT_LINES_H
#define RENDER_TEXT_TEXT_LINES_H

#include <stdio.h>

#include "dcbs/profiler.h"

/* A report that is being written as text. */
struct text {
	FILE *file;
	const struct dcbs_report *report;
	int width;		/* columns; no line is longer */
};

/* An empty line and a heading. */
void text_lines_heading(const struct text *t, const char *title);

/* Words, wrapped. */
__attribute__((format(printf, 2, 3)))
void text_lines_paragraph(const struct text *t, const char *fmt, ...);

/* A label of `label_width` columns and wrapped words beside it. */
__attribute__((format(printf, 4, 5)))
void text_lines_beside(const struct text *t, const char *label, int label_width, const char *fmt, ...);

#endif
