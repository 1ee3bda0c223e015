// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* part_lines.c - see part_lines.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "render/text/part_lines.h"

void part_lines_each(FILE *file, char *text, void (*line)(FILE *file, const char *words))
{
	char *next, *end;

	for (next = text; next && *next; next = end) {
		end = strchr(next, '\n');
		if (end)
			*end++ = 0;
		line(file, next);
	}
}

int part_lines_write(FILE *file, const struct text *t, void (*part)(const struct text *t),
		     void (*line)(FILE *file, const char *words))
{
	struct text lines = *t;
	char *words = NULL;
	size_t len;

	lines.file = open_memstream(&words, &len);
	if (!lines.file)
		return -ENOMEM;
	part(&lines);
	if (!fclose(lines.file))
		part_lines_each(file, words, line);
	free(words);
	return words ? 0 : -ENOMEM;
}

int part_lines_label(const char *words)
{
	int label = PART_LINES_LABEL;

	while (label && words[label - 1] == ' ')
		label--;
	return label;
}

bool part_lines_is_title(const char *words)
{
	return strlen(words) > PART_LINES_INDENT && words[PART_LINES_INDENT - 2] == '.' &&
	       strspn(words, " 0123456789") == PART_LINES_INDENT - 2;
}
