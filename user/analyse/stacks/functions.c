// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * functions.c - functions by section: what they computed and waited for themselves, and with what they called.
 *
 * A function is told by its name and file. Frames get the number of their function once; then all that is
 * done for a section is additions in an array of tallies.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/stacks/functions.h"
#include "analyse/stacks/sample_weights.h"
#include "analyse/stacks/stacks.h"
#include "analyse/sums/summary.h"
#include "base/frame_index.h"

/* A function in one section. */
struct tally {
	uint32_t function;
	uint32_t depth;		/* from the outermost frame, where it was closest to it */
	double self_cpu_s, self_off_s, cpu_s, off_s;
	__u64 self_samples, samples;
	size_t met;		/* the last stack it was counted for */
};

struct functions {
	const struct snapshot *snap;
	uint32_t *of_frame;		/* of the report's frames: the number of the function */
	const struct dcbs_frame **functions;	/* by number, the one of the smallest line */
	uint32_t nr;
	struct tally *tallies;		/* by number */
	size_t stack;			/* that is counted, from 1 on; no two have the same number */
};

static int begin(struct functions *f, const struct dcbs_report *r, const struct snapshot *snap)
{
	*f = (struct functions) {
		.snap = snap, .of_frame = calloc(r->nr_frames, sizeof(*f->of_frame)),
		.functions = calloc(r->nr_frames, sizeof(*f->functions)),
		.tallies = calloc(r->nr_frames, sizeof(*f->tallies)),
	};
	if (!f->of_frame || !f->functions || !f->tallies)
		return -ENOMEM;
	f->nr = frame_index_build(r->frames, r->nr_frames, f->of_frame, f->functions);
	return 0;
}

static void end(struct functions *f)
{
	free(f->of_frame);
	free(f->functions);
	free(f->tallies);
}

/* ---- a section's stacks to tallies ---- */

static uint32_t special(const struct functions *f, enum stacks_frame frame)
{
	return f->of_frame[f->snap->nr_frames + frame];
}

/* Frame i of a stack, innermost first. */
static uint32_t function_at(const struct functions *f, const struct snapshot_stack *stack, size_t i)
{
	bool known = i < stack->nr_frames && stack->frames[i] < f->snap->nr_frames;

	return known ? f->of_frame[stack->frames[i]] : special(f, STACKS_UNKNOWN);
}

static void add_cumulative(struct functions *f, uint32_t function, uint32_t depth, const struct tally *more)
{
	struct tally *t = &f->tallies[function];

	if (t->met == f->stack)
		return;
	t->depth = !t->met || depth < t->depth ? depth : t->depth;
	t->met = f->stack;
	t->cpu_s += more->self_cpu_s;
	t->off_s += more->self_off_s;
	t->samples += more->self_samples;
}

static void add_self(struct functions *f, uint32_t function, const struct tally *more)
{
	struct tally *t = &f->tallies[function];

	t->self_cpu_s += more->self_cpu_s;
	t->self_off_s += more->self_off_s;
	t->self_samples += more->self_samples;
}

/* From the outermost frame on, so that a function that is there twice has the depth of the first. */
static void add_stack(struct functions *f, const struct snapshot_stack *stack, const struct sample_weights *rate)
{
	size_t i, nr = stack->nr_frames ? stack->nr_frames : 1;
	const struct tally more = {
		.self_cpu_s = sample_weights_cpu_s(rate, stack), .self_off_s = sample_weights_off_s(rate, stack),
		.self_samples = stack->cpu_samples,
	};

	f->stack++;
	for (i = nr; i--; )
		add_cumulative(f, function_at(f, stack, i), (uint32_t)(nr - 1 - i), &more);
	add_self(f, function_at(f, stack, 0), &more);
}

static void add_missing(struct functions *f, const struct sample_weights *rate)
{
	struct tally more = {.self_cpu_s = rate->cpu_missing_s};
	int c;

	for (c = 0; c < CAUSES; c++)
		more.self_off_s += rate->off_missing_s[c];
	if (more.self_cpu_s + more.self_off_s <= 0)
		return;
	f->stack++;
	add_cumulative(f, special(f, STACKS_NOT_SAMPLED), 0, &more);
	add_self(f, special(f, STACKS_NOT_SAMPLED), &more);
}

static void count(struct functions *f, __u16 row)
{
	const struct snapshot *snap = f->snap;
	struct sample_weights rate;
	size_t i;

	memset(f->tallies, 0, f->nr * sizeof(*f->tallies));
	sample_weights_compute(&rate, snap, row, SAMPLE_SCOPE_TOTAL);
	for (i = 0; i < snap->nr_stacks; i++)
		if (sample_weights_covers(snap, &snap->stacks[i], row, SAMPLE_SCOPE_TOTAL))
			add_stack(f, &snap->stacks[i], &rate);
	add_missing(f, &rate);
}

/* ---- tallies to rows ---- */

