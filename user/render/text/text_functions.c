// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text_functions.c - the functions in which the sections with the most self time spent it. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "render/text/display.h"
#include "render/text/function_words.h"
#include "render/text/text_parts.h"

#define MOST_SECTIONS 5
#define MOST_FUNCTIONS 10
#define LARGE 0.05	/* of the window: a section with this self time is shown */
#define SMALL 0.0005	/* of a section: a function with less time is not shown */
#define NARROW 60
#define TIME_WIDTH 6
#define SHARE_WIDTH 5
#define PATH_LEAST 12	/* columns: a shorter piece of a path is of no use */
#define TWO_SIGMA 1.96
#define FEW_SAMPLES 3	/* fewer do not carry a row */
#define PLACE_BYTES 4096
#define MOST_SAMPLES 1e18

/*
 * The functions of a section, in order.
 *
 * A caller is on every stack of the section and has no self time, so its row would repeat the section's total. Of the callers,
 * only `frame` is shown, the innermost one; or, if there are callers in Python, the innermost one in Python and `enters`, the
 * first caller with a name that it calls outside of Python.
 */
struct function_rows {
	const char *section;
	const struct dcbs_function **functions;
	size_t nr;
	double total_s;		/* sum of the self times */
	double samples;
	double bound;		/* of shares; NAN: no sample found it computing */
	const struct dcbs_function *frame, *enters;	/* NULL: none */
	size_t callers;		/* callers that are not shown */
	size_t wrappers;	/* native functions without self time that only call others of the same time, or have no name */
};

struct picked_section {
	const char *section;
	double self_s;
};

struct function_columns {
	bool detailed;		/* there is room for waiting times and shares */
	int function, place;
};

/* ---- selection ---- */

/* Returns true if f is on every stack of the section and has no self time. */
static bool is_caller(const struct function_rows *rows, const struct dcbs_function *f)
{
	return f->cumulative_s >= (1 - SMALL) * rows->total_s && !(f->self_s >= SMALL * rows->total_s);
}

static bool is_unnamed(const struct dcbs_function *f)
{
	return !strcmp(f->function, "(unknown)");
}

/* The report has callers before callees, so the innermost caller is the last one in memory. */
static void find_callers(struct function_rows *rows)
{
	const struct dcbs_function *f, *innermost = NULL, *python = NULL;
	size_t i;

	for (i = 0; i < rows->nr; i++) {
		f = rows->functions[i];
		if (!is_caller(rows, f))
			continue;
		rows->callers++;
		innermost = !innermost || f > innermost ? f : innermost;
		if (f->python)
			python = !python || f > python ? f : python;
	}
	for (i = 0; i < rows->nr && python; i++) {
		f = rows->functions[i];
		if (is_caller(rows, f) && f > python && !is_unnamed(f) && (!rows->enters || f < rows->enters))
			rows->enters = f;
	}
	rows->frame = python ? python : innermost;
	rows->callers -= (rows->frame != NULL) + (rows->enters != NULL);
}

static void sum_rows(struct function_rows *rows)
{
	size_t i;

	rows->bound = rows->nr ? rows->functions[0]->share_bound : NAN;
	for (i = 0; i < rows->nr; i++) {
		rows->total_s += fmax(rows->functions[i]->self_s, 0);
		rows->samples += fmax((double)rows->functions[i]->self_samples, 0);
	}
	find_callers(rows);
}

/* Returns true if the section has functions with self time. rows->functions is to be freed in either case. */
static bool collect_rows(struct function_rows *rows, const struct dcbs_report *r, const struct dcbs_function **sorted,
			 const char *section)
{
	size_t i;

	*rows = (struct function_rows) {.section = section, .functions = calloc(r->nr_functions + 1, sizeof(*rows->functions))};
	if (!rows->functions)
		return false;
	for (i = 0; i < r->nr_functions; i++)
		if (!strcmp(sorted[i]->section, section))
			rows->functions[rows->nr++] = sorted[i];
	sum_rows(rows);
	return rows->nr && rows->total_s > 0;
}

/* The time that the share of a row is computed from. */
static double key_time(const struct dcbs_function *f, enum order_key order)
{
	return order == ORDER_SELF || order_is_rest(f) ? f->self_s : f->cumulative_s;
}

static double key_error(const struct dcbs_function *f, enum order_key order)
{
	return order == ORDER_SELF || order_is_rest(f) ? f->self_error_s : f->cumulative_error_s;
}

