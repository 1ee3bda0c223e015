/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* text.h - what the parts of the report for people share. */
#ifndef RENDER_TEXT_TEXT_H
#define RENDER_TEXT_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include "render/render.h"

struct text {
	FILE *file;
	const struct dcbs_report *report;
	int width;
};

/* A label and a paragraph beside it. */
__attribute__((format(printf, 4, 5)))
void text_beside(const struct text *t, const char *label, int label_width, const char *fmt, ...);

/* Sections that the target has, "(outside)" not counted. */
size_t text_sections(const struct dcbs_report *report);

/* The ledgers and functions: nothing where nothing was measured. */
void text_why(const struct text *t);
void text_functions(const struct text *t, enum order_key order);
void text_memory(const struct text *t);

/* Where there are several. */
void text_processes(const struct text *t);

#endif
