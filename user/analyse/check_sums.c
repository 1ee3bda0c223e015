// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * check_sums.c - holds every figure of a report against the whole that it is a part of.
 *
 * The counters are read while the targets run, one after the other. So a part may exceed its whole by a little.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/check_sums.h"
#include "base/array.h"
#include "base/human.h"

#define SLACK_SHARE 0.02
#define SLACK_S 0.01
#define MOST_SIGMA 4

struct sums {
	const struct dcbs_report *r;
	char *first;		/* the first contradiction */
	size_t broken;		/* how many there are */
	bool no_memory;
};

static struct human amount(double s)
{
	struct human text;

	if (s >= 0 && s < 1e9)
		return human_time(s);
	snprintf(text.text, sizeof(text.text), "%.3g s", s);
	return text;
}

static void note_broken(struct sums *c, const char *where, const char *part, double part_s, const char *whole, double whole_s)
{
	if (c->broken++)
		return;
	if (asprintf(&c->first, "%s: %s is %s, %s is %s", where, part, amount(part_s).text, whole, amount(whole_s).text) < 0) {
		c->first = NULL;
		c->no_memory = true;
	}
}

/* A part lies between 0 and its whole. Unknown figures cannot be compared. */
static void hold_part(struct sums *c, const char *where, const char *part, double part_s, const char *whole, double whole_s)
{
	double slack_s = SLACK_S + SLACK_SHARE * fabs(whole_s);

	if (isnan(part_s) || isnan(whole_s))
		return;
	if (part_s < -SLACK_S || part_s > whole_s + slack_s)
		note_broken(c, where, part, part_s, whole, whole_s);
}

/* ---- ledgers ---- */

static const struct {
	const char *name;
	size_t offset;
} parts[] = {
	{"cpu", offsetof(struct dcbs_wall, cpu_s)}, {"runqueue", offsetof(struct dcbs_wall, runqueue_s)},
	{"throttled", offsetof(struct dcbs_wall, throttled_s)}, {"steal", offsetof(struct dcbs_wall, steal_s)},
	{"gil", offsetof(struct dcbs_wall, gil_s)}, {"lock", offsetof(struct dcbs_wall, lock_s)},
	{"disk", offsetof(struct dcbs_wall, disk_s)}, {"network", offsetof(struct dcbs_wall, network_s)},
	{"fault", offsetof(struct dcbs_wall, fault_s)}, {"sleep", offsetof(struct dcbs_wall, sleep_s)},
	{"gpu", offsetof(struct dcbs_wall, gpu_s)}, {"other", offsetof(struct dcbs_wall, other_s)},
	{"await", offsetof(struct dcbs_wall, await_s)},
};

static double part_of(const struct dcbs_wall *w, size_t i)
{
	return *(const double *)((const char *)w + parts[i].offset);
}

static void hold_wall(struct sums *c, const char *where, const struct dcbs_wall *w, const char *whole, double whole_s)
{
	double sum_s = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		hold_part(c, where, parts[i].name, part_of(w, i), whole, whole_s);
		sum_s += part_of(w, i);
	}
	hold_part(c, where, "the sum of its parts", sum_s, whole, whole_s);
	hold_part(c, where, whole, whole_s, "the sum of its parts", sum_s);
	hold_part(c, where, "sync", w->sync_s, "disk", w->disk_s);
	hold_part(c, where, "pipe, child and stopped", w->pipe_s + w->child_s + w->stopped_s, "other", w->other_s);
}

/*
 * Estimates of the two ledgers are made one by one, so they are not compared, or within their error. What does not close is running
 * time that is missing.
 */
static void hold_self_wall(struct sums *c, const struct dcbs_section *s)
{
	double slack_s = fabs(s->wall.residue_s) + (isnan(s->cpu_error_s) ? 0 : MOST_SIGMA * s->cpu_error_s);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts) && !c->r->overhead.nr_reduced; i++)
		hold_part(c, s->name, parts[i].name, part_of(&s->self_wall, i), "the same with inner sections",
			  part_of(&s->wall, i) + slack_s);
}

/* ---- sections ---- */

/* Each call was open for the whole window at most. The number of calls of a sampled section is an estimate, if it is known at all. */
static double longest_total_s(const struct sums *c, const struct dcbs_section *s)
{
	if (s->count == DCBS_UNKNOWN || !isnan(s->error_s))
		return INFINITY;
	return c->r->duration_s * ((double)s->count + (double)s->open + (double)s->open_at_start);
}

static void hold_section(struct sums *c, const struct dcbs_section *s)
{
	hold_part(c, s->name, "its total", s->total_s, "the window times its calls", longest_total_s(c, s));
	hold_part(c, s->name, "its self time", s->self_s, "its total", s->total_s);
	hold_part(c, s->name, "its shortest call", s->min_s, "its mean call", s->mean_s);
	hold_part(c, s->name, "its mean call", s->mean_s, "its longest call", s->max_s);
	hold_wall(c, s->name, &s->wall, "its total", s->total_s);
	hold_wall(c, s->name, &s->self_wall, "its self time", s->self_s);
	hold_self_wall(c, s);
	hold_part(c, s->name, "the time in the GPU's driver", s->gpu.driver_s, "its total", s->total_s);
	hold_part(c, s->name, "the wait for the GPU", s->gpu.wait_s, "the time in its driver", s->gpu.driver_s);
	hold_part(c, s->name, "copies", s->gpu.copy_s, "the wait for the GPU", s->gpu.wait_s);
}

