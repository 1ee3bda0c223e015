// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* markup.c - see markup.h. */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/sanitize.h"
#include "render/markup.h"

#define TEXT_BYTES 65536

static void write_escaped(FILE *file, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '&': fputs("&amp;", file); break;
		case '<': fputs("&lt;", file); break;
		case '>': fputs("&gt;", file); break;
		case '"': fputs("&quot;", file); break;
		case '\'': fputs("&#39;", file); break;
		default: putc_unlocked(*s, file);
		}
}

void markup_text(FILE *file, const char *s)
{
	char *clean = sanitize(s, TEXT_BYTES);

	write_escaped(file, clean ? clean : "?");
	free(clean);
}

/*
 * Web sites make links of http:// and www. and of @name and #1, also where these are escaped. They look for them within one piece of
 * text, which ends at an empty comment.
 */
static bool begins_link(const char *s)
{
	return *s == '@' || *s == '#' || !strncmp(s, "://", 3) || !strncasecmp(s, "www.", 4);
}

static void write_markdown(FILE *file, const char *s)
{
	for (; *s; s++) {
		bool link = begins_link(s);

		if (*s == '<')
			fputs("&lt;", file);
		else if (*s == '&')
			fputs("&amp;", file);
		else if (ispunct((unsigned char)*s) && !strchr("%.,:;()/+-=> @", *s))
			fprintf(file, "\\%c", *s);
		else
			putc_unlocked(*s, file);
		fputs(link ? "<!-- -->" : "", file);
	}
}

void markup_markdown(FILE *file, const char *s)
{
	char *clean = sanitize(s, TEXT_BYTES);

	write_markdown(file, clean ? clean : "?");
	free(clean);
}
