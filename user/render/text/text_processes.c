// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text_processes.c - the report's table of processes, if there are several. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/human.h"
#include "render/text/display.h"
#include "render/text/text_parts.h"

#define MOST_PROCESSES 64	/* with --verbose: those with the most time in sections; the others share a line */
#define FEW_PROCESSES 8
#define NAME_COLUMNS 20
#define WIDE 69		/* columns of a whole line, the name included */
#define NARROW 31	/* columns of a line without start and exit, the name not included */

static int busiest_first(const void *a, const void *b)
{
	const struct dcbs_target *x = *(const struct dcbs_target *const *)a, *y = *(const struct dcbs_target *const *)b;

	if (x->sections_s != y->sections_s)
		return x->sections_s < y->sections_s ? 1 : -1;
	return x->pid - y->pid;
}

/* Seconds into the window; "-" for an unknown time. */
static const char *format_moment(struct human *to, const struct dcbs_report *r, double unix_s)
{
	if (isnan(unix_s))
		return "-";
	*to = human_tight(human_time(fmax(unix_s - r->started_at, 0)));
	return to->text;
}

/* Writes a line; in a narrow terminal, without start and exit. */
static void write_process_line(const struct text *t, const char *pid, const char *name, const char *came, const char *went,
			       const char *calls, const char *time)
{
	bool wide = t->width >= WIDE;

	fprintf(t->file, "%8s ", pid);
	display_cell(t->file, name, text_lines_room(t, name, wide ? NAME_COLUMNS : t->width - NARROW), DISPLAY_LEFT);
	if (wide)
		fprintf(t->file, " %8s %8s", came, went);
	fprintf(t->file, " %11s %9s\n", calls, time);
}

static void write_process(const struct text *t, const struct dcbs_target *p)
{
	struct human came, went;
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)p->pid);
	write_process_line(t, pid, p->comm, format_moment(&came, t->report, p->parent ? p->started_at : NAN),
			   format_moment(&went, t->report, p->ended_at), human_exact(p->sections).text,
			   human_tight(human_time(p->sections_s)).text);
}

static void write_rest(const struct text *t, const struct dcbs_target **all, size_t first)
{
	struct dcbs_target rest = {0};
	char name[32];
	size_t i;

	for (i = first; i < t->report->nr_targets; i++) {
		rest.sections = all[i]->sections == DCBS_UNKNOWN || rest.sections == DCBS_UNKNOWN ? DCBS_UNKNOWN :
				rest.sections + all[i]->sections;
		rest.sections_s += all[i]->sections_s;
	}
	snprintf(name, sizeof(name), "(%zu more)", t->report->nr_targets - first);
	write_process_line(t, "", name, "", "", human_exact(rest.sections).text, human_tight(human_time(rest.sections_s)).text);
}

void text_processes(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	size_t i, most = t->verbose ? MOST_PROCESSES : FEW_PROCESSES;
	const struct dcbs_target **all;

	if (r->nr_targets < 2 || isnan(r->targets[0].sections_s) || !(all = calloc(r->nr_targets, sizeof(*all))))
		return;
	for (i = 0; i < r->nr_targets; i++)
		all[i] = &r->targets[i];
	qsort(all, r->nr_targets, sizeof(*all), busiest_first);
	text_lines_heading(t, "PROCESSES");
	write_process_line(t, "pid", "name", "came", "went", "calls", "sections");
	for (i = 0; i < r->nr_targets && i < most; i++)
		write_process(t, all[i]);
	if (i < r->nr_targets)
		write_rest(t, all, i);
	if (r->more_targets > 0)
		text_lines_paragraph(t, "%s more have started and exited; their calls are in the sections above.",
				     human_exact(r->more_targets).text);
	text_lines_paragraph(t, "Sorted by time in sections, nested calls counted once.%s", t->width < WIDE ? "" :
			     " Came and went: when in the window; - if the process was there before, or still is.");
	text_failed_children(t);
	free(all);
}
