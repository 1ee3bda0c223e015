// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* string_table.c - numbers texts. */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/sanitize.h"
#include "render/export/string_table.h"

#define TEXT_BYTES 8192		/* of a text; the rest is cut off */

static int compare_texts(const void *a, const void *b)
{
	return strcmp(((const struct numbered_string *)a)->text, ((const struct numbered_string *)b)->text);
}

static struct numbered_string *new_string(const struct string_table *table, const char *text)
{
	char *clean = sanitize(text, TEXT_BYTES);
	struct numbered_string *s = clean ? malloc(sizeof(*s) + strlen(clean) + 1) : NULL;

	if (s) {
		s->number = (uint32_t)table->nr;
		strcpy(s->text, clean);
	}
	free(clean);
	return s;
}

/* Takes ownership of the string. */
static uint32_t find_or_add(struct string_table *table, struct numbered_string *s)
{
	struct numbered_string **found;

	if (!s || !array_reserve(table->list, table->nr, table->room, 1) || !(found = tsearch(s, &table->tree, compare_texts))) {
		table->failed = true;
		free(s);
		return 0;
	}
	if (*found == s)
		table->list[table->nr++] = s;
	else
		free(s);
	return (*found)->number;
}

uint32_t string_table_number(struct string_table *table, const char *text)
{
	if (!table->nr && !table->failed)
		find_or_add(table, new_string(table, ""));
	return find_or_add(table, new_string(table, text ? text : ""));
}

static void keep_string(void *string)
{
	(void)string;
}

void string_table_free(struct string_table *table)
{
	size_t i;

	tdestroy(table->tree, keep_string);
	for (i = 0; i < table->nr; i++)
		free(table->list[i]);
	free(table->list);
	*table = (struct string_table){0};
}
