// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* notes.c - lines of the report about facts that could not be measured. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "collect/notes.h"

#define LINE_BYTES 1024

static bool is_noted_already(const struct notes *notes, const char *line)
{
	size_t i;

	for (i = 0; i < notes->nr; i++)
		if (!strcmp(notes->lines[i], line))
			return true;
	return false;
}

void notes_add(struct notes *notes, const char *fmt, ...)
{
	char line[LINE_BYTES], *kept;
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (notes->nr == NOTES_MAX || is_noted_already(notes, line))
		return;
	kept = strdup(line);
	if (kept)
		notes->lines[notes->nr++] = kept;
}

bool notes_mention(const struct notes *notes, const char *text)
{
	size_t i;

	for (i = 0; i < notes->nr; i++)
		if (strstr(notes->lines[i], text))
			return true;
	return false;
}

int notes_copy(const struct notes *notes, char ***lines, size_t *nr)
{
	size_t i;

	*nr = 0;
	*lines = calloc(NOTES_MAX, sizeof(**lines));
	for (i = 0; *lines && i < notes->nr; i++)
		if (((*lines)[*nr] = strdup(notes->lines[i])))
			(*nr)++;
	return *lines ? 0 : fail(-ENOMEM, "out of memory");
}

void notes_free(struct notes *notes)
{
	while (notes->nr)
		free(notes->lines[--notes->nr]);
}
