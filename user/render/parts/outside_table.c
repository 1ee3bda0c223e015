// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* outside_table.c - whose time it is that no section was open: main threads, pools, helper processes. */
#include <math.h>
#include <stdlib.h>

#include "base/human.h"
#include "render/cause.h"
#include "render/text/display.h"
#include "render/text/table.h"
#include "render/text/text_parts.h"

#define WORTH_A_TABLE 0.1	/* of the window: if less time is outside of sections, its parts are shown with --verbose only */
#define SMALL 0.01		/* of the time outside of sections */
#define MOST_ROWS 8
#define TIME_WIDTH 7
#define BAR 10
#define CAUSES_WIDTH 25		/* three causes */
#define NARROW 80

static const char *name_of(const struct dcbs_report *r, pid_t pid)
{
	size_t i;

	for (i = 0; i < r->nr_targets; i++)
		if (r->targets[i].pid == pid)
			return r->targets[i].comm;
	return "";
}

/* The result is freed by the caller; NULL: no memory. */
static char *words_for(const struct dcbs_report *r, const struct dcbs_outside *o)
{
	const char *several = o->threads == 1 ? "" : "s", *name = name_of(r, o->pid);
	struct human number = human_exact(o->threads);
	char *text = NULL;
	int len = -1;

	switch (o->role) {
	case DCBS_ROLE_MAIN:
		len = asprintf(&text, "main thread of %s %d", name, (int)o->pid);
		break;
	case DCBS_ROLE_SECTIONS:
		len = asprintf(&text, "%s other thread%s with sections, of %d", number.text, several, (int)o->pid);
		break;
	case DCBS_ROLE_POOL:
		len = asprintf(&text, "%s thread%s without sections, of %d", number.text, several, (int)o->pid);
		break;
	case DCBS_ROLE_HELPER:
		len = asprintf(&text, "helper process %s %d", name, (int)o->pid);
		break;
	case DCBS_ROLE_ENDED:
		len = asprintf(&text, "%s thread%s of processes that have ended", number.text, several);
		break;
	}
	return len < 0 ? NULL : text;
}

static void write_row(const struct text *t, const struct dcbs_outside *o)
{
	int room = t->width - TIME_WIDTH - BAR - 2;
	char *words = words_for(t->report, o);

	display_cell(t->file, human_tight(human_time_within(o->total_s, o->error_s)).text, TIME_WIDTH, DISPLAY_RIGHT);
	fputc(' ', t->file);
	cause_bar(t->file, &o->wall, BAR, t->colour);
	fputc(' ', t->file);
	if (t->width >= NARROW) {
		room -= CAUSES_WIDTH + 1;
		fprintf(t->file, "%*s", CAUSES_WIDTH - cause_largest(t->file, &o->wall, CAUSES_WIDTH) + 1, "");
	}
	if (words)
		display_short(t->file, words, text_lines_room(t, words, room));
	fputc('\n', t->file);
	free(words);
}

/* The time outside of sections, in seconds; NAN: the report does not have it. */
static double outside_s(const struct dcbs_report *r)
{
	const struct dcbs_section *last = r->nr_sections ? &r->sections[r->nr_sections - 1] : NULL;

	return last && section_tree_is_outside(last) ? last->total_s : NAN;
}

void text_outside(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	double all_s = outside_s(r);
	size_t i, rows = 0;

	if (r->nr_outside < 2 || !table_nr_sections(r) || !(all_s > 0) || (!t->verbose && all_s < WORTH_A_TABLE * r->duration_s))
		return;
	text_lines_heading(t, "OUTSIDE OF SECTIONS");
	for (i = 0; i < r->nr_outside; i++) {
		if (!t->verbose && (rows == MOST_ROWS || r->outside[i].total_s < SMALL * all_s))
			continue;
		write_row(t, &r->outside[i]);
		rows++;
	}
	if (rows < r->nr_outside)
		text_lines_paragraph(t, "(%zu more took less time: --verbose shows them)", r->nr_outside - rows);
}
