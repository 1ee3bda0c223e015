// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* table.c - the columns of a section's line. */
#include <math.h>
#include <stddef.h>

#include "render/display.h"
#include "render/table.h"
#include "units.h"

#define NAME_TITLE "section"
#define NAME_LEAST 12	/* columns: before a name gets less, a figure is left out */
#define TIME_WIDTH 6

enum value { COUNT, SHARE, TIME };

/* A new figure is a new row here. */
static const struct column {
	const char *title;
	enum value value;
	size_t field;		/* of struct dcbs_section */
	int width;
	int keep;		/* the least goes first where there is no room */
} columns[] = {
	{"calls", COUNT, offsetof(struct dcbs_section, count), 5, 7},
	{"total", TIME, offsetof(struct dcbs_section, total_s), TIME_WIDTH, 9},
	{"share", SHARE, offsetof(struct dcbs_section, total_s), 5, 8},
	{"self", TIME, offsetof(struct dcbs_section, self_s), TIME_WIDTH, 4},
	{"mean", TIME, offsetof(struct dcbs_section, mean_s), TIME_WIDTH, 6},
	{"p50", TIME, offsetof(struct dcbs_section, p50_s), TIME_WIDTH, 1},
	{"p95", TIME, offsetof(struct dcbs_section, p95_s), TIME_WIDTH, 2},
	{"p99", TIME, offsetof(struct dcbs_section, p99_s), TIME_WIDTH, 5},
	{"max", TIME, offsetof(struct dcbs_section, max_s), TIME_WIDTH, 3},
};

#define NR (sizeof(columns) / sizeof(*columns))

static int figures_width(unsigned int shown)
{
	int width = 0;
	size_t i;

	for (i = 0; i < NR; i++)
		if (shown & 1U << i)
			width += 1 + columns[i].width;
	return width;
}

static unsigned int without_least(unsigned int shown)
{
	size_t i, least = NR;

	for (i = 0; i < NR; i++)
		if (shown & 1U << i && (least == NR || columns[i].keep < columns[least].keep))
			least = i;
	return least < NR ? shown & ~(1U << least) : 0;
}

void table_fit(struct table *t, const struct dcbs_report *report, int width)
{
	int longest = sizeof(NAME_TITLE) - 1, name;
	size_t i;

	for (i = 0; i < report->nr_sections; i++) {
		name = display_width(report->sections[i].name);
		longest = name > longest ? name : longest;
	}
	t->columns = (1U << NR) - 1;
	while (t->columns && width - figures_width(t->columns) < (longest < NAME_LEAST ? longest : NAME_LEAST))
		t->columns = without_least(t->columns);
	name = width - figures_width(t->columns);
	t->name_width = name < longest ? (name > 1 ? name : 1) : longest;
}

static struct units figure(const struct column *c, const struct dcbs_section *s, double duration_s)
{
	const void *field = (const char *)s + c->field;

	if (c->value == COUNT)
		return units_count(*(const int64_t *)field);
	if (c->value == SHARE)
		return units_share(duration_s > 0 ? *(const double *)field / duration_s : NAN);
	return units_tight(units_time(*(const double *)field));
}

void table_titles(const struct table *t, FILE *file)
{
	size_t i;

	display_cell(file, NAME_TITLE, t->name_width, DISPLAY_LEFT);
	for (i = 0; i < NR; i++)
		if (t->columns & 1U << i)
			fprintf(file, " %*s", columns[i].width, columns[i].title);
}

void table_row(const struct table *t, FILE *file, const struct dcbs_section *s, double duration_s)
{
	size_t i;

	display_cell(file, s->name, t->name_width, DISPLAY_LEFT);
	for (i = 0; i < NR; i++) {
		if (!(t->columns & 1U << i))
			continue;
		fputc(' ', file);
		display_cell(file, figure(&columns[i], s, duration_s).text, columns[i].width, DISPLAY_RIGHT);
	}
}
