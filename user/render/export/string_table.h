/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* string_table.h - numbers texts: equal ones have one number, and the empty text has 0. */
#ifndef RENDER_EXPORT_STRING_TABLE_H
#define RENDER_EXPORT_STRING_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct string_table {
	struct numbered_string **list;	/* by number */
	size_t nr, room;
	void *tree;			/* of tsearch() */
	bool failed;			/* there was no memory */
};

struct numbered_string {
	uint32_t number;
	char text[];
};

/* Returns the number of a text. Other programs print texts as they are, so they are sanitized. NULL counts as empty. */
uint32_t string_table_number(struct string_table *table, const char *text);

void string_table_free(struct string_table *table);

#endif
