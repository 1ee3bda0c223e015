// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text_operators.c - the operators of PyTorch in which sections spent their time. */
#include <string.h>

#include "base/human.h"
#include "render/text/display.h"
#include "render/text/text_parts.h"

#define LARGE 0.05	/* of the window: a section whose operators take so long is shown */
#define SMALL 0.01	/* of the time of its operators: one that took less by itself is not shown */
#define MOST 8		/* operators of a section, with --verbose */
#define FEW 4
#define TIME_WIDTH 6
#define SHARE_WIDTH 6

static double section_self_s(const struct dcbs_report *r, size_t first, size_t end)
{
	double self_s = 0;

	for (; first < end; first++)
		self_s += r->operators[first].self_s;
	return self_s;
}

static void write_operator(const struct text *t, const struct dcbs_operator *o, double all_s)
{
	display_cell(t->file, human_tight(human_time_within(o->self_s, o->self_error_s)).text, TIME_WIDTH, DISPLAY_RIGHT);
	fputc(' ', t->file);
	/* Rounded as its part is, which else could be shown as longer. */
	display_cell(t->file, human_tight(human_time_within(o->cumulative_s, o->self_error_s)).text, TIME_WIDTH, DISPLAY_RIGHT);
	fputc(' ', t->file);
	display_cell(t->file, human_share(o->self_s / all_s).text, SHARE_WIDTH, DISPLAY_RIGHT);
	fputc(' ', t->file);
	display_short(t->file, o->name, text_lines_room(t, o->name, t->width - 2 * (TIME_WIDTH + 1) - SHARE_WIDTH - 1));
	fputc('\n', t->file);
}

/* Operators are sorted by their own time. */
static void write_section(const struct text *t, size_t first, size_t end, double all_s)
{
	const struct dcbs_operator *o = t->report->operators;
	size_t i, most = t->verbose ? MOST : FEW;

	text_lines_paragraph(t, "%s: %s in %zu operator%s", o[first].section, human_time(all_s).text, end - first,
			     end - first == 1 ? "" : "s");
	fprintf(t->file, "%*s %*s %*s operator\n", TIME_WIDTH, "self", TIME_WIDTH, "total", SHARE_WIDTH, "share");
	for (i = first; i < end && i < first + most && o[i].self_s >= SMALL * all_s; i++)
		write_operator(t, &o[i], all_s);
}

void text_operators(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	size_t first, end, shown = 0;
	double all_s;

	for (first = 0; first < r->nr_operators; first = end) {
		for (end = first; end < r->nr_operators && !strcmp(r->operators[end].section, r->operators[first].section);)
			end++;
		all_s = section_self_s(r, first, end);
		if (!(all_s >= LARGE * r->duration_s) || !(all_s > 0))
			continue;
		if (shown++)
			fputc('\n', t->file);
		else
			text_lines_heading(t, "OPERATORS");
		write_section(t, first, end, all_s);
	}
}
