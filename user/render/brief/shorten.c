// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* shorten.c - see shorten.h. */
#include <stdlib.h>
#include <string.h>

#include "render/brief/shorten.h"

#define ELLIPSIS "\342\200\246"

char *shorten(const char *s, size_t most)
{
	size_t len = strnlen(s, most + 1);
	char *to = malloc(most + 1);

	if (!to)
		return NULL;
	if (len <= most) {
		memcpy(to, s, len);
		to[len] = 0;
		return to;
	}
	len = most - strlen(ELLIPSIS);
	while (len && (s[len] & 0xc0) == 0x80)	/* inside a character */
		len--;
	memcpy(to, s, len);
	strcpy(to + len, ELLIPSIS);
	return to;
}