static double threads_wall_s(const struct dcbs_report *r)
{
	double wall_s = 0;
	size_t i;

	for (i = 0; i < r->nr_threads; i++)
		wall_s += r->threads[i].wall_s;
	return wall_s;
}

static void hold_sections(struct sums *c)
{
	const struct dcbs_report *r = c->r;
	size_t i;

	for (i = 0; i < r->nr_sections; i++)
		hold_section(c, &r->sections[i]);
	if (r->nr_sections && !strcmp(r->sections[r->nr_sections - 1].name, DCBS_OUTSIDE))
		hold_part(c, DCBS_OUTSIDE, "its total", r->sections[r->nr_sections - 1].total_s, "the time of all threads", threads_wall_s(r));
}

static void hold_threads(struct sums *c)
{
	size_t i;

	for (i = 0; i < c->r->nr_threads; i++) {
		const struct dcbs_thread *t = &c->r->threads[i];

		hold_part(c, t->name, "the thread's time", t->wall_s, "the window times the threads", c->r->duration_s * (double)t->threads);
		hold_wall(c, t->name, &t->wall, "the thread's time", t->wall_s);
		hold_part(c, t->name, "time for other threads' sections", t->wall.worker_cpu_s, "cpu", t->wall.cpu_s);
	}
}

static void hold_outside(struct sums *c)
{
	const struct dcbs_report *r = c->r;
	double sum_s = 0, all_s = r->nr_sections ? r->sections[r->nr_sections - 1].total_s : NAN;
	size_t i;

	for (i = 0; i < r->nr_outside; i++) {
		const struct dcbs_outside *o = &r->outside[i];

		hold_part(c, DCBS_OUTSIDE, "the time of a role", o->total_s, "the time of its threads", o->wall_s);
		hold_part(c, DCBS_OUTSIDE, "the time of threads", o->wall_s, "the window times the threads", r->duration_s * (double)o->threads);
		hold_wall(c, DCBS_OUTSIDE, &o->wall, "the time of a role", o->total_s);
		sum_s += o->total_s;
	}
	if (r->nr_outside)
		hold_part(c, DCBS_OUTSIDE, "the sum of all roles", sum_s, "its total", all_s);
	if (r->nr_outside)
		hold_part(c, DCBS_OUTSIDE, "its total", all_s, "the sum of all roles", sum_s);
}

/* ---- functions ---- */

/* No function runs while the section's flow is not the current one. */
static double running_total_s(const struct dcbs_section *s)
{
	double await_s = s->wall.await_s > 0 ? s->wall.await_s : 0;

	return fmax(s->total_s, s->total_s - s->wall.residue_s) - await_s;
}

/* A model's calls may stand beside a section of the same name. */
static double total_of(const struct dcbs_report *r, const char *name)
{
	double total_s = 0;
	size_t i;

	for (i = 0; i < r->nr_sections; i++)
		if (!strcmp(r->sections[i].name, name))
			total_s += running_total_s(&r->sections[i]);
	return total_s;
}

/* The functions of a section stand together. Without exact times there is no whole. */
static void hold_functions(struct sums *c)
{
	const struct dcbs_function *f = c->r->functions;
	size_t i = 0, begin;
	double self_s;

	while (i < c->r->nr_functions && !isnan(c->r->ledger_cpu_s)) {
		self_s = 0;
		for (begin = i; i < c->r->nr_functions && !strcmp(f[i].section, f[begin].section); i++) {
			hold_part(c, f[i].function, "its self time", f[i].self_s, "its time with calls", f[i].cumulative_s);
			self_s += f[i].self_s;
		}
		hold_part(c, f[begin].section, "the sum of its functions", self_s, "its total", total_of(c->r, f[begin].section));
		hold_part(c, f[begin].section, "its total", total_of(c->r, f[begin].section), "the sum of its functions", self_s);
	}
}

/* ---- the note ---- */

static int add_broken_note(struct dcbs_report *r, const struct sums *c)
{
	char **notes = realloc(r->notes, (r->nr_notes + 1) * sizeof(*notes)), *note;

	if (!notes)
		return -ENOMEM;
	r->notes = notes;
	if (asprintf(&note, CHECK_SUMS_BROKEN "%s%s", c->first, c->broken > 1 ? ", and more" : "") < 0)
		return -ENOMEM;
	r->notes[r->nr_notes++] = note;
	return 0;
}

/* Lost events may be a part or the whole of anything. The report says so already. */
static bool has_lost(const struct dcbs_report *r)
{
	return r->lost.sections || r->lost.records || r->lost.processes;
}

int check_sums(struct dcbs_report *r)
{
	struct sums c = {.r = r};
	int err = 0;

	if (has_lost(r))
		return 0;
	hold_sections(&c);
	hold_threads(&c);
	hold_outside(&c);
	hold_functions(&c);
	if (c.no_memory)
		err = -ENOMEM;
	else if (c.broken)
		err = add_broken_note(r, &c);
	free(c.first);
	return err;
}
