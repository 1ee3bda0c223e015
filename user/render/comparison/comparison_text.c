// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* comparison_text.c - a comparison for people: the verdict first, the evidence below it. */
#include <math.h>
#include <string.h>

#include "render/comparison/comparison_words.h"
#include "render/comparison/comparison_writers.h"
#include "render/text/display.h"

#define WIDTH_WITHOUT_TERMINAL 100
#define LABEL_COLUMNS 17
#define NAME_LEAST 8
#define NAME_MOST 28
#define VALUE_COLUMNS 9
#define CHANGE_COLUMNS 8
#define INTERVAL_COLUMNS 16
#define ROWS_SHOWN 40		/* of sections, without verbose */
#define ONLY_SHOWN 10
#define DIFFERENCES_SHOWN 6
#define LIMITS_SHOWN 20

struct comparison_page {
	FILE *file;
	const struct comparison *c;
	const struct comparison_view *view;
	int width, name_columns;
	size_t main_metric;	/* index of the metric that gives the verdict on sections */
};

/* ---- lines ---- */

static void write_beside(const struct comparison_page *p, const char *label, const char *words)
{
	display_cell(p->file, label, LABEL_COLUMNS - 1, DISPLAY_LEFT);
	fputc(' ', p->file);
	display_wrap(p->file, words, p->width, LABEL_COLUMNS, LABEL_COLUMNS);
}

static void write_heading(const struct comparison_page *p, const char *title)
{
	fprintf(p->file, p->view->colour ? "\n\033[1m%s\033[0m\n" : "\n%s\n", title);
}

static void write_sides(const struct comparison_page *p)
{
	size_t i;

	write_beside(p, "OLD", comparison_side_line(&p->c->old_side).text);
	write_beside(p, "NEW", comparison_side_line(&p->c->new_side).text);
	for (i = 0; i < p->c->nr_warnings; i++)
		write_beside(p, "warning", p->c->warnings[i]);
	fputc('\n', p->file);
}

/* ---- verdicts ---- */

/* Lists what differs between two sessions by more than varies within them. */
static void write_differences(const struct comparison_page *p)
{
	const struct comparison *c = p->c;
	size_t i, shown = 0;

	for (i = 0; i < c->nr_common && p->main_metric < c->options->nr_metrics && shown < DIFFERENCES_SHOWN; i++)
		if (c->subjects[i].kind == METRIC_OF_SECTION &&
		    comparison_differs_within_runs(c, &c->subjects[i], &c->subjects[i].effects[p->main_metric])) {
			write_beside(p, "in these 2 runs", comparison_effect_line(c, &c->subjects[i], p->main_metric).text);
			shown++;
		}
}

static void write_verdicts(const struct comparison_page *p)
{
	const struct comparison *c = p->c;
	struct comparison_rest rest = comparison_rest(c);
	size_t i, k;

	for (i = 0; i < c->nr_common; i++)
		for (k = 0; k < c->options->nr_metrics; k++)
			if (comparison_is_news(c, &c->subjects[i], k))
				write_beside(p, comparison_word(&c->options->metrics[k], c->subjects[i].effects[k].verdict),
					     comparison_effect_line(c, &c->subjects[i], k).text);
	write_differences(p);
	for (i = 0; i < rest.nr; i++)
		write_beside(p, rest.labels[i], rest.lines[i].text);
}

/* Those that are kept are counted, unless all is to be shown. */
static void write_limits(const struct comparison_page *p)
{
	const struct comparison *c = p->c;
	size_t i, shown = 0;

	for (i = 0; i < c->nr_limits; i++)
		if (p->view->verbose || (c->limits[i].state != LIMIT_KEPT && shown < LIMITS_SHOWN)) {
			write_beside(p, comparison_limit_word(&c->limits[i]), comparison_limit_line(c, &c->limits[i]).text);
			shown++;
		}
	if (c->nr_limits)
		fprintf(p->file, "%-*s %zu exceeded, %zu kept, %zu not judged\n", LABEL_COLUMNS - 1, "limits", c->nr_exceeded,
			c->nr_limits - c->nr_exceeded - c->nr_cannot_tell, c->nr_cannot_tell);
}

