/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* display.h - text in columns of a terminal: what takes two columns, what none, what must be shortened. */
#ifndef RENDER_TEXT_DISPLAY_H
#define RENDER_TEXT_DISPLAY_H

#include <locale.h>
#include <stdio.h>

/*
 * Between these, the thread's locale is C.UTF-8: names are UTF-8 and figures are written with a full stop
 * whatever the environment says, so that a report is the same everywhere.
 */
locale_t utf8_locale_begin(void);
void utf8_locale_end(locale_t before);

/* Columns that s takes. */
int display_width(const char *s);

enum display_side { DISPLAY_LEFT, DISPLAY_RIGHT };

/* Exactly that many columns: filled with spaces, or shortened in the middle to "begin...end" with one ellipsis. */
void display_cell(FILE *file, const char *s, int columns, enum display_side side);

/* At most that many columns, shortened likewise. */
void display_short(FILE *file, const char *s, int columns);

/* At most that many columns, of a path: what is too long loses its beginning. */
void display_path(FILE *file, const char *s, int columns);

/* Words of s in lines of that many columns: the first begins at column `at`, the others with `indent` spaces. */
void display_wrap(FILE *file, const char *s, int columns, int indent, int at);

#endif
