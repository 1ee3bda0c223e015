// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* rust_name.c - a Rust symbol of the old kind in the form of the source. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "symbol/native/rust_name.h"

#define HASH_BYTES 19	/* "::h" and 16 digits */

static const struct {
	const char *escape;
	char plain;
} escapes[] = {
	{"$SP$", '@'}, {"$BP$", '*'}, {"$RF$", '&'}, {"$LT$", '<'}, {"$GT$", '>'}, {"$LP$", '('}, {"$RP$", ')'}, {"$C$", ','},
};

static bool has_hash(const char *name, size_t n)
{
	return n > HASH_BYTES && !memcmp(name + n - HASH_BYTES, "::h", 3) && strspn(name + n - HASH_BYTES + 3, "0123456789abcdef") == 16;
}

/* Returns the bytes of the escape at the front of the text, and stores its character; 0: there is none. */
static size_t read_escape(const char *text, char *plain)
{
	char *end;
	long code;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(escapes); i++) {
		*plain = escapes[i].plain;
		if (!strncmp(text, escapes[i].escape, strlen(escapes[i].escape)))
			return strlen(escapes[i].escape);
	}
	if (strncmp(text, "$u", 2))
		return 0;
	code = strtol(text + 2, &end, 16);
	*plain = (char)code;
	return *end == '$' && code >= ' ' && code < 127 ? (size_t)(end + 1 - text) : 0;
}

void rust_name_clean(char *plain)
{
	size_t n = strlen(plain), skip;
	const char *from = plain;
	char *to = plain, c;

	if (!has_hash(plain, n))
		return;
	plain[n - HASH_BYTES] = 0;
	while (*from) {
		if ((from == plain || from[-1] == ':') && from[0] == '_' && from[1] == '$')
			from++;
		skip = *from == '$' ? read_escape(from, &c) : 0;
		if (!strncmp(from, "..", 2)) {
			*to++ = ':';
			*to++ = ':';
			from += 2;
		} else if (skip) {
			*to++ = c;
			from += skip;
		} else {
			*to++ = *from++;
		}
	}
	*to = 0;
}
