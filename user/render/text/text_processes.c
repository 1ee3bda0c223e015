// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text_processes.c - the report's table of processes, where there are several. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "render/text/display.h"
#include "render/text/text.h"
#include "base/human.h"

#define MOST_PROCESSES 16	/* those that were longest in sections, and what there is of the others together */
#define NAME_COLUMNS 20
#define WIDE 69		/* columns of a whole line, the name included */
#define NARROW 31	/* of one without moments, the name not included */

static int busiest_first(const void *a, const void *b)
{
	const struct dcbs_target *x = *(const struct dcbs_target *const *)a, *y = *(const struct dcbs_target *const *)b;

	if (x->sections_s != y->sections_s)
		return x->sections_s < y->sections_s ? 1 : -1;
	return x->pid - y->pid;
}

/* A moment, as seconds into the window. */
static const char *moment(struct human *to, const struct dcbs_report *r, double unix_s, const char *before)
{
	if (isnan(unix_s))
		return before;
	*to = human_tight(human_time(fmax(unix_s - r->started_at, 0)));
	return to->text;
}

/* A line; without the two moments where there is little room. */
static void put_line(const struct text *t, const char *pid, const char *name, const char *came, const char *went, const char *calls,
		     const char *time)
{
	bool wide = t->width >= WIDE;

	fprintf(t->file, "%8s ", pid);
	display_cell(t->file, name, wide ? NAME_COLUMNS : t->width - NARROW, DISPLAY_LEFT);
	if (wide)
		fprintf(t->file, " %8s %8s", came, went);
	fprintf(t->file, " %11s %9s\n", calls, time);
}

static void put_process(const struct text *t, const struct dcbs_target *p)
{
	struct human came, went;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)p->pid);
	put_line(t, pid, p->comm, moment(&came, t->report, p->parent ? p->started_at : NAN, "-"),
		 moment(&went, t->report, p->ended_at, "-"), human_exact(p->sections).text, human_tight(human_time(p->sections_s)).text);
}

static void put_rest(const struct text *t, const struct dcbs_target **all, size_t first)
{
	struct dcbs_target rest = {0};
	char name[32];
	size_t i;

	for (i = first; i < t->report->nr_targets; i++) {
		rest.sections += all[i]->sections;
		rest.sections_s += all[i]->sections_s;
	}
	snprintf(name, sizeof(name), "(%zu more)", t->report->nr_targets - first);
	put_line(t, "", name, "", "", human_exact(rest.sections).text, human_tight(human_time(rest.sections_s)).text);
}

void text_processes(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	const struct dcbs_target **all;
	size_t i;

	if (r->nr_targets < 2 || isnan(r->targets[0].sections_s) || !(all = calloc(r->nr_targets, sizeof(*all))))
		return;
	for (i = 0; i < r->nr_targets; i++)
		all[i] = &r->targets[i];
	qsort(all, r->nr_targets, sizeof(*all), busiest_first);
	fprintf(t->file, "\nPROCESSES\n");
	put_line(t, "pid", "name", "came", "went", "calls", "sections");
	for (i = 0; i < r->nr_targets && i < MOST_PROCESSES; i++)
		put_process(t, all[i]);
	if (i < r->nr_targets)
		put_rest(t, all, i);
	if (r->more_targets > 0)
		text_beside(t, "", 0, "%s more have come and gone; their calls are in the sections above.", human_exact(r->more_targets).text);
	text_beside(t, "", 0, "By their time in sections, what one calls counted once.%s", t->width < WIDE ? "" :
		    " Came and went: into the window; - if it was there before, or still is.");
	free(all);
}
