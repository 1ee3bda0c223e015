/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* text_lines.h - headings, paragraphs and labelled paragraphs of the report for people. */
#ifndef RENDER_TEXT_TEXT_LINES_H
#define RENDER_TEXT_TEXT_LINES_H

#include <stdbool.h>
#include <stdio.h>

#include "dcbs/profiler.h"
#include "render/section_tree.h"

/* A report that is being written as text. */
struct text {
	FILE *file;
	const struct dcbs_report *report;
	int width;		/* columns; no line is longer, unless whole_names is set */
	bool whole_names;	/* no name is shortened: the reader is a file or a program */
	bool colour, verbose, flat;
	struct section_tree tree;
	const struct dcbs_bottleneck *verdict;	/* that of the answer; NULL: none */
};

/* An empty line and a heading. */
void text_lines_heading(const struct text *t, const char *title);

/* Words, wrapped. */
__attribute__((format(printf, 2, 3)))
void text_lines_paragraph(const struct text *t, const char *fmt, ...);

/* A label of `label_width` columns and wrapped words beside it. */
__attribute__((format(printf, 4, 5)))
void text_lines_beside(const struct text *t, const char *label, int label_width, const char *fmt, ...);

/* The columns for a name that may take `columns`: all that it needs, if names are not shortened. */
int text_lines_room(const struct text *t, const char *name, int columns);

#endif
