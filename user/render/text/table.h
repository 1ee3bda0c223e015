/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* table.h - the tables of sections, as the text report and the live view show them. */
#ifndef RENDER_TEXT_TABLE_H
#define RENDER_TEXT_TABLE_H

#include <stdio.h>

#include "dcbs/profiler.h"

enum table_set {
	TABLE_TIMES,
	TABLE_LIVE,	/* the same with a bar of causes */
	TABLE_MEMORY,
};

struct table {
	enum table_set set;
	int name_width;
	unsigned int columns;	/* bit n: column n is shown */
};

/* Chooses what fits into `width` columns; what matters less goes first. */
void table_fit(struct table *table, enum table_set set, const struct dcbs_report *report, int width);

/* Does it show the bar? */
bool table_has_bar(const struct table *table);

/* Without the newline. */
void table_titles(const struct table *table, FILE *file);
void table_row(const struct table *table, FILE *file, const struct dcbs_section *section, double duration_s);

/* A line of the table of memory that is no section's: what it is, and bytes. */
void table_bytes(const struct table *table, FILE *file, const char *what, double bytes);

#endif