/* Callers that are on every stack have the same time to the bit: the outermost first. */
static int tally_order(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;
	double x_s = x->cpu_s + x->off_s, y_s = y->cpu_s + y->off_s;

	if (x_s != y_s)
		return x_s < y_s ? 1 : -1;
	if (x->samples != y->samples)
		return x->samples < y->samples ? 1 : -1;
	if (x->depth != y->depth)
		return x->depth < y->depth ? -1 : 1;
	return x->function < y->function ? -1 : 1;
}

/* Those that were met come first, in order. Returns how many. */
static uint32_t sort(struct functions *f)
{
	uint32_t i, nr = 0;

	for (i = 0; i < f->nr; i++) {
		if (!f->tallies[i].met)
			continue;
		f->tallies[nr] = f->tallies[i];
		f->tallies[nr++].function = i;
	}
	qsort(f->tallies, nr, sizeof(*f->tallies), tally_order);
	return nr;
}

static int add_row(struct dcbs_report *r, const struct functions *f, const char *section, const struct tally *t)
{
	const struct dcbs_frame *function = f->functions[t->function];
	struct dcbs_function *to = &r->functions[r->nr_functions++];

	*to = (struct dcbs_function) {
		.section = strdup(section), .function = strdup(function->function),
		.file = function->file ? strdup(function->file) : NULL, .line = function->line, .calls = DCBS_UNKNOWN,
		.self_s = t->self_cpu_s + t->self_off_s, .cumulative_s = t->cpu_s + t->off_s,
		.self_cpu_s = t->self_cpu_s, .cumulative_cpu_s = t->cpu_s,
		.self_off_s = t->self_off_s, .cumulative_off_s = t->off_s,
		.self_samples = summary_count(t->self_samples), .cumulative_samples = summary_count(t->samples),
		.python = function->python,
	};
	return to->section && to->function && (to->file || !function->file) ? 0 : -ENOMEM;
}

/* On how many stacks one of them was is not known: only what they did themselves adds up. */
static int add_others(struct dcbs_report *r, const struct functions *f, const char *section, uint32_t nr)
{
	struct dcbs_function *to = &r->functions[r->nr_functions++];
	struct tally sum = {0};
	uint32_t i;

	for (i = FUNCTIONS_MOST; i < nr; i++) {
		sum.self_cpu_s += f->tallies[i].self_cpu_s;
		sum.self_off_s += f->tallies[i].self_off_s;
		sum.self_samples += f->tallies[i].self_samples;
	}
	*to = (struct dcbs_function) {
		.section = strdup(section), .line = DCBS_UNKNOWN, .calls = DCBS_UNKNOWN,
		.self_s = sum.self_cpu_s + sum.self_off_s, .self_cpu_s = sum.self_cpu_s, .self_off_s = sum.self_off_s,
		.cumulative_s = NAN, .cumulative_cpu_s = NAN, .cumulative_off_s = NAN,
		.self_samples = summary_count(sum.self_samples), .cumulative_samples = DCBS_UNKNOWN,
	};
	if (asprintf(&to->function, "(%u more)", nr - FUNCTIONS_MOST) < 0)
		to->function = NULL;
	return to->section && to->function ? 0 : -ENOMEM;
}

static int add_section(struct dcbs_report *r, struct functions *f, const struct weighted_section *section)
{
	uint32_t i, nr, shown;
	struct dcbs_function *grown;
	int err = 0;

	count(f, section->section);
	nr = sort(f);
	shown = nr < FUNCTIONS_MOST ? nr : FUNCTIONS_MOST;
	grown = reallocarray(r->functions, r->nr_functions + shown + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	r->functions = grown;
	for (i = 0; i < shown && !err; i++)
		err = add_row(r, f, section->name, &f->tallies[i]);
	if (nr > shown && !err)
		err = add_others(r, f, section->name, nr);
	return err;
}

/* ---- all ---- */

static int fill(struct dcbs_report *r, const struct snapshot *snap, const struct weighted_section *sections, size_t nr)
{
	struct functions f;
	int err = begin(&f, r, snap);
	size_t i;

	for (i = 0; i < nr && !err; i++)
		err = add_section(r, &f, &sections[i]);
	end(&f);
	return err;
}

int functions_fill(struct dcbs_report *r, const struct snapshot *snap)
{
	struct weighted_section *sections;
	size_t nr;
	int err;

	r->frequency_hz = snap->frequency_hz;
	if (!snap->nr_stacks)
		return 0;
	err = sample_weights_sections(&sections, &nr, snap);
	if (err)
		return err;
	err = stacks_fill_frames(r, snap);
	if (!err)
		err = stacks_fill(r, snap, sections, nr);
	if (!err)
		err = fill(r, snap, sections, nr);
	sample_weights_free_sections(sections, nr);
	return err;
}

void functions_free(struct dcbs_report *r)
{
	size_t i;

	for (i = 0; i < r->nr_functions; i++) {
		free(r->functions[i].section);
		free(r->functions[i].function);
		free(r->functions[i].file);
	}
	free(r->functions);
	stacks_free(r);
}
