// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text_functions.c - the functions that the time of the largest sections went into. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "render/text/display.h"
#include "render/order.h"
#include "render/text/text.h"
#include "base/human.h"

#define MOST_SECTIONS 5
#define MOST_FUNCTIONS 10
#define LARGE 0.05	/* of the window: a section with as much time of its own is shown */
#define SMALL 0.0005	/* of a section: a function is not */
#define NARROW 60
#define TIME_WIDTH 6
#define SHARE_WIDTH 5
#define PATH_LEAST 12	/* columns: with less, a place says nothing */
#define TWO_SIGMA 1.96
#define PLACE_BYTES 4096
#define MOST_SAMPLES 1e18

/* A section's rows, in order. */
struct rows {
	const char *section;
	const struct dcbs_function **functions;
	size_t nr;
	double total_s;		/* what they add up to */
	double samples;
	const struct dcbs_function *frame;	/* of those that are on every stack and do nothing themselves, the innermost one ... */
	const struct dcbs_function *enters;	/* ... of Python's, if there are any: then what that one calls outside of it */
	size_t callers;		/* how many others there are of that sort */
	size_t wrappers;	/* native ones that do nothing but call the next one, with that one's time */
};

struct pick {
	const char *section;
	double self_s;
};

struct columns {
	bool detailed;		/* there is room for all figures */
	int function, place;
};

/* ---- what is shown ---- */

/* Only its callees tell it from the section itself. */
static bool is_frame(const struct rows *rows, const struct dcbs_function *f)
{
	return f->cumulative_s >= (1 - SMALL) * rows->total_s && !(f->self_s >= SMALL * rows->total_s);
}

static bool is_unnamed(const struct dcbs_function *f)
{
	return !strcmp(f->function, "(unknown)");
}

/* Callers come before what they call. */
static void find_frames(struct rows *rows)
{
	const struct dcbs_function *f, *innermost = NULL, *python = NULL;
	size_t i;

	for (i = 0; i < rows->nr; i++) {
		f = rows->functions[i];
		if (!is_frame(rows, f))
			continue;
		rows->callers++;
		innermost = !innermost || f > innermost ? f : innermost;
		if (f->python)
			python = !python || f > python ? f : python;
	}
	for (i = 0; i < rows->nr && python; i++) {
		f = rows->functions[i];
		if (is_frame(rows, f) && f > python && !is_unnamed(f) && (!rows->enters || f < rows->enters))
			rows->enters = f;
	}
	rows->frame = python ? python : innermost;
	rows->callers -= (rows->frame != NULL) + (rows->enters != NULL);
}

static void sum_up(struct rows *rows)
{
	size_t i;

	for (i = 0; i < rows->nr; i++) {
		rows->total_s += fmax(rows->functions[i]->self_s, 0);
		rows->samples += fmax((double)rows->functions[i]->self_samples, 0);
	}
	find_frames(rows);
}

static int collect(struct rows *rows, const struct dcbs_report *r, const struct dcbs_function **sorted, const char *section)
{
	size_t i;

	*rows = (struct rows) {.section = section, .functions = calloc(r->nr_functions + 1, sizeof(*rows->functions))};
	if (!rows->functions)
		return 0;
	for (i = 0; i < r->nr_functions; i++)
		if (!strcmp(sorted[i]->section, section))
			rows->functions[rows->nr++] = sorted[i];
	sum_up(rows);
	return rows->nr && rows->total_s > 0;
}

static double key_of(const struct dcbs_function *f, enum order_key order)
{
	return order == ORDER_SELF || order_is_rest(f) ? f->self_s : f->cumulative_s;
}

static bool is_shown(const struct rows *rows, const struct dcbs_function *f, enum order_key order)
{
	if (is_frame(rows, f) && f != rows->frame && f != rows->enters)
		return false;
	return !order_is_rest(f) && key_of(f, order) >= SMALL * rows->total_s;
}

static bool does_nothing(const struct rows *rows, const struct dcbs_function *f)
{
	return !f->python && !order_is_rest(f) && !is_frame(rows, f) && !(f->self_s >= SMALL * rows->total_s);
}

/* Of functions that call one another and have the same time, the first one that has a name says it all. */
static bool is_wrapped(const struct rows *rows, const struct dcbs_function *f)
{
	size_t i;

	if (!does_nothing(rows, f))
		return false;
	for (i = 0; i < rows->nr; i++)
		if (does_nothing(rows, rows->functions[i]) && rows->functions[i]->cumulative_s == f->cumulative_s)
			return true;
	return is_unnamed(f);
}

