// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* saved_head.c - see saved_head.h. */
#include <stdlib.h>
#include <string.h>

#include "render/json/gzip.h"
#include "render/json/json_words.h"
#include "render/saved_head.h"

#define MOST_BYTES (1 << 20)	/* of what a small beginning may become */

static bool has_tool(const char *bytes, size_t len)
{
	static const char tool[] = "\"tool\": \"" JSON_WORDS_TOOL "\"";

	return len && bytes[0] == '{' && memmem(bytes, len, tool, sizeof(tool) - 1);
}

/* The beginning of a compressed file ends too early, and is a beginning all the same. */
bool saved_head_is_session(const char *bytes, size_t len)
{
	size_t nr;
	bool found;
	char *text;

	if (!gzip_is(bytes, len))
		return has_tool(bytes, len);
	gzip_expand(bytes, len, MOST_BYTES, &text, &nr);
	found = has_tool(text, nr);
	free(text);
	return found;
}
