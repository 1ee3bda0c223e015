// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* why.c - where the time of threads went, which processes had the CPU, and whether the sums are right. */
#include <math.h>
#include <stdlib.h>

#include "base/human.h"
#include "render/cause.h"
#include "render/text/display.h"
#include "render/text/table.h"
#include "render/text/text_parts.h"

#define NARROW 70
#define BAR 20
#define BAR_NARROW 10
#define NAME_LEAST 8
#define NUMBERS 25		/* three causes */
#define MOST_THREADS 8
#define LABEL_BYTES 96
#define RUN_QUEUE 0.1		/* of a section's time: from there on, who had the CPU is worth a line */
#define RUN_QUEUE_OF 0.01	/* of the window: such a section must have taken that much */
#define MOST_NEIGHBOURS 6	/* with --verbose */
#define FEW_NEIGHBOURS 3
#define CHECKED 0.02		/* of the CPU time, and ... */
#define CHECKED_S 0.05		/* ... seconds: a larger difference between two accounts of it is worth a line */
#define RESIDUE 0.001		/* of a section's time: a larger residue is worth a line */

struct bars {
	const struct text *text;
	int name, bar, numbers;	/* columns */
	unsigned int set;	/* causes that were shown */
};

static void write_bar(struct bars *b, const char *name, const struct dcbs_wall *w)
{
	FILE *file = b->text->file;

	display_cell(file, name, b->name, DISPLAY_LEFT);
	fputc(' ', file);
	cause_bar(file, w, b->bar, b->text->colour);
	fputc(' ', file);
	cause_largest(file, w, b->numbers);
	fputc('\n', file);
	b->set |= cause_set(w);
}

static struct bars fit_bars(const struct text *t, int longest)
{
	struct bars b = {.text = t, .bar = t->width < NARROW ? BAR_NARROW : BAR, .name = longest};
	int room = t->width - b.bar - 2;

	if (b.name > room - NUMBERS && !t->whole_names)
		b.name = room - NUMBERS < NAME_LEAST ? NAME_LEAST : room - NUMBERS;
	b.numbers = NUMBERS < room - b.name ? NUMBERS : room - b.name;
	return b;
}

static void write_legend(const struct bars *b, const char *whole)
{
	char *words = NULL;
	size_t len;
	FILE *to = open_memstream(&words, &len);

	if (!to)
		return;
	cause_legend(to, b->set);
	if (!fclose(to) && b->set)
		text_lines_paragraph(b->text, "One letter is %d%% of %s: %s.", 100 / b->bar, whole, words);
	free(words);
}

/* ---- threads ---- */

static const char *format_label(const struct dcbs_thread *t, char *to, size_t size)
{
	if (t->tid)
		snprintf(to, size, "%s %d", t->name, (int)t->tid);
	else
		snprintf(to, size, "(%s ended)", human_count(t->threads).text);
	return to;
}

static bool is_listed(const struct dcbs_thread *t)
{
	return !t->idle && cause_known(&t->wall);
}

static int longest_label(const struct dcbs_report *r)
{
	int longest = NAME_LEAST, width;
	char name[LABEL_BYTES];
	size_t i;

	for (i = 0; i < r->nr_threads; i++) {
		width = is_listed(&r->threads[i]) ? display_width(format_label(&r->threads[i], name, sizeof(name))) : 0;
		longest = width > longest ? width : longest;
	}
	return longest;
}

static void write_thread_bars(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	struct bars b = fit_bars(t, longest_label(r));
	char name[LABEL_BYTES];
	size_t i, shown = 0, left = 0;

	for (i = 0; i < r->nr_threads; i++) {
		if (!is_listed(&r->threads[i]))
			continue;
		if (shown++ < MOST_THREADS)
			write_bar(&b, format_label(&r->threads[i], name, sizeof(name)), &r->threads[i].wall);
		else
			left++;
	}
	if (left)
		text_lines_paragraph(t, "(%zu more threads ran less)", left);
	write_legend(&b, "a thread's time");
}

static void write_idle_threads(const struct text *t)
{
	size_t i, idle = 0;

	for (i = 0; i < t->report->nr_threads; i++)
		idle += t->report->threads[i].idle;
	if (idle && (t->verbose || !table_nr_sections(t->report)))
		text_lines_paragraph(t, "%zu idle %s not part of %s.", idle,
				     idle == 1 ? "thread is" : "threads are", DCBS_OUTSIDE);
}

/* ---- checks of the sums ---- */

static double worst_residue(const struct dcbs_report *r)
{
	double worst = 0, share;
	size_t i;

	for (i = 0; i < r->nr_sections; i++) {
		share = fabs(r->sections[i].wall.residue_s) / r->sections[i].total_s;
		if (r->sections[i].total_s > 0 && share > worst)
			worst = share;
	}
	return worst;
}

static void write_cpu_check(const struct text *t)
{
	const struct dcbs_report *r = t->report;

	double off_s = fabs(r->ledger_cpu_s - r->kernel_cpu_s);

	if (!isnan(off_s) && (t->verbose || (off_s > CHECKED_S && off_s > CHECKED * r->kernel_cpu_s)))
		text_lines_paragraph(t, "Computing in all threads: %s by these ledgers, %s by the kernel's own account.",
				     human_time(r->ledger_cpu_s).text, human_time(r->kernel_cpu_s).text);
	if (worst_residue(r) >= RESIDUE)
		text_lines_paragraph(t, "The causes of a section add up to as much as %s more than its time.",
				     human_share(worst_residue(r)).text);
}

/* Waits in a section that took little of the window are of no interest. */
static bool any_run_queue(const struct dcbs_report *r)
{
	const struct dcbs_section *s;

	for (s = r->sections; s < r->sections + r->nr_sections; s++)
		if (s->wall.runqueue_s >= RUN_QUEUE * s->total_s && s->total_s >= RUN_QUEUE_OF * r->duration_s)
			return true;
	return false;
}

static void write_neighbours(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	size_t len, i, most = t->verbose ? MOST_NEIGHBOURS : FEW_NEIGHBOURS;
	char *names = NULL;
	FILE *to;

	if (!r->nr_neighbours || !any_run_queue(r) || !(to = open_memstream(&names, &len)))
		return;
	for (i = 0; i < r->nr_neighbours && i < most; i++)
		fprintf(to, "%s%s %d %s%s", i ? ", " : "", r->neighbours[i].comm, (int)r->neighbours[i].pid,
			human_share(r->neighbours[i].cpu_share).text, r->neighbours[i].is_target ? " (a target)" : "");
	if (!fclose(to))
		text_lines_paragraph(t, "While threads waited for a CPU, it had: %s.", names);
	free(names);
}

void text_threads(const struct text *t)
{
	if (!cause_any_known(t->report) || (table_nr_sections(t->report) && !t->verbose))
		return;
	text_lines_heading(t, "THREADS");
	write_thread_bars(t);
	if (!table_nr_sections(t->report))
		text_waits(t);
}

void text_waits(const struct text *t)
{
	if (!cause_any_known(t->report))
		return;
	write_neighbours(t);
	write_idle_threads(t);
	write_cpu_check(t);
}