/* ---- the table of sections ---- */

/* Without a verdict the number has a question mark: it may be chance. */
static void write_change(const struct comparison_page *p, const struct comparison_effect *e)
{
	struct human change = comparison_change(e->change);

	if (e->verdict == VERDICT_NO_CHANGE)
		change = (struct human){"~"};
	else if (!comparison_is_changed(e) && !isnan(e->change))
		strcat(change.text, "?");
	fputc(' ', p->file);
	display_cell(p->file, change.text, CHANGE_COLUMNS, DISPLAY_RIGHT);
}

static bool is_column(const struct comparison_page *p, size_t metric)
{
	return metric != p->main_metric && metric_subject_of(&p->c->options->metrics[metric]) == METRIC_OF_SECTION;
}

static void write_cells(const struct comparison_page *p, const char *old_value, const char *new_value)
{
	fputc(' ', p->file);
	display_cell(p->file, old_value, VALUE_COLUMNS, DISPLAY_RIGHT);
	fputc(' ', p->file);
	display_cell(p->file, new_value, VALUE_COLUMNS, DISPLAY_RIGHT);
}

static void write_table_head(const struct comparison_page *p)
{
	char name[32];
	size_t k;

	metric_name(&p->c->options->metrics[p->main_metric], name, sizeof(name));
	display_cell(p->file, "section", p->name_columns, DISPLAY_LEFT);
	write_cells(p, "old", "new");
	fputc(' ', p->file);
	display_cell(p->file, name, CHANGE_COLUMNS, DISPLAY_RIGHT);
	fputc(' ', p->file);
	snprintf(name, sizeof(name), "%g%%", p->c->options->confidence * 100);
	display_cell(p->file, name, INTERVAL_COLUMNS, DISPLAY_RIGHT);
	for (k = 0; k < p->c->options->nr_metrics; k++) {
		if (!is_column(p, k))
			continue;
		metric_name(&p->c->options->metrics[k], name, sizeof(name));
		fputc(' ', p->file);
		display_cell(p->file, name, CHANGE_COLUMNS, DISPLAY_RIGHT);
	}
	fputs("  why, a call\n", p->file);
}

static void write_section(const struct comparison_page *p, const struct comparison_subject *s)
{
	const struct comparison_effect *e = &s->effects[p->main_metric];
	const struct metric *metric = &p->c->options->metrics[p->main_metric];
	size_t k;

	display_cell(p->file, s->name, p->name_columns, DISPLAY_LEFT);
	write_cells(p, human_tight(comparison_value(metric, e->old_value)).text,
		    human_tight(comparison_value(metric, e->new_value)).text);
	write_change(p, e);
	fputc(' ', p->file);
	display_cell(p->file, comparison_interval(e).text, INTERVAL_COLUMNS, DISPLAY_RIGHT);
	for (k = 0; k < p->c->options->nr_metrics; k++)
		if (is_column(p, k))
			write_change(p, &s->effects[k]);
	if (e->verdict != VERDICT_NO_CHANGE && e->verdict != VERDICT_SMALL)
		fprintf(p->file, "  %s", comparison_why_line(s).text);
	fputc('\n', p->file);
}

static void write_table(struct comparison_page *p)
{
	const struct comparison *c = p->c;
	size_t i, shown = 0, left_out = 0;

	for (i = 0; i < c->nr_common; i++)
		if (c->subjects[i].kind == METRIC_OF_SECTION && display_width(c->subjects[i].name) > p->name_columns)
			p->name_columns = display_width(c->subjects[i].name);
	p->name_columns = p->name_columns < NAME_MOST ? p->name_columns : NAME_MOST;
	write_heading(p, "SECTIONS");
	write_table_head(p);
	for (i = 0; i < c->nr_common; i++) {
		if (c->subjects[i].kind != METRIC_OF_SECTION)
			continue;
		if (shown == ROWS_SHOWN && !p->view->verbose)
			left_out++;
		else {
			write_section(p, &c->subjects[i]);
			shown++;
		}
	}
	if (left_out)
		fprintf(p->file, "%zu more with -v\n", left_out);
	fputs("~: no change found; ?: it may be chance.\n", p->file);
}

