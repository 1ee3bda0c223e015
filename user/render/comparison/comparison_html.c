// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * comparison_html.c - a comparison as one page without scripts: the verdict, the table of sections, and for each section the histograms
 * of both sides, one over the other. The page makes no request.
 */
#include <math.h>
#include <string.h>

#include "render/comparison/comparison_histogram.h"
#include "render/comparison/comparison_words.h"
#include "render/comparison/comparison_writers.h"
#include "render/markup.h"

#define LINES_SHOWN 40
#define SECTIONS_SHOWN 200
#define CHARTS_SHOWN 40

static const char style[] =
	"body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em;color:#1d2733;background:#fff}"
	"table{border-collapse:collapse}td,th{padding:.15em .7em;border-bottom:1px solid #d8dee4;text-align:right}"
	"td:first-child,th:first-child,td:last-child,th:last-child{text-align:left}"
	"dt{font-weight:600}dd{margin:0 0 .3em 1.5em}svg{max-width:100%;height:auto}"
	".old{fill:#9aa4ae}.new{fill:#2f6fb7;fill-opacity:.55}text{font-size:11px;fill:#5b6773}.key{display:inline-block;width:.8em;height:.8em}"
	"@media(prefers-color-scheme:dark){body{color:#d8dee4;background:#14191f}td,th{border-color:#333c46}}";

static void write_item(FILE *file, const char *label, const char *words)
{
	fprintf(file, "<dt>%s</dt><dd>", label);
	markup_text(file, words);
	fputs("</dd>\n", file);
}

/* ---- the verdict ---- */

static void write_more(FILE *file, size_t left_out)
{
	fprintf(file, "<dt>and %zu more changes</dt>\n", left_out);
}

static const struct comparison_list verdicts = {write_item, write_more, LINES_SHOWN};

static void write_verdicts(FILE *file, const struct comparison *c)
{
	size_t i;

	fputs("<section id=\"verdict\"><h2>Verdict</h2>\n<dl>\n", file);
	comparison_write_verdicts(file, c, &verdicts);
	for (i = 0; i < c->nr_warnings && i < LINES_SHOWN; i++)
		write_item(file, "warning", c->warnings[i]);
	fputs("</dl></section>\n", file);
}

/* ---- sections ---- */

static bool is_compared_section(const struct comparison *c, const struct comparison_subject *s)
{
	return s->kind == METRIC_OF_SECTION && comparison_main_effect(c, s);
}

static void write_section(FILE *file, const struct comparison *c, const struct comparison_subject *s)
{
	const struct comparison_effect *e = comparison_main_effect(c, s);
	const struct metric *metric = &c->options->metrics[e - s->effects];

	fputs("<tr><td>", file);
	markup_text(file, s->name);
	fprintf(file, "</td><td>%s</td>", comparison_value(metric, e->old_value).text);
	fprintf(file, "<td>%s</td>", comparison_value(metric, e->new_value).text);
	fprintf(file, "<td>%s</td>", comparison_change(e->change).text);
	fprintf(file, "<td>%s</td><td>%s</td><td>", comparison_interval(e).text, comparison_word(metric, e->verdict));
	markup_text(file, comparison_why_line(s).text);
	fputs("</td></tr>\n", file);
}

static void write_section_table(FILE *file, const struct comparison *c)
{
	size_t i, shown = 0, left_out = 0;

	fprintf(file, "<section id=\"sections\"><h2>Sections</h2>\n<table><tr><th>section</th><th>old</th><th>new</th><th>change</th>"
		"<th>%g%% interval</th><th>verdict</th><th>why, a call</th></tr>\n", c->options->confidence * 100);
	for (i = 0; i < c->nr_common; i++) {
		if (!is_compared_section(c, &c->subjects[i]))
			continue;
		if (shown++ < SECTIONS_SHOWN)
			write_section(file, c, &c->subjects[i]);
		else
			left_out++;
	}
	fputs("</table>\n", file);
	if (left_out)
		fprintf(file, "<p>%zu more sections.</p>\n", left_out);
	fputs("</section>\n", file);
}

/* ---- histograms ---- */

static void write_chart(FILE *file, const struct comparison *c, const struct comparison_subject *s)
{
	fputs("<h3>", file);
	markup_text(file, s->name);
	fputs("</h3>\n<p>", file);
	markup_text(file, comparison_shape_line(&s->shape).text);
	fputs("</p>\n", file);
	comparison_histogram_write(file, s->old_sections, c->old_side.nr, s->new_sections, c->new_side.nr);
}

static void write_charts(FILE *file, const struct comparison *c)
{
	size_t i, shown = 0;

	fputs("<section id=\"calls\"><h2>Calls</h2>\n<p>How long calls took: <span class=\"key\" style=\"background:#9aa4ae\"></span> old, "
	      "<span class=\"key\" style=\"background:#2f6fb7\"></span> new. The height is the share of a side's calls. This describes a change "
	      "and is no evidence for one.</p>\n", file);
	for (i = 0; i < c->nr_common && shown < CHARTS_SHOWN; i++)
		if (is_compared_section(c, &c->subjects[i]) && !isnan(c->subjects[i].shape.larger)) {
			write_chart(file, c, &c->subjects[i]);
			shown++;
		}
	fputs("</section>\n", file);
}

int comparison_html(FILE *file, const struct comparison *c, const struct comparison_view *view)
{
	(void)view;
	fprintf(file, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
		"form-action 'none'\">\n<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>dcbs-bpfprof diff</title>\n"
		"<style>%s</style>\n</head>\n<body>\n<h1>Comparison of sessions</h1>\n<dl>\n", style);
	write_item(file, "OLD", comparison_side_line(&c->old_side).text);
	write_item(file, "NEW", comparison_side_line(&c->new_side).text);
	fputs("</dl>\n", file);
	write_verdicts(file, c);
	write_section_table(file, c);
	write_charts(file, c);
	fputs("</body>\n</html>\n", file);
	return 0;
}