/*
 * Returns true if the samples carry the row: its time is more than nothing in 19 of 20 cases. Waits are timed, so the error of the
 * ticks does not matter to a row of waits.
 */
static bool is_certain(const struct dcbs_function *f, enum order_key order)
{
	bool self = order == ORDER_SELF || order_is_rest(f);
	int64_t samples = self ? f->self_samples : f->cumulative_samples;
	double off_s = self ? f->self_off_s : f->cumulative_off_s;

	if (off_s >= 0.5 * key_time(f, order) || isnan(key_error(f, order)))
		return true;
	return samples >= FEW_SAMPLES && key_time(f, order) >= TWO_SIGMA * key_error(f, order);
}

static bool is_shown_function(const struct function_rows *rows, const struct dcbs_function *f, enum order_key order)
{
	if (is_caller(rows, f) && f != rows->frame && f != rows->enters)
		return false;
	return !order_is_rest(f) && key_time(f, order) >= SMALL * rows->total_s && is_certain(f, order);
}

/* Returns true for a native function without self time that is not a caller. */
static bool does_nothing(const struct function_rows *rows, const struct dcbs_function *f)
{
	return !f->python && !order_is_rest(f) && !is_caller(rows, f) && !(f->self_s >= SMALL * rows->total_s);
}

/* Functions that call one another and have the same time are shown as one: the first one with a name. */
static bool is_wrapped(const struct function_rows *rows, const struct dcbs_function *f)
{
	size_t i;

	if (!does_nothing(rows, f))
		return false;
	for (i = 0; i < rows->nr; i++)
		if (does_nothing(rows, rows->functions[i]) && rows->functions[i]->cumulative_s == f->cumulative_s)
			return true;
	return is_unnamed(f);
}

/* Keeps the rows to show. Returns the number of others, without callers and wrappers. */
static size_t keep_shown(struct function_rows *rows, enum order_key order)
{
	size_t i, nr = rows->nr;

	rows->nr = 0;
	for (i = 0; i < nr && rows->nr < MOST_FUNCTIONS; i++) {
		const struct dcbs_function *f = rows->functions[i];

		if (is_shown_function(rows, f, order) && is_wrapped(rows, f))
			rows->wrappers++;
		else if (is_shown_function(rows, f, order))
			rows->functions[rows->nr++] = f;
	}
	return nr - rows->callers - rows->wrappers - rows->nr;
}

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
			human_share_within(key_time(f, order) / rows->total_s, key_error(f, order) / rows->total_s).text);
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

/* Waiting times are not counted by ticks. */
static void write_heading(const struct text *t, const struct function_rows *rows)
{
	if (rows->samples > 0)
		text_lines_paragraph(t, "%s: %s; %s samples at %d Hz, shares within %s", rows->section,
				     human_time(rows->total_s).text, human_exact((int64_t)fmin(rows->samples, MOST_SAMPLES)).text,
				     t->report->frequency_hz, human_share(share_bound(rows)).text);
	else
		text_lines_paragraph(t, "%s: %s; no sample found it computing", rows->section, human_time(rows->total_s).text);
}

/* Writes the heading, the titles, the rows and the notes of a section. */
static void write_functions(const struct text *t, struct function_rows *rows, enum order_key order)
{
	size_t i, others = keep_shown(rows, order);
	struct function_columns c = fit_columns(t, rows);

	write_heading(t, rows);
	write_titles(t, &c, order);
	for (i = 0; i < rows->nr; i++)
		write_function(t, &c, rows, rows->functions[i], order);
	if (others)
		text_lines_paragraph(t, "(%zu more took less, or too few samples met them)", others);
	if (rows->wrappers)
		text_lines_paragraph(t, "(%zu more only call these: native functions with the same time, or without a name)",
				     rows->wrappers);
	if (rows->callers)
		text_lines_paragraph(t, "(%zu more are on every stack: the section's callers)", rows->callers);
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
static size_t pick_sections(const struct dcbs_report *r, struct picked_section *to)
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
	nr = nr < MOST_SECTIONS ? nr : MOST_SECTIONS;
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
		if (collect_rows(&rows, r, sorted, picks[i % nr].section)) {
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
	size_t nr = picks && r->nr_functions ? pick_sections(r, picks) : 0;

	if (write_picked(t, picks, nr, order))
		text_lines_paragraph(t, "self: in the function itself; wait: the part of self in which it did not run; total: "
				     "including calls it made; hot: the line of the function with the most time. Shown are sections with the most self time; a share of computing "
				     "is within that many points in 19 of 20 cases.");
	free(picks);
}
