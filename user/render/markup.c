// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* markup.c - see markup.h. */
#include <stdlib.h>

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
