// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text_functions.c - the functions in which the sections with the most self time spent it. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "render/parts/function_rows.h"
#include "render/text/display.h"
#include "render/text/function_words.h"
#include "render/text/text_parts.h"

#define MOST_SECTIONS 5		/* with --verbose */
#define FEW_SECTIONS 3
#define MOST_FUNCTIONS 10	/* with --verbose */
#define FEW_FUNCTIONS 6
#define LARGE 0.05	/* of the window: a section with this self time is shown */
#define NARROW 60
#define TIME_WIDTH 6
#define SHARE_WIDTH 5
#define PATH_LEAST 12	/* columns: a shorter piece of a path is of no use */
#define TWO_SIGMA 1.96
#define PLACE_BYTES 4096
#define MOST_SAMPLES 1e18

struct picked_section {
	const char *section;
	double self_s;
};

struct function_columns {
	bool detailed;		/* there is room for waiting times and shares */
	int function, place;
};

/* ---- selection ---- */

/* Sections of different kinds may have the same name; their functions are shown together. */
static bool is_repeated(const struct picked_section *picks, size_t i)
{
	size_t before;

	for (before = 0; before < i; before++)
		if (!strcmp(picks[before].section, picks[i].section))
			return true;
	return false;
}

/* ---- lines ---- */

static struct function_columns fit_columns(const struct text *t, const struct function_rows *rows)
{
	struct function_columns c = {.detailed = t->width >= NARROW};
	int rest = t->width - 2 * (TIME_WIDTH + 1) - (c.detailed ? TIME_WIDTH + 1 + SHARE_WIDTH + 1 : 0);
	int function = 1, longest = 0, width;
	char to[PLACE_BYTES];
	size_t i;

	for (i = 0; i < rows->nr; i++) {
		width = display_width(function_words_name(rows->functions[i], to, sizeof(to)));
		function = width > function ? width : function;
		width = display_width(function_words_place(rows->functions[i], to, sizeof(to)));
		longest = width > longest ? width : longest;
	}
	c.function = rest / 2 > rest - 1 - longest ? rest / 2 : rest - 1 - longest;
	c.function = function < c.function ? function : c.function;
	c.place = rest - 1 - c.function;
	if (t->whole_names)
		return (struct function_columns) {.detailed = c.detailed, .function = function, .place = longest};
	if (c.place < longest && c.place < PATH_LEAST)
		c = (struct function_columns) {.detailed = c.detailed, .function = rest};
	return c;
}

static void write_titles(const struct text *t, const struct function_columns *c, enum order_key order)
{
	fprintf(t->file, "%*s ", TIME_WIDTH, "self");
	if (c->detailed)
		fprintf(t->file, "%*s ", TIME_WIDTH, "wait");
	fprintf(t->file, "%*s ", TIME_WIDTH, "total");
	if (c->detailed)
		fprintf(t->file, "%*s ", SHARE_WIDTH, order == ORDER_SELF ? "self%" : "share");
	fprintf(t->file, "function\n");
}

static void write_time(const struct text *t, double s, double error_s)
{
	display_cell(t->file, human_tight(human_time_within(s, error_s)).text, TIME_WIDTH, DISPLAY_RIGHT);
	fputc(' ', t->file);
}

static void write_function(const struct text *t, const struct function_columns *c, const struct function_rows *rows,
			   const struct dcbs_function *f, enum order_key order)
{
	char to[PLACE_BYTES], name[PLACE_BYTES];
	const char *where = function_words_place(f, to, sizeof(to)), *function = function_words_name(f, name, sizeof(name));

	write_time(t, f->self_s, f->self_error_s);
	if (c->detailed)
		write_time(t, f->self_off_s, NAN);
	write_time(t, f->cumulative_s, f->cumulative_error_s);
	if (c->detailed)
		fprintf(t->file, "%*s ", SHARE_WIDTH,
			human_share_within(function_rows_time(f, order) / rows->total_s, function_rows_error(f, order) / rows->total_s).text);
	if (c->place && where[0]) {
		display_cell(t->file, function, c->function, DISPLAY_LEFT);
		fputc(' ', t->file);
		display_path(t->file, where, c->place);
	} else {
		display_short(t->file, function, c->function);
	}
	fputc('\n', t->file);
}

/* The error is that of a share of one half, where it is largest. A session of an earlier version does not have it. */
static double share_bound(const struct function_rows *rows)
{
	return isnan(rows->bound) ? fmin(1, TWO_SIGMA * sqrt(0.25 / rows->samples) + 0.5 / rows->samples) : rows->bound;
}

