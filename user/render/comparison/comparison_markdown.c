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

static void write_more(FILE *file, size_t left_out)
{
	fprintf(file, "* and %zu more changes\n", left_out);
}

static const struct comparison_list verdicts = {write_item, write_more, ROWS_SHOWN};

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
	comparison_write_verdicts(file, c, &verdicts);
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
