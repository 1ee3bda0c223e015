// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* table.c - the columns of a section's line, and which of them fit. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/array.h"
#include "base/human.h"
#include "render/cause.h"
#include "render/text/display.h"
#include "render/text/table.h"
#include "render/unknown.h"

#define NAME_TITLE "section"
#define NAME_LEAST 24	/* columns: a column of numbers is left out before names get less ... */
#define NAME_LEAST_LIVE 12	/* ... in the live table */
#define TIME_WIDTH 6
#define GROWTH_WIDTH 8
#define MANY 10			/* calls at a time on average: a larger share of the window is a multiple of it */

/* ESTIMATE is a time with the error error_s. The field is an int64_t for COUNT, GROWTH and SIZE, a struct dcbs_wall for BAR, else a double. */
enum table_value { COUNT, SHARE, TIME, ESTIMATE, ERROR, BAR, GROWTH, SIZE, BYTES };

/* A new column is a new row here. */
struct table_column {
	const char *title;
	enum table_value value;
	size_t field;		/* of struct dcbs_section */
	int width;
	int keep;		/* the column with the smallest value is left out first */
};

static const struct table_column times[] = {
	{"calls", COUNT, offsetof(struct dcbs_section, count), 5, 8},
	{"total", ESTIMATE, offsetof(struct dcbs_section, total_s), TIME_WIDTH, 10},
	{"+/-", ERROR, offsetof(struct dcbs_section, error_s), TIME_WIDTH, 9},
	{"share", SHARE, offsetof(struct dcbs_section, total_s), 5, 9},
	{"self", ESTIMATE, offsetof(struct dcbs_section, self_s), TIME_WIDTH, 4},
	{"mean", TIME, offsetof(struct dcbs_section, mean_s), TIME_WIDTH, 7},
	{"p50", TIME, offsetof(struct dcbs_section, p50_s), TIME_WIDTH, 1},
	{"p95", TIME, offsetof(struct dcbs_section, p95_s), TIME_WIDTH, 2},
	{"p99", TIME, offsetof(struct dcbs_section, p99_s), TIME_WIDTH, 6},
	{"max", TIME, offsetof(struct dcbs_section, max_s), TIME_WIDTH, 3},
	{"why", BAR, offsetof(struct dcbs_section, wall), 10, 5},
};

static const struct table_column memory[] = {
	{"growth", GROWTH, offsetof(struct dcbs_section, self_memory.rss_delta_bytes), GROWTH_WIDTH, 9},
	{"anon", GROWTH, offsetof(struct dcbs_section, self_memory.anon_delta_bytes), GROWTH_WIDTH, 5},
	{"file", GROWTH, offsetof(struct dcbs_section, self_memory.file_delta_bytes), GROWTH_WIDTH, 4},
	{"p99", BYTES, offsetof(struct dcbs_section, growth.p99), 7, 2},
	{"peak", SIZE, offsetof(struct dcbs_section, memory.peak_delta_bytes), 7, 7},
	{"faults", COUNT, offsetof(struct dcbs_section, self_memory.minor_faults), 6, 8},
	{"major", COUNT, offsetof(struct dcbs_section, self_memory.major_faults), 5, 3},
	{"mapped", SIZE, offsetof(struct dcbs_section, self_memory.mapped_bytes), 7, 1},
};

static const struct table_column gpu[] = {
	{"wait", TIME, offsetof(struct dcbs_section, gpu.wait_s), TIME_WIDTH, 9},
	{"copies", TIME, offsetof(struct dcbs_section, gpu.copy_s), TIME_WIDTH, 8},
	{"driver", TIME, offsetof(struct dcbs_section, gpu.driver_s), TIME_WIDTH, 7},
	{"syncs", COUNT, offsetof(struct dcbs_section, gpu_calls.syncs), 6, 6},
	{"idle", COUNT, offsetof(struct dcbs_section, gpu_calls.syncs_idle), 6, 5},
	{"H2D", SIZE, offsetof(struct dcbs_section, gpu_calls.h2d_bytes), 7, 4},
	{"D2H", SIZE, offsetof(struct dcbs_section, gpu_calls.d2h_bytes), 7, 3},
	{"peak", SIZE, offsetof(struct dcbs_section, gpu_memory.peak_bytes), 7, 2},
	{"live", SIZE, offsetof(struct dcbs_section, gpu_memory.live_bytes), 7, 1},
};

