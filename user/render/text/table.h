/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* table.h - the tables of sections, as the text report and the live view show them. */
#ifndef RENDER_TEXT_TABLE_H
#define RENDER_TEXT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "dcbs/profiler.h"

enum table_set {
	TABLE_TIMES,
	TABLE_LIVE,	/* TABLE_TIMES with a bar of causes, if causes were measured */
	TABLE_MEMORY,
	TABLE_GPU,
};

struct table {
	enum table_set set;
	int name_width;
	unsigned int columns;	/* bit n: column n is shown */
	bool colour;
};

/* Chooses the columns that fit into `width`; the least important ones are left out first. */
void table_fit(struct table *table, enum table_set set, const struct dcbs_report *report, int width);

/* The same for names of up to `longest` columns. whole_names: they have them all, and the line may be longer than `width`. */
void table_fit_names(struct table *table, enum table_set set, const struct dcbs_report *report, int width, int longest,
		     bool whole_names);

/* Returns the columns of a line. */
int table_width(const struct table *table);

/* Returns true if the table shows the bar of causes. */
bool table_has_bar(const struct table *table);

/* Both write one line without the newline. */
void table_titles(const struct table *table, FILE *file);
void table_row(const struct table *table, FILE *file, const struct dcbs_section *section, double duration_s);

/* The same with the name indented. */
void table_row_indented(const struct table *table, FILE *file, const struct dcbs_section *section, double duration_s, int indent);

/* A line of the table of memory that does not belong to a section: a name and bytes. */
void table_bytes(const struct table *table, FILE *file, const char *name, double bytes);

/* Returns the number of sections without "(outside)", which comes last in the report. */
size_t table_nr_sections(const struct dcbs_report *report);

#endif