/* Only what is shown is kept; returns how many others there are, not counting callers and what is wrapped. */
static size_t choose(struct rows *rows, enum order_key order)
{
	size_t i, nr = rows->nr;

	rows->nr = 0;
	for (i = 0; i < nr && rows->nr < MOST_FUNCTIONS; i++) {
		const struct dcbs_function *f = rows->functions[i];

		if (is_shown(rows, f, order) && is_wrapped(rows, f))
			rows->wrappers++;
		else if (is_shown(rows, f, order))
			rows->functions[rows->nr++] = f;
	}
	return nr - rows->callers - rows->wrappers - rows->nr;
}

/* There may be two of different kinds; their functions are together. */
static bool is_again(const struct pick *picks, size_t i)
{
	size_t before;

	for (before = 0; before < i; before++)
		if (!strcmp(picks[before].section, picks[i].section))
			return true;
	return false;
}

/* ---- lines ---- */

static const char *place(const struct dcbs_function *f, char *to, size_t size)
{
	if (!f->file)
		return "";
	if (f->line == DCBS_UNKNOWN)
		return strrchr(f->file, '/') ? strrchr(f->file, '/') + 1 : f->file;
	snprintf(to, size, "%.*s:%lld", PLACE_BYTES - 32, f->file, (long long)f->line);
	return to;
}

/* Native functions without the types of what they take: nobody looks for those, and they are long. */
static const char *plain(const struct dcbs_function *f, char *to, size_t size)
{
	const char *end = strrchr(f->function, ')'), *at = end;
	int depth = 0;

	if (f->python || !end || (end[1] && strcmp(end + 1, " const")))
		return f->function;
	do
		depth += (*at == ')') - (*at == '(');
	while (depth && at-- > f->function);
	if (at <= f->function)
		return f->function;
	snprintf(to, size, "%.*s", (int)(at - f->function < (ptrdiff_t)size ? at - f->function : (ptrdiff_t)size - 1), f->function);
	return to;
}

static struct columns fit(const struct text *t, const struct rows *rows)
{
	struct columns c = {.detailed = t->width >= NARROW};
	int rest = t->width - 2 * (TIME_WIDTH + 1) - (c.detailed ? TIME_WIDTH + 1 + SHARE_WIDTH + 1 : 0);
	int function = 1, longest = 0, width;
	char to[PLACE_BYTES];
	size_t i;

	for (i = 0; i < rows->nr; i++) {
		width = display_width(plain(rows->functions[i], to, sizeof(to)));
		function = width > function ? width : function;
		width = display_width(place(rows->functions[i], to, sizeof(to)));
		longest = width > longest ? width : longest;
	}
	c.function = rest / 2 > rest - 1 - longest ? rest / 2 : rest - 1 - longest;
	c.function = function < c.function ? function : c.function;
	c.place = rest - 1 - c.function;
	if (c.place < longest && c.place < PATH_LEAST)
		c = (struct columns) {.detailed = c.detailed, .function = rest};
	return c;
}

static void put_titles(const struct text *t, const struct columns *c, enum order_key order)
{
	fprintf(t->file, "%*s ", TIME_WIDTH, "self");
	if (c->detailed)
		fprintf(t->file, "%*s ", TIME_WIDTH, "wait");
	fprintf(t->file, "%*s ", TIME_WIDTH, "total");
	if (c->detailed)
		fprintf(t->file, "%*s ", SHARE_WIDTH, order == ORDER_SELF ? "self%" : "share");
	fprintf(t->file, "function\n");
}

static void put_time(const struct text *t, double s)
{
	display_cell(t->file, human_tight(human_time(s)).text, TIME_WIDTH, DISPLAY_RIGHT);
	fputc(' ', t->file);
}

static void put_row(const struct text *t, const struct columns *c, const struct rows *rows,
		    const struct dcbs_function *f, enum order_key order)
{
	char to[PLACE_BYTES], name[PLACE_BYTES];
	const char *where = place(f, to, sizeof(to)), *function = plain(f, name, sizeof(name));

	put_time(t, f->self_s);
	if (c->detailed)
		put_time(t, f->self_off_s);
	put_time(t, f->cumulative_s);
	if (c->detailed)
		fprintf(t->file, "%*s ", SHARE_WIDTH, human_share(key_of(f, order) / rows->total_s).text);
	if (c->place && where[0]) {
		display_cell(t->file, function, c->function, DISPLAY_LEFT);
		fputc(' ', t->file);
		display_path(t->file, where, c->place);
	} else {
		display_short(t->file, function, c->function);
	}
	fputc('\n', t->file);
}