#define BAR_COLUMN (ARRAY_SIZE(times) - 1)

static const struct {
	const struct table_column *columns;
	size_t nr;
} sets[] = {
	[TABLE_TIMES] = {times, BAR_COLUMN},
	[TABLE_LIVE] = {times, ARRAY_SIZE(times)},
	[TABLE_MEMORY] = {memory, ARRAY_SIZE(memory)},
	[TABLE_GPU] = {gpu, ARRAY_SIZE(gpu)},
};

/* NULL: column i is left out. */
static const struct table_column *column_shown(const struct table *t, size_t i)
{
	return t->columns & 1U << i ? &sets[t->set].columns[i] : NULL;
}

static int numbers_width(const struct table *t)
{
	int width = 0;
	size_t i;

	for (i = 0; i < sets[t->set].nr; i++)
		if (column_shown(t, i))
			width += 1 + column_shown(t, i)->width;
	return width;
}

static void drop_column(struct table *t)
{
	const struct table_column *c, *least = NULL;
	size_t i;

	for (i = 0; i < sets[t->set].nr; i++) {
		c = column_shown(t, i);
		if (c && (!least || c->keep < least->keep))
			least = c;
	}
	if (least)
		t->columns &= ~(1U << (least - sets[t->set].columns));
}

/* Exact times need no column of errors. */
static bool has_estimates(const struct dcbs_report *report)
{
	size_t i;

	for (i = 0; i < report->nr_sections; i++)
		if (!isnan(report->sections[i].error_s))
			return true;
	return false;
}

static void drop_errors(struct table *t)
{
	size_t i;

	for (i = 0; i < sets[t->set].nr; i++)
		if (sets[t->set].columns[i].value == ERROR)
			t->columns &= ~(1U << i);
}

static void fit_table(struct table *t, const struct dcbs_report *report, int width, int longest, int least)
{
	assert(sets[t->set].nr < 8 * sizeof(t->columns));
	t->columns = (1U << sets[t->set].nr) - 1;
	if (!has_estimates(report))
		drop_errors(t);
	while (t->columns && width - numbers_width(t) < (longest < least ? longest : least))
		drop_column(t);
	t->name_width = width - numbers_width(t);
	if (t->name_width < 1)
		t->name_width = 1;
	if (t->name_width > longest)
		t->name_width = longest;
}

static enum table_set known_set(enum table_set set, const struct dcbs_report *report)
{
	return set == TABLE_LIVE && !cause_any_known(report) ? TABLE_TIMES : set;
}

void table_fit_names(struct table *t, enum table_set set, const struct dcbs_report *report, int width, int longest,
		     bool whole_names)
{
	*t = (struct table) {.set = known_set(set, report)};
	fit_table(t, report, width, longest, NAME_LEAST);
	if (whole_names)
		t->name_width = longest;
}

void table_fit(struct table *t, enum table_set set, const struct dcbs_report *report, int width)
{
	int longest = sizeof(NAME_TITLE) - 1, name;
	size_t i;

	for (i = 0; i < report->nr_sections; i++) {
		name = display_width(report->sections[i].name);
		longest = name > longest ? name : longest;
	}
	*t = (struct table) {.set = known_set(set, report)};
	fit_table(t, report, width, longest, NAME_LEAST_LIVE);
}

int table_width(const struct table *t)
{
	return t->name_width + numbers_width(t);
}

bool table_has_bar(const struct table *t)
{
	return t->set == TABLE_LIVE && column_shown(t, BAR_COLUMN);
}

