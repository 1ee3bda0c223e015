// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text_why.c - where the time went, a bar for each section or, where there are none, for each thread. */
#include <math.h>
#include <stdlib.h>

#include "render/cause.h"
#include "render/text/display.h"
#include "render/text/text.h"
#include "base/human.h"

#define NARROW 70
#define BAR 20
#define BAR_NARROW 10
#define NAME_LEAST 8
#define FIGURES 25		/* three causes */
#define WORKER_WIDTH 9		/* " w+3.40s" */
#define MOST_SECTIONS 20
#define MOST_THREADS 8
#define LABEL_BYTES 96
#define SMALL 0.005		/* of the largest section: not worth a line */
#define RESIDUE 0.001		/* of a section's time: worth a word */

struct bars {
	const struct text *text;
	int name, bar, figures;	/* columns */
	unsigned int set;	/* causes that were shown */
	bool workers;
};

static void row(struct bars *b, const char *name, const struct dcbs_wall *w)
{
	FILE *file = b->text->file;
	int used;

	display_cell(file, name, b->name, DISPLAY_LEFT);
	fputc(' ', file);
	cause_bar(file, w, b->bar);
	fputc(' ', file);
	used = cause_shares(file, w, b->figures);
	if (w->worker_cpu_s > 0 && b->workers)
		fprintf(file, "%*s w+%s", b->figures - used, "", human_tight(human_time(w->worker_cpu_s)).text);
	fputc('\n', file);
	b->set |= cause_set(w);
}

static struct bars begin(const struct text *t, int longest)
{
	struct bars b = {.text = t, .bar = t->width < NARROW ? BAR_NARROW : BAR};
	int room = t->width - b.bar - 2;

	b.name = room - FIGURES - WORKER_WIDTH;
	if (b.name < NAME_LEAST)
		b.name = NAME_LEAST;
	if (b.name > longest)
		b.name = longest;
	b.workers = room - b.name >= FIGURES + WORKER_WIDTH;
	b.figures = b.workers ? FIGURES : room - b.name;
	return b;
}

static void legend(const struct bars *b, const char *whole)
{
	char *words = NULL;
	size_t len;
	FILE *to = open_memstream(&words, &len);

	if (!to)
		return;
	cause_legend(to, b->set);
	if (!fclose(to) && b->set)
		text_beside(b->text, "", 0, "One letter is %d%% of %s: %s.", 100 / b->bar, whole, words);
	free(words);
}

/* ---- sections ---- */

static bool is_shown(const struct text *t, const struct dcbs_section *s)
{
	double most = t->report->sections[0].total_s;

	return cause_known(&s->wall) && s->total_s > 0 && !(s->total_s < SMALL * most);
}

static int longest_name(const struct text *t)
{
	int longest = NAME_LEAST, width;
	size_t i;

	for (i = 0; i < t->report->nr_sections; i++) {
		width = display_width(t->report->sections[i].name);
		longest = width > longest ? width : longest;
	}
	return longest;
}

static bool any_workers(const struct dcbs_report *r)
{
	size_t i;

	for (i = 0; i < r->nr_sections; i++)
		if (r->sections[i].wall.worker_cpu_s > 0)
			return true;
	return false;
}

/* "(outside)" is the last and always shown. */
static void put_sections(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	struct bars b = begin(t, longest_name(t));
	size_t i, shown = 0, left = 0;

	for (i = 0; i < r->nr_sections; i++) {
		if (is_shown(t, &r->sections[i]) && (shown < MOST_SECTIONS || i + 1 == r->nr_sections)) {
			row(&b, r->sections[i].name, &r->sections[i].wall);
			shown++;
		} else {
			left++;
		}
	}
	if (left)
		text_beside(t, "", 0, "(%zu more took little time)", left);
	legend(&b, "a section's time, what it called included");
	if (b.workers && any_workers(r))
		text_beside(t, "", 0, "w: CPU time of threads without a section that a section had woken, besides its own.");
}

/* ---- threads ---- */

static const char *label(const struct dcbs_thread *t, char *to, size_t size)
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
		width = is_listed(&r->threads[i]) ? display_width(label(&r->threads[i], name, sizeof(name))) : 0;
		longest = width > longest ? width : longest;
	}
	return longest;
}

static void put_threads(const struct text *t)
{
	const struct dcbs_report *r = t->report;
	struct bars b = begin(t, longest_label(r));
	char name[LABEL_BYTES];
	size_t i, shown = 0, left = 0;

	b.workers = false;
	for (i = 0; i < r->nr_threads; i++) {
		if (!is_listed(&r->threads[i]))
			continue;
		if (shown++ < MOST_THREADS)
			row(&b, label(&r->threads[i], name, sizeof(name)), &r->threads[i].wall);
		else
			left++;
	}
	if (left)
		text_beside(t, "", 0, "(%zu more threads ran less)", left);
	legend(&b, "a thread's time");
}

static void put_idle(const struct text *t)
{
	size_t i, idle = 0;

	for (i = 0; i < t->report->nr_threads; i++)
		idle += t->report->threads[i].idle;
	if (idle)
		text_beside(t, "", 0, "%zu idle %s not part of %s.", idle, idle == 1 ? "thread is" : "threads are", DCBS_OUTSIDE);
}

/* ---- do the sums close? ---- */

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

static void put_check(const struct text *t)
{
	const struct dcbs_report *r = t->report;

	if (!isnan(r->ledger_cpu_s) && !isnan(r->kernel_cpu_s))
		text_beside(t, "", 0, "Computing in all threads: %s by these ledgers, %s by the kernel's own account.",
			    human_time(r->ledger_cpu_s).text, human_time(r->kernel_cpu_s).text);
	if (worst_residue(r) >= RESIDUE)
		text_beside(t, "", 0, "The causes of a section are up to %s more than its time.",
			    human_share(worst_residue(r)).text);
}

static bool is_measured(const struct dcbs_report *r)
{
	size_t i;

	for (i = 0; i < r->nr_sections; i++)
		if (cause_known(&r->sections[i].wall))
			return true;
	return false;
}

void text_why(const struct text *t)
{
	if (!is_measured(t->report))
		return;
	fprintf(t->file, "\nWHERE THE TIME WENT\n");
	if (text_sections(t->report))
		put_sections(t);
	else
		put_threads(t);
	put_idle(t);
	put_check(t);
}
