// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* table.c - the columns of a section's line. */
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "render/cause.h"
#include "render/text/display.h"
#include "render/text/table.h"
#include "base/human.h"

#define NAME_TITLE "section"
#define NAME_LEAST 12	/* columns: before a name gets less, a figure is left out */
#define MEMORY_NAME 11	/* "unexplained" */
#define TIME_WIDTH 6
#define GROWTH_WIDTH 8

enum value { COUNT, SHARE, TIME, BAR, GROWTH, SIZE, BYTES };

/* A new figure is a new row here. */
struct column {
	const char *title;
	enum value value;
	size_t field;		/* of struct dcbs_section */
	int width;
	int keep;		/* the least goes first where there is no room */
};

static const struct column times[] = {
	{"calls", COUNT, offsetof(struct dcbs_section, count), 5, 8},
	{"total", TIME, offsetof(struct dcbs_section, total_s), TIME_WIDTH, 10},
	{"share", SHARE, offsetof(struct dcbs_section, total_s), 5, 9},
	{"self", TIME, offsetof(struct dcbs_section, self_s), TIME_WIDTH, 4},
	{"mean", TIME, offsetof(struct dcbs_section, mean_s), TIME_WIDTH, 7},
	{"p50", TIME, offsetof(struct dcbs_section, p50_s), TIME_WIDTH, 1},
	{"p95", TIME, offsetof(struct dcbs_section, p95_s), TIME_WIDTH, 2},
	{"p99", TIME, offsetof(struct dcbs_section, p99_s), TIME_WIDTH, 6},
	{"max", TIME, offsetof(struct dcbs_section, max_s), TIME_WIDTH, 3},
	{"why", BAR, offsetof(struct dcbs_section, wall), 10, 5},
};

static const struct column memory[] = {
	{"growth", GROWTH, offsetof(struct dcbs_section, self_memory.rss_delta_bytes), GROWTH_WIDTH, 9},
	{"anon", GROWTH, offsetof(struct dcbs_section, self_memory.anon_delta_bytes), GROWTH_WIDTH, 5},
	{"file", GROWTH, offsetof(struct dcbs_section, self_memory.file_delta_bytes), GROWTH_WIDTH, 4},
	{"p99", BYTES, offsetof(struct dcbs_section, growth.p99), 7, 2},
	{"peak", SIZE, offsetof(struct dcbs_section, memory.peak_delta_bytes), 7, 7},
	{"faults", COUNT, offsetof(struct dcbs_section, self_memory.minor_faults), 6, 8},
	{"major", COUNT, offsetof(struct dcbs_section, self_memory.major_faults), 5, 3},
	{"mapped", SIZE, offsetof(struct dcbs_section, self_memory.mapped_bytes), 7, 1},
};

#define NR(table) (sizeof(table) / sizeof(*(table)))
#define BAR_COLUMN (NR(times) - 1)

static const struct {
	const struct column *columns;
	size_t nr;
} sets[] = {
	[TABLE_TIMES] = {times, BAR_COLUMN}, [TABLE_LIVE] = {times, NR(times)}, [TABLE_MEMORY] = {memory, NR(memory)},
};

static const struct column *column(const struct table *t, size_t i)
{
	return t->columns & 1U << i ? &sets[t->set].columns[i] : NULL;
}

static int figures_width(const struct table *t)
{
	int width = 0;
	size_t i;

	for (i = 0; i < sets[t->set].nr; i++)
		if (column(t, i))
			width += 1 + column(t, i)->width;
	return width;
}

static void drop_least(struct table *t)
{
	const struct column *c, *least = NULL;
	size_t i;

	for (i = 0; i < sets[t->set].nr; i++) {
		c = column(t, i);
		if (c && (!least || c->keep < least->keep))
			least = c;
	}
	if (least)
		t->columns &= ~(1U << (least - sets[t->set].columns));
}

static bool is_measured(const struct dcbs_report *report)
{
	size_t i;

	for (i = 0; i < report->nr_sections; i++)
		if (cause_known(&report->sections[i].wall))
			return true;
	return false;
}

void table_fit(struct table *t, enum table_set set, const struct dcbs_report *report, int width)
{
	int longest = set == TABLE_MEMORY ? MEMORY_NAME : sizeof(NAME_TITLE) - 1, name;
	size_t i;

	for (i = 0; i < report->nr_sections; i++) {
		name = display_width(report->sections[i].name);
		longest = name > longest ? name : longest;
	}
	t->set = set == TABLE_LIVE && !is_measured(report) ? TABLE_TIMES : set;
	t->columns = (1U << sets[t->set].nr) - 1;
	while (t->columns && width - figures_width(t) < (longest < NAME_LEAST ? longest : NAME_LEAST))
		drop_least(t);
	name = width - figures_width(t);
	t->name_width = name < longest ? (name > 1 ? name : 1) : longest;
}

bool table_has_bar(const struct table *t)
{
	return t->set == TABLE_LIVE && column(t, BAR_COLUMN);
}

static double known(int64_t n)
{
	return n == DCBS_UNKNOWN ? NAN : (double)n;
}

static struct human figure(const struct column *c, const void *field, double duration_s)
{
	switch (c->value) {
	case COUNT: return human_count(*(const int64_t *)field);
	case SHARE: return human_share(duration_s > 0 ? *(const double *)field / duration_s : NAN);
	case GROWTH: return human_tight(human_growth(known(*(const int64_t *)field)));
	case SIZE: return human_tight(human_size(known(*(const int64_t *)field)));
	case BYTES: return human_tight(human_size(*(const double *)field));
	default: return human_tight(human_time(*(const double *)field));
	}
}

void table_titles(const struct table *t, FILE *file)
{
	const struct column *c;
	size_t i;

	display_cell(file, NAME_TITLE, t->name_width, DISPLAY_LEFT);
	for (i = 0; i < sets[t->set].nr; i++) {
		c = column(t, i);
		if (c)
			fprintf(file, " %*s", c->value == BAR ? -c->width : c->width, c->title);
	}
}

static void put_cell(FILE *file, const struct column *c, const struct dcbs_section *s, double duration_s)
{
	const void *field = (const char *)s + c->field;

	fputc(' ', file);
	if (c->value == BAR)
		cause_bar(file, field, c->width);
	else
		display_cell(file, figure(c, field, duration_s).text, c->width, DISPLAY_RIGHT);
}

void table_row(const struct table *t, FILE *file, const struct dcbs_section *s, double duration_s)
{
	size_t i;

	display_cell(file, s->name, t->name_width, DISPLAY_LEFT);
	for (i = 0; i < sets[t->set].nr; i++)
		if (column(t, i))
			put_cell(file, column(t, i), s, duration_s);
}

void table_bytes(const struct table *t, FILE *file, const char *what, double bytes)
{
	display_cell(file, what, t->name_width, DISPLAY_LEFT);
	fputc(' ', file);
	display_cell(file, human_tight(human_growth(bytes)).text, GROWTH_WIDTH, DISPLAY_RIGHT);
}
