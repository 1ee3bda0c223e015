// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* display.c - measures, shortens, pads and wraps text. */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "base/sanitize.h"
#include "render/text/display.h"

#define ELLIPSIS "\342\200\246"

/*
 * Steps over one character. Returns the number of bytes to write, from *show, and sets its columns. The names of a report are
 * sanitised; a report that was built otherwise may have control characters and broken UTF-8, whose bytes become question marks.
 */
static int next_character(const char **s, int *columns, const char **show)
{
	uint32_t cp;
	int bytes = sanitize_decode(*s, &cp);

	*show = *s;
	*columns = 1;
	if (!bytes || cp < 0x20 || (cp >= 0x7f && cp < 0xa0)) {
		*show = "?";
		*s += bytes ? bytes : 1;
		return 1;
	}
	*s += bytes;
	if (cp > 0x7f && wcwidth((wchar_t)cp) >= 0)	/* -1: newer than the C library's tables, or the locale is not UTF-8 */
		*columns = wcwidth((wchar_t)cp);
	return bytes;
}

int display_width(const char *s)
{
	const char *show;
	int columns, width = 0;

	while (*s) {
		next_character(&s, &columns, &show);
		width += columns;
	}
	return width;
}

/* Writes the characters of s that fit into `columns`. Returns the columns used. */
static int write_fitting(FILE *file, const char *s, int columns)
{
	const char *show;
	int w, bytes, used = 0;

	while (*s) {
		bytes = next_character(&s, &w, &show);
		if (used + w > columns)
			break;
		fwrite(show, 1, bytes, file);
		used += w;
	}
	return used;
}

/* The longest end of s that fits. It does not begin with a combining mark, which belongs to the character before it. */
static const char *tail_of(const char *s, int width, int columns)
{
	const char *before, *show;
	int w;

	while (*s) {
		before = s;
		next_character(&s, &w, &show);
		if (width <= columns && w)
			return before;
		width -= w;
	}
	return s;
}

/* Returns the columns used. */
static int write_shortened(FILE *file, const char *s, int columns)
{
	int width = display_width(s), used;

	if (columns <= 0)
		return 0;
	if (width <= columns)
		return write_fitting(file, s, columns);
	used = write_fitting(file, s, columns / 2);
	fputs(ELLIPSIS, file);
	return used + 1 + write_fitting(file, tail_of(s, width, columns - used - 1), columns - used - 1);
}

void display_short(FILE *file, const char *s, int columns)
{
	write_shortened(file, s, columns);
}

void display_cell(FILE *file, const char *s, int columns, enum display_side side)
{
	int width = display_width(s);

	if (side == DISPLAY_RIGHT && width < columns)
		fprintf(file, "%*s", columns - width, "");
	width = write_shortened(file, s, columns);
	if (side == DISPLAY_LEFT && width < columns)
		fprintf(file, "%*s", columns - width, "");
}

void display_path(FILE *file, const char *s, int columns)
{
	int width = display_width(s);

	if (columns <= 0)
		return;
	if (width > columns) {
		fputs(ELLIPSIS, file);
		s = tail_of(s, width, --columns);
	}
	write_fitting(file, s, columns);
}

/* Returns true if a line may be broken at the space s[at]. A number stays with its unit: "1.00 s". */
static bool breaks_at(const char *s, size_t at)
{
	return !(at && s[at - 1] >= '0' && s[at - 1] <= '9' && s[at] && s[at + 1] && !strchr(" 0123456789", s[at + 1]));
}

static size_t word_length(const char *s)
{
	size_t len = strcspn(s, " ");

	while (s[len] && !breaks_at(s, len))
		len += 1 + strcspn(s + len + 1, " ");
	return len;
}

void display_wrap(FILE *file, const char *s, int columns, int indent, int at)
{
	bool first = true;
	char word[512];		/* a longer word is written in pieces */
	size_t len;
	int width;

	assert(indent >= 0);
	for (s += strspn(s, " "); *s; s += len, s += strspn(s, " ")) {
		len = word_length(s);
		if (len >= sizeof(word))
			len = sizeof(word) - 1;
		memcpy(word, s, len);
		word[len] = 0;
		width = display_width(word);
		if (!first && at + 1 + width > columns) {
			fprintf(file, "\n%*s", indent, "");
			at = indent;
		} else if (!first) {
			fputc(' ', file);
			at++;
		}
		at += write_shortened(file, word, columns > indent ? columns - indent : 1);
		first = false;
	}
	fputc('\n', file);
}