static void add_hot(FILE *words, const struct function_rows *rows)
{
	char to[PLACE_BYTES], name[PLACE_BYTES];
	const struct dcbs_function *f = rows->hot;
	const char *where = f ? function_words_place(f, to, sizeof(to)) : "";

	if (!f)
		return;
	if (strrchr(where, '/'))
		where = strrchr(where, '/') + 1;
	fprintf(words, "; hottest: %s%s%s%s %s", function_words_name(f, name, sizeof(name)), where[0] ? " (" : "", where,
		where[0] ? ")" : "", human_share_within(f->self_s / rows->total_s, f->self_error_s / rows->total_s).text);
}

/* Waiting times are not counted by ticks. */
static void write_heading(const struct text *t, const struct function_rows *rows)
{
	char *text = NULL;
	size_t len;
	FILE *words = open_memstream(&text, &len);

	if (!words)
		return;
	fprintf(words, "%s: %s", rows->section, human_time(rows->total_s).text);
	add_hot(words, rows);
	if (rows->samples > 0)
		fprintf(words, "; %s samples at %d Hz, shares ± %s", human_exact((int64_t)fmin(rows->samples, MOST_SAMPLES)).text,
			t->report->frequency_hz, human_share(share_bound(rows)).text);
	else
		fputs("; no sample found it computing", words);
	if (!fclose(words))
		text_lines_paragraph(t, "%s", text);
	free(text);
}

/* Writes the heading, the titles, the rows and the notes of a section. */
static void write_functions(const struct text *t, struct function_rows *rows, enum order_key order)
{
	struct function_columns c;
	size_t i, others;

	others = function_rows_keep(rows, order, t->verbose ? MOST_FUNCTIONS : FEW_FUNCTIONS);
	c = fit_columns(t, rows);
	write_heading(t, rows);
	write_titles(t, &c, order);
	for (i = 0; i < rows->nr; i++)
		write_function(t, &c, rows, rows->functions[i], order);
	if (others || rows->wrappers || rows->callers)
		text_lines_paragraph(t, "(%zu more have less time or few samples, or only call the section or these)",
				     others + rows->wrappers + rows->callers);
}

/* ---- sections ---- */

/* Most self time first. */
static int compare_picked(const void *a, const void *b)
{
	const struct picked_section *x = a, *y = b;

	return (x->self_s < y->self_s) - (x->self_s > y->self_s);
}

static bool is_outside(const char *section)
{
	return !strcmp(section, DCBS_OUTSIDE);
}

/*
 * Picks the sections with the most self time. "(outside)" may have functions without being among the sections, if the kernel
 * does not report its time; then the sum of its functions is used. to[] has room for one more than the report's sections.
 */
static size_t pick_sections(const struct dcbs_report *r, struct picked_section *to, size_t most)
{
	bool outside = false;
	size_t i, nr = 0;

	for (i = 0; i < r->nr_sections; i++) {
		if (isnan(r->sections[i].self_s))
			continue;
		to[nr++] = (struct picked_section) {r->sections[i].name, r->sections[i].self_s};
		outside |= is_outside(r->sections[i].name);
	}
	if (!outside)
		to[nr++] = (struct picked_section) {DCBS_OUTSIDE, 0};
	for (i = 0; i < r->nr_functions && !outside; i++)
		if (is_outside(r->functions[i].section))
			to[nr - 1].self_s += fmax(r->functions[i].self_s, 0);
	qsort(to, nr, sizeof(*to), compare_picked);
	assert(nr <= r->nr_sections + 1);
	nr = nr < most ? nr : most;
	while (nr > 1 && !(to[nr - 1].self_s >= LARGE * r->duration_s))
		nr--;
	return nr;
}

/* Writes the functions of each picked section; "(outside)" comes last, whatever its time. Returns the number of sections. */
static size_t write_picked(const struct text *t, const struct picked_section *picks, size_t nr, enum order_key order)
{
	const struct dcbs_report *r = t->report;
	const struct dcbs_function **sorted = order_functions(r, order);
	size_t i, shown = 0;
	struct function_rows rows;

	for (i = 0; i < 2 * nr && sorted; i++) {
		if (is_repeated(picks, i % nr) || is_outside(picks[i % nr].section) != (i >= nr))
			continue;
		if (function_rows_collect(&rows, r, sorted, picks[i % nr].section)) {
			if (shown++)
				fputc('\n', t->file);
			else
				text_lines_heading(t, "FUNCTIONS");
			write_functions(t, &rows, order);
		}
		free(rows.functions);
	}
	free(sorted);
	return shown;
}

void text_functions(const struct text *t, enum order_key order)
{
	const struct dcbs_report *r = t->report;
	struct picked_section *picks = calloc(r->nr_sections + 1, sizeof(*picks));
	size_t nr = picks && r->nr_functions ? pick_sections(r, picks, t->verbose ? MOST_SECTIONS : FEW_SECTIONS) : 0;

	if (write_picked(t, picks, nr, order))
		text_lines_paragraph(t, "self: in it alone; wait: the part of self not running; total: with calls; "
				     "hot: its hottest line");
	free(picks);
}
