/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* table.h - the table of sections, as the text report and the live view show it. */
#ifndef RENDER_TABLE_H
#define RENDER_TABLE_H

#include <stdio.h>

#include "dcbs/profiler.h"

struct table {
	int name_width;
	unsigned int columns;	/* bit n: column n is shown */
};

/* Chooses what fits into `width` columns; what matters less goes first. */
void table_fit(struct table *table, const struct dcbs_report *report, int width);

/* Without the newline. */
void table_titles(const struct table *table, FILE *file);
void table_row(const struct table *table, FILE *file, const struct dcbs_section *section, double duration_s);

#endif
