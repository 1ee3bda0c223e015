/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* markup.h - text in SVG and HTML. */
#ifndef RENDER_MARKUP_H
#define RENDER_MARKUP_H

#include <stdio.h>

/* Writes the text sanitized and escaped, fit for elements and for attributes in quotes. */
void markup_text(FILE *file, const char *s);

#endif
