// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sanitize.c - which characters are safe, and the escaping of all others. */
#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sanitize.h"

#define ESCAPED_BYTES 4		/* of \xNN, for one raw byte */

static int sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2)	/* a continuation byte, or the first byte of an overlong form */
		return 0;
	return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
}

int sanitize_decode(const char *s, uint32_t *cp)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};	/* by length; smaller ones are overlong */
	const unsigned char *u = (const unsigned char *)s;
	int i, len = sequence_length(u[0]);

	if (!u[0] || !len)
		return 0;
	*cp = len == 1 ? u[0] : u[0] & (0x7fU >> len);
	for (i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		*cp = *cp << 6 | (u[i] & 0x3f);
	}
	if (*cp < least[len] || *cp > 0x10ffff || (*cp >= 0xd800 && *cp < 0xe000))
		return 0;
	return len;
}

static bool is_safe(uint32_t cp)
{
	if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
		return false;
	if (cp == 0x61c || cp == 0x200e || cp == 0x200f)
		return false;
	if ((cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x206f))
		return false;
	return (cp & 0xfffe) != 0xfffe && !(cp >= 0xfdd0 && cp <= 0xfdef) && !(cp >= 0xfff9 && cp <= 0xfffb) &&
	       !(cp >= 0xe0000 && cp <= 0xe007f);	/* tag characters */
}

static char *escape_bytes(char *to, const char *from, int bytes)
{
	int i;

	for (i = 0; i < bytes; i++)
		to += snprintf(to, ESCAPED_BYTES + 1, "\\x%02X", (unsigned char)from[i]);
	return to;
}

char *sanitize(const char *raw, size_t max)
{
	size_t len = strnlen(raw, max);
	char *copy = strndup(raw, len), *out = malloc(len * ESCAPED_BYTES + 1), *to = out;
	const char *from = copy;
	uint32_t cp;
	int bytes;

	if (!copy || !out) {
		free(copy);
		free(out);
		return NULL;
	}
	while (*from) {
		bytes = sanitize_decode(from, &cp);
		if (bytes && is_safe(cp))
			to = mempcpy(to, from, bytes);
		else
			to = escape_bytes(to, from, bytes ? bytes : 1);
		from += bytes ? bytes : 1;
	}
	assert(to <= out + len * ESCAPED_BYTES);
	*to = 0;
	free(copy);
	return out;
}
