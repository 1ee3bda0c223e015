// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* live_table.c - see live_table.h. */
#include <math.h>
#include <ncurses.h>
#include <stdlib.h>

#include "base/human.h"
#include "render/cause.h"
#include "render/live/live_lines.h"
#include "render/live/live_table.h"
#include "render/text/display.h"
#include "render/text/table.h"

#define LAST_WIDTH 16	/* the figures of the last interval */
#define WIDE 100	/* columns that a terminal must have to show them */

/*
 * The sections that do not fit, as one line. Calls and self times can be added; totals cannot, because the total of a
 * section contains the totals of the sections that it called.
 */
static struct dcbs_section sum_hidden(const struct dcbs_section **list, size_t nr, char *name, size_t name_bytes)
{
	struct dcbs_section s = {
		.name = name, .total_s = NAN, .mean_s = NAN, .min_s = NAN, .max_s = NAN,
		.p50_s = NAN, .p90_s = NAN, .p95_s = NAN, .p99_s = NAN, .p999_s = NAN,
	};
	size_t i;

	snprintf(name, name_bytes, "(%zu more)", nr);
	for (i = 0; i < nr; i++) {
		if (list[i]->count > 0)
			s.count += list[i]->count;
		if (list[i]->self_s > 0)
			s.self_s += list[i]->self_s;
	}
	return s;
}

/* A table on the screen. */
struct live_table {
	struct table table;
	const struct live_view *view;
	const struct live_interval *interval;
	const struct dcbs_report *report;
	bool wide;		/* with the last interval */
};

static void write_last(FILE *file, const struct live_interval *interval, const struct dcbs_section *s)
{
	const struct live_figures *recent = live_interval_of(interval, s);
	bool calls = recent && recent->new_calls != DCBS_UNKNOWN;

	fputc(' ', file);
	display_cell(file, human_count(calls ? (int64_t)((double)recent->new_calls / interval->length_s + 0.5) : DCBS_UNKNOWN).text, 7,
		     DISPLAY_RIGHT);
	fputc(' ', file);
	display_cell(file, human_share(recent ? recent->new_total_s / interval->length_s : NAN).text, 7, DISPLAY_RIGHT);
}

static void show_row(const struct live_table *t, const struct dcbs_section *s, int y)
{
	struct live_line line;

	if (!live_line_begin(&line))
		return;
	table_row(&t->table, line.file, s, t->report->duration_s);
	if (t->wide)
		write_last(line.file, t->interval, s);
	if (s->open > 0)
		fputs(" *", line.file);
	live_line_draw(&line, y);
}

/* The meaning of the bars' letters, in the line that is empty without bars. */
static void show_legend(const struct dcbs_report *r, int y)
{
	unsigned int set = 0;
	struct live_line all;
	size_t i;

	for (i = 0; i < r->nr_sections; i++)
		set |= cause_set(&r->sections[i].wall);
	if (!live_line_begin(&all))
		return;
	cause_legend(all.file, set);
	live_line_draw_shortened(&all, y);
}

/* Draws sections in lines from y up to `end`; the last line is for those that do not fit. */
static void show_rows(const struct live_table *t, const struct dcbs_section **order, int y, int end)
{
	size_t room = end > y ? (size_t)(end - y) : 0, nr = t->report->nr_sections, most = nr > room ? nr - room + 1 : 0;
	size_t first = t->view->first < most ? t->view->first : most, fit, i;
	struct dcbs_section rest;
	char name[32];

	fit = nr - first <= room ? nr - first : room ? room - 1 : 0;
	for (i = 0; i < fit; i++)
		show_row(t, order[first + i], y + (int)i);
	if (first + fit < nr && room) {
		rest = sum_hidden(order + first + fit, nr - first - fit, name, sizeof(name));
		show_row(t, &rest, end - 1);
	}
}

static void show_titles(const struct live_table *t, int y)
{
	struct live_line line;

	if (!live_line_begin(&line))
		return;
	table_titles(&t->table, line.file);
	if (t->wide)
		fprintf(line.file, " %7s %7s", "now/s", "now");
	live_line_draw(&line, y);
}

void live_table_show(const struct live_view *view, const struct live_interval *interval, const struct dcbs_report *r, int head, int end)
{
	const struct dcbs_section **order = live_view_order(view, r, interval);
	struct live_table t = {.view = view, .interval = interval, .report = r, .wide = COLS >= WIDE};

	table_fit(&t.table, TABLE_LIVE, r, COLS - 2 - (t.wide ? LAST_WIDTH : 0));
	if (LINES >= head && order) {
		if (table_has_bar(&t.table))
			show_legend(r, head - 2);
		show_titles(&t, head - 1);
		show_rows(&t, order, head, end);
	}
	free(order);
}