/* "64.0x" for a section that is open in 64 flows at a time. */
static struct human format_share(double share, double error)
{
	struct human text = human_number(share);

	if (!(share >= MANY))
		return human_share_within(share, error);
	strncat(text.text, "x", sizeof(text.text) - strlen(text.text) - 1);
	return text;
}

static struct human format_field(const struct table_column *c, const struct dcbs_section *s, double duration_s)
{
	const void *field = (const char *)s + c->field;

	switch (c->value) {
	case COUNT: return human_count(*(const int64_t *)field);
	case SHARE: return format_share(duration_s > 0 ? *(const double *)field / duration_s : NAN, s->error_s / duration_s);
	case ESTIMATE: return human_tight(human_time_within(*(const double *)field, s->error_s));
	case ERROR: return isnan(s->error_s) ? (struct human){""} : human_tight(human_time_within(s->error_s, s->error_s));
	case GROWTH: return human_tight(human_growth(unknown_to_nan(*(const int64_t *)field)));
	case SIZE: return human_tight(human_size(unknown_to_nan(*(const int64_t *)field)));
	case BYTES: return human_tight(human_size(*(const double *)field));
	default: return human_tight(human_time(*(const double *)field));
	}
}

void table_titles(const struct table *t, FILE *file)
{
	const struct table_column *c;
	size_t i;

	display_cell(file, NAME_TITLE, t->name_width, DISPLAY_LEFT);
	for (i = 0; i < sets[t->set].nr; i++) {
		c = column_shown(t, i);
		if (c)
			fprintf(file, " %*s", c->value == BAR ? 0 : c->width, c->title);
	}
}

/* Ticks divide the time of a coroutine into running and awaiting. Of a short time that tells nothing. */
static bool is_divided(const struct dcbs_section *s)
{
	return !(s->cpu_error_s >= s->wall.cpu_s + s->wall.await_s);
}

static void write_field(const struct table *t, FILE *file, const struct table_column *c, const struct dcbs_section *s,
			double duration_s)
{
	fputc(' ', file);
	if (c->value == BAR && !is_divided(s))
		display_cell(file, "-", c->width, DISPLAY_LEFT);
	else if (c->value == BAR)
		cause_bar(file, (const void *)((const char *)s + c->field), c->width, t->colour);
	else
		display_cell(file, format_field(c, s, duration_s).text, c->width, DISPLAY_RIGHT);
}

/* In a narrow terminal deep sections are indented less, so that half of the column is left for the name. */
static int fit_indent(const struct table *t, const char *name, int indent)
{
	return indent + display_width(name) > t->name_width && indent > t->name_width / 2 ? t->name_width / 2 : indent;
}

void table_row_indented(const struct table *t, FILE *file, const struct dcbs_section *s, double duration_s, int indent)
{
	size_t i;

	indent = fit_indent(t, s->name, indent);
	fprintf(file, "%*s", indent, "");
	display_cell(file, s->name, t->name_width - indent, DISPLAY_LEFT);
	for (i = 0; i < sets[t->set].nr; i++)
		if (column_shown(t, i))
			write_field(t, file, column_shown(t, i), s, duration_s);
}

void table_row(const struct table *t, FILE *file, const struct dcbs_section *s, double duration_s)
{
	table_row_indented(t, file, s, duration_s, 0);
}

void table_bytes(const struct table *t, FILE *file, const char *name, double bytes)
{
	display_cell(file, name, t->name_width, DISPLAY_LEFT);
	fputc(' ', file);
	display_cell(file, human_tight(human_growth(bytes)).text, GROWTH_WIDTH, DISPLAY_RIGHT);
}

size_t table_nr_sections(const struct dcbs_report *r)
{
	const struct dcbs_section *last = r->nr_sections ? &r->sections[r->nr_sections - 1] : NULL;

	return r->nr_sections - (last && last->count == DCBS_UNKNOWN && !strcmp(last->name, DCBS_OUTSIDE));
}
