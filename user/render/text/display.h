/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * display.h - text measured in columns of a terminal: padded, shortened, wrapped.
 *
 * A character takes no, one or two columns. Call these functions between utf8_locale_begin() and utf8_locale_end().
 */
#ifndef RENDER_TEXT_DISPLAY_H
#define RENDER_TEXT_DISPLAY_H

#include <stdio.h>

#include "render/utf8_locale.h"

/* Returns the number of columns that s takes. */
int display_width(const char *s);

enum display_side { DISPLAY_LEFT, DISPLAY_RIGHT };

/* Writes exactly `columns` columns: s padded with spaces, or shortened in its middle to "begin...end" with one ellipsis. */
void display_cell(FILE *file, const char *s, int columns, enum display_side side);

/* Writes at most `columns` columns, shortened in the middle. */
void display_short(FILE *file, const char *s, int columns);

/* Writes at most `columns` columns of a path, which loses its beginning if it is too long. */
void display_path(FILE *file, const char *s, int columns);

/* Writes the words of s in lines of `columns` columns: the first begins at column `at`, the others with `indent` spaces. */
void display_wrap(FILE *file, const char *s, int columns, int indent, int at);

#endif
