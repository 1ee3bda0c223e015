/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* markup.h - text in SVG, HTML and Markdown. */
#ifndef RENDER_MARKUP_H
#define RENDER_MARKUP_H

#include <stdio.h>

/* Writes the text sanitized and escaped, fit for elements and for attributes in quotes. */
void markup_text(FILE *file, const char *s);

/*
 * Writes the text sanitized and escaped for Markdown: it becomes no markup, no link, no mention of a user or of an issue, and does not
 * end a cell of a table.
 */
void markup_markdown(FILE *file, const char *s);

#endif
