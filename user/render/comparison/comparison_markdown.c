// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* comparison_markdown.c - a comparison as Markdown for a pull request: the verdict first, and a table of bounded length. */
#include "render/comparison/comparison_words.h"
#include "render/comparison/comparison_writers.h"
#include "render/markup.h"

#define ROWS_SHOWN 20
#define WARNINGS_SHOWN 8

static void write_item(FILE *file, const char *label, const char *words)
{
	fprintf(file, "* **%s**: ", label);
	markup_markdown(file, words);
	fputc('\n', file);
}

static void write_changed(FILE *file, const struct comparison *c)
{
	size_t i, k, shown = 0, left_out = 0;

	for (i = 0; i < c->nr_common; i++)
		for (k = 0; k < c->options->nr_metrics; k++) {
			if (!comparison_is_news(c, &c->subjects[i], k))
				continue;
			if (shown++ < ROWS_SHOWN)
				write_item(file, comparison_word(&c->options->metrics[k], c->subjects[i].effects[k].verdict),
					   comparison_effect_line(c, &c->subjects[i], k).text);
			else
				left_out++;
		}
	if (left_out)
		fprintf(file, "* and %zu more changes\n", left_out);
}

static void write_verdict_list(FILE *file, const struct comparison *c)
{
	struct comparison_rest rest = comparison_rest(c);
	size_t i;

	for (i = 0; i < c->nr_limits && i < ROWS_SHOWN; i++)
		if (c->limits[i].state != LIMIT_KEPT)
			write_item(file, comparison_limit_word(&c->limits[i]), comparison_limit_line(c, &c->limits[i]).text);
	write_changed(file, c);
	for (i = 0; i < rest.nr; i++)
		write_item(file, rest.labels[i], rest.lines[i].text);
}

static void write_table_row(FILE *file, const struct comparison *c, const struct comparison_subject *s)
{
	const struct comparison_effect *e = comparison_main_effect(c, s);
	const struct metric *metric = &c->options->metrics[e - s->effects];

	fputs("| ", file);
	markup_markdown(file, s->name);
	fprintf(file, " | %s", comparison_value(metric, e->old_value).text);
	fprintf(file, " | %s", comparison_value(metric, e->new_value).text);
	fprintf(file, " | %s", comparison_change(e->change).text);
	fprintf(file, " | %s | %s | ", comparison_interval(e).text, comparison_word(metric, e->verdict));
	markup_markdown(file, comparison_why_line(s).text);
	fputs(" |\n", file);
}

static void write_section_table(FILE *file, const struct comparison *c)
{
	size_t i, shown = 0, left_out = 0;

	for (i = 0; i < c->nr_common; i++) {
		if (c->subjects[i].kind != METRIC_OF_SECTION || !comparison_main_effect(c, &c->subjects[i]))
			continue;
		if (!shown)
			fprintf(file, "\n| section | old | new | change | %g%% interval | verdict | why, a call |\n"
				"|---|---:|---:|---:|---:|---|---|\n", c->options->confidence * 100);
		if (shown++ < ROWS_SHOWN)
			write_table_row(file, c, &c->subjects[i]);
		else
			left_out++;
	}
	if (left_out)
		fprintf(file, "\n%zu more sections.\n", left_out);
}

int comparison_markdown(FILE *file, const struct comparison *c, const struct comparison_view *view)
{
	size_t i;

	(void)view;
	write_verdict_list(file, c);
	for (i = 0; i < c->nr_warnings && i < WARNINGS_SHOWN; i++)
		write_item(file, "warning", c->warnings[i]);
	write_section_table(file, c);
	fputs("\nOLD: ", file);
	markup_markdown(file, comparison_side_line(&c->old_side).text);
	fputs("  \nNEW: ", file);
	markup_markdown(file, comparison_side_line(&c->new_side).text);
	fputc('\n', file);
	return 0;
}