/* The error is that of a share of a half, the largest; what a section waited for is not counted by ticks. */
static void put_heading(const struct text *t, const struct rows *rows)
{
	if (rows->samples > 0)
		text_beside(t, "", 0, "%s: %s; %s samples at %d Hz, shares within %s", rows->section,
			    human_time(rows->total_s).text, human_exact((int64_t)fmin(rows->samples, MOST_SAMPLES)).text, t->report->frequency_hz,
			    human_share(TWO_SIGMA * sqrt(0.25 / rows->samples)).text);
	else
		text_beside(t, "", 0, "%s: %s; no sample found it computing", rows->section, human_time(rows->total_s).text);
}

static void put_rows(const struct text *t, struct rows *rows, enum order_key order)
{
	size_t i, others = choose(rows, order);
	struct columns c = fit(t, rows);

	put_heading(t, rows);
	put_titles(t, &c, order);
	for (i = 0; i < rows->nr; i++)
		put_row(t, &c, rows, rows->functions[i], order);
	if (others)
		text_beside(t, "", 0, "(%zu more took less)", others);
	if (rows->wrappers)
		text_beside(t, "", 0, "(%zu more only call those: native ones with the same time, or without a name)", rows->wrappers);
	if (rows->callers)
		text_beside(t, "", 0, "(%zu more are on every stack: its callers)", rows->callers);
}

/* ---- sections ---- */

static int pick_order(const void *a, const void *b)
{
	return (((const struct pick *)a)->self_s < ((const struct pick *)b)->self_s) -
	       (((const struct pick *)a)->self_s > ((const struct pick *)b)->self_s);
}

static bool is_outside(const char *section)
{
	return !strcmp(section, DCBS_OUTSIDE);
}

/* "(outside)" may have functions, but no line among the sections where the kernel does not tell its time. */
static size_t pick(const struct dcbs_report *r, struct pick *to)
{
	bool outside = false;
	size_t i, nr = 0;

	for (i = 0; i < r->nr_sections; i++) {
		if (isnan(r->sections[i].self_s))
			continue;
		to[nr++] = (struct pick) {r->sections[i].name, r->sections[i].self_s};
		outside |= is_outside(r->sections[i].name);
	}
	if (!outside)
		to[nr++] = (struct pick) {DCBS_OUTSIDE, 0};
	for (i = 0; i < r->nr_functions && !outside; i++)
		if (is_outside(r->functions[i].section))
			to[nr - 1].self_s += fmax(r->functions[i].self_s, 0);
	qsort(to, nr, sizeof(*to), pick_order);
	nr = nr < MOST_SECTIONS ? nr : MOST_SECTIONS;
	while (nr > 1 && !(to[nr - 1].self_s >= LARGE * r->duration_s))
		nr--;
	return nr;
}

/* Those of the largest sections; the rest of the target comes last, however much it is. */
static size_t put_picks(const struct text *t, const struct pick *picks, size_t nr, enum order_key order)
{
	const struct dcbs_report *r = t->report;
	const struct dcbs_function **sorted = order_functions(r, order);
	size_t i, shown = 0;
	struct rows rows;

	for (i = 0; i < 2 * nr && sorted; i++) {
		if (is_again(picks, i % nr) || is_outside(picks[i % nr].section) != (i >= nr))
			continue;
		if (collect(&rows, r, sorted, picks[i % nr].section)) {
			fputs(shown++ ? "\n" : "\nFUNCTIONS\n", t->file);
			put_rows(t, &rows, order);
		}
		free(rows.functions);
	}
	free(sorted);
	return shown;
}

void text_functions(const struct text *t, enum order_key order)
{
	const struct dcbs_report *r = t->report;
	struct pick *picks = calloc(r->nr_sections + 1, sizeof(*picks));
	size_t nr = picks && r->nr_functions ? pick(r, picks) : 0;

	if (put_picks(t, picks, nr, order))
		text_beside(t, "", 0, "self: in the function itself, wait: of that, not running; total: with what it "
			    "called. Of the sections with most time of their own; a share of computing is within so many "
			    "points in 19 of 20 cases.");
	free(picks);
}
