// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text_awaiting.c - how many tasks of asyncio are suspended, and where. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "render/text/display.h"
#include "render/text/text_parts.h"

#define MOST_PLACES 10
#define FEW_TASKS 0.05	/* on average: such a place is not shown */
#define NUMBER_WIDTH 6

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void add_place(FILE *to, const char *function, const char *file, int64_t line)
{
	fputs(function, to);
	if (file && line != DCBS_UNKNOWN)
		fprintf(to, " (%s:%lld)", base_name(file), (long long)line);
	else if (file)
		fprintf(to, " (%s)", base_name(file));
}

static bool is_innermost(const struct dcbs_awaiting *a)
{
	return a->line == a->inner_line && !strcmp(a->function, a->inner_function) &&
	       (a->file == a->inner_file || (a->file && a->inner_file && !strcmp(a->file, a->inner_file)));
}

static void write_place(const struct text *t, const struct dcbs_awaiting *a)
{
	char *words = NULL;
	size_t len;
	FILE *to = open_memstream(&words, &len);

	if (!to)
		return;
	add_place(to, a->function, a->file, a->line);
	if (!is_innermost(a)) {
		fputs(" in ", to);
		add_place(to, a->inner_function, a->inner_file, a->inner_line);
	}
	if (!fclose(to)) {
		display_cell(t->file, human_number(a->tasks).text, NUMBER_WIDTH, DISPLAY_RIGHT);
		fputc(' ', t->file);
		display_cell(t->file, human_exact(a->most).text, NUMBER_WIDTH, DISPLAY_RIGHT);
		fputc(' ', t->file);
		display_short(t->file, words, t->width - 2 * (NUMBER_WIDTH + 1));
		fputc('\n', t->file);
	}
	free(words);
}

void text_awaiting(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	size_t i;

	if (!r->nr_awaiting)
		return;
	text_lines_heading(t, "AWAITING");
	fprintf(t->file, "%*s %*s suspended at\n", NUMBER_WIDTH, "tasks", NUMBER_WIDTH, "most");
	for (i = 0; i < r->nr_awaiting && i < MOST_PLACES; i++)
		if (!i || r->awaiting[i].tasks >= FEW_TASKS)
			write_place(t, &r->awaiting[i]);
	text_lines_paragraph(t, "Tasks of asyncio, on average of %s looks and at most: the innermost line of the program's own, and the coroutine "
			     "that it awaits.%s", human_exact(r->await_looks).text, r->awaiting_more ? " There were more tasks than were read." : "");
}
