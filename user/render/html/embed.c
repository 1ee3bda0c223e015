// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* embed.c - see embed.h. */
#include <stdbool.h>
#include <stdlib.h>

#include "render/html/embed.h"

#define HEX_DIGITS 4	/* behind \u */

struct embed {
	FILE *to;
	bool in_string;
	bool escaped;		/* the last byte was a backslash */
	int digits;		/* hexadecimal digits of an escape that are still to come */
	size_t bytes;		/* of the string so far */
	bool cut;		/* the rest of the string is left out */
};

/* Returns true if a string may end before this byte: it is inside no character and inside no escape. */
static bool begins_character(const struct embed *e, unsigned char byte)
{
	return !e->escaped && !e->digits && (byte & 0xc0) != 0x80;
}

/* Follows the escapes of JSON. Returns true if the byte is the quote that ends the string. */
static bool ends_string(struct embed *e, char byte)
{
	if (e->escaped) {
		e->escaped = false;
		e->digits = byte == 'u' ? HEX_DIGITS : 0;
		return false;
	}
	if (e->digits) {
		e->digits--;
		return false;
	}
	e->escaped = byte == '\\';
	return byte == '"';
}

static void put_in_string(struct embed *e, char byte)
{
	if (!e->cut && e->bytes >= EMBED_MOST_TEXT && begins_character(e, (unsigned char)byte) && byte != '"')
		e->cut = true;
	if (ends_string(e, byte)) {
		fputs(e->cut ? "\342\200\246\"" : "\"", e->to);
		e->in_string = false;
		return;
	}
	e->bytes++;
	if (e->cut)
		return;
	if (byte == '<')
		fputs("\\u003c", e->to);
	else
		putc_unlocked(byte, e->to);
}

static void put_byte(struct embed *e, char byte)
{
	if (e->in_string) {
		put_in_string(e, byte);
		return;
	}
	putc_unlocked(byte, e->to);
	if (byte == '"') {
		e->in_string = true;
		e->bytes = 0;
		e->cut = false;
	}
}

static ssize_t write_embedded(void *cookie, const char *bytes, size_t size)
{
	struct embed *e = cookie;
	size_t i;

	for (i = 0; i < size; i++)
		put_byte(e, bytes[i]);
	return ferror(e->to) ? 0 : (ssize_t)size;	/* by the rules of fopencookie(), 0 is an error */
}

static int close_embedded(void *cookie)
{
	free(cookie);
	return 0;
}

FILE *embed_open(FILE *to)
{
	struct embed *e = calloc(1, sizeof(*e));
	FILE *file;

	if (!e)
		return NULL;
	e->to = to;
	file = fopencookie(e, "w", (cookie_io_functions_t){.write = write_embedded, .close = close_embedded});
	if (!file)
		free(e);
	return file;
}