/* ---- other tables ---- */

static void write_others(const struct comparison_page *p)
{
	const struct comparison *c = p->c;
	char name[32];
	size_t i, k, shown = 0;

	for (i = 0; i < c->nr_common; i++)
		for (k = 0; k < c->options->nr_metrics && c->subjects[i].kind != METRIC_OF_SECTION; k++) {
			const struct comparison_effect *e = &c->subjects[i].effects[k];

			if (!e->nr_old || !e->nr_new)
				continue;
			if (!shown++)
				write_heading(p, "PROCESS AND CACHES");
			metric_name(&c->options->metrics[k], name, sizeof(name));
			write_beside(p, comparison_word(&c->options->metrics[k], e->verdict),
				     comparison_effect_line(c, &c->subjects[i], k).text);
		}
}

static void write_only(const struct comparison_page *p, const char *label, bool in_new)
{
	const struct comparison *c = p->c;
	size_t i, nr = 0;

	for (i = c->nr_common; i < c->nr_subjects; i++) {
		if (c->subjects[i].in_new != in_new || c->subjects[i].kind != METRIC_OF_SECTION)
			continue;
		if (!nr)
			write_heading(p, label);
		if (nr++ < ONLY_SHOWN || p->view->verbose) {
			display_cell(p->file, c->subjects[i].name, NAME_MOST, DISPLAY_LEFT);
			fprintf(p->file, " %s of the window\n", human_share(c->subjects[i].share).text);
		}
	}
	if (nr > ONLY_SHOWN && !p->view->verbose)
		fprintf(p->file, "%zu more with -v\n", nr - ONLY_SHOWN);
}

static void write_shapes(const struct comparison_page *p)
{
	const struct comparison *c = p->c;
	size_t i, shown = 0;

	for (i = 0; i < c->nr_common; i++) {
		const struct comparison_subject *s = &c->subjects[i];

		if (s->kind != METRIC_OF_SECTION || isnan(s->shape.larger) ||
		    (!p->view->verbose && !comparison_is_changed(&s->effects[p->main_metric])))
			continue;
		if (!shown++)
			write_heading(p, "CALLS (a description, no evidence)");
		write_beside(p, s->name, comparison_shape_line(&s->shape).text);
	}
}

static void write_method(const struct comparison_page *p)
{
	const struct comparison *c = p->c;

	fputc('\n', p->file);
	if (!c->nr_comparisons)
		return;
	fprintf(p->file, "Each session counts once. Intervals: Welch's t test on logarithms. A change must also pass the\n"
		"permutation test, hold together with all others (comparisons: %zu; Benjamini-Hochberg), and be at least\n"
		"%g%%.\n", c->nr_comparisons,
		c->options->min_effect * 100);
}

static size_t find_main_metric(const struct comparison *c)
{
	size_t k;

	for (k = 0; k < c->options->nr_metrics; k++)
		if (metric_subject_of(&c->options->metrics[k]) == METRIC_OF_SECTION)
			return k;
	return c->options->nr_metrics;
}

int comparison_text(FILE *file, const struct comparison *c, const struct comparison_view *view)
{
	struct comparison_page page = {
		.file = file, .c = c, .view = view, .width = view->width ? view->width : WIDTH_WITHOUT_TERMINAL,
		.name_columns = NAME_LEAST, .main_metric = find_main_metric(c),
	};

	write_sides(&page);
	write_verdicts(&page);
	write_limits(&page);
	if (page.main_metric < c->options->nr_metrics)
		write_table(&page);
	write_others(&page);
	write_only(&page, "ONLY IN OLD", false);
	write_only(&page, "ONLY IN NEW", true);
	if (page.main_metric < c->options->nr_metrics)
		write_shapes(&page);
	write_method(&page);
	return 0;
}
