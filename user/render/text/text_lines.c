// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text_lines.c - headings, paragraphs and labelled paragraphs of the report for people. */
#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

#include "render/text/display.h"
#include "render/text/text_lines.h"

void text_lines_heading(const struct text *t, const char *title)
{
	fprintf(t->file, t->colour ? "\n\033[1m%s\033[0m\n" : "\n%s\n", title);
}

int text_lines_room(const struct text *t, const char *name, int columns)
{
	int needed = t->whole_names ? display_width(name) : 0;

	return needed > columns ? needed : columns;
}

static void write_wrapped(const struct text *t, const char *label, int label_width, const char *fmt, va_list args)
{
	char *words;

	assert(label_width < t->width);
	if (vasprintf(&words, fmt, args) < 0)
		return;
	if (label_width) {
		display_cell(t->file, label, label_width - 1, DISPLAY_LEFT);
		fputc(' ', t->file);
	}
	display_wrap(t->file, words, t->width, label_width, label_width);
	free(words);
}

void text_lines_paragraph(const struct text *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_wrapped(t, "", 0, fmt, args);
	va_end(args);
}

void text_lines_beside(const struct text *t, const char *label, int label_width, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	write_wrapped(t, label, label_width, fmt, args);
	va_end(args);
}
