// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * functions.c - the functions of each section: running and waiting time, self and cumulative.
 *
 * Frames with the same name, file and first line are one function. Functions are numbered once, so that for each section the samples
 * are only added up in an array by number.
 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/stacks/function_lines.h"
#include "analyse/stacks/functions.h"
#include "analyse/stacks/sample_weights.h"
#include "analyse/stacks/stacks.h"
#include "analyse/sums/summary.h"
#include "base/array.h"
#include "base/frame_index.h"

/* The time of a function in one section. */
struct tally {
	uint32_t function;
	uint32_t depth;		/* the smallest distance from the outermost frame */
	double self_cpu_s, self_off_s, cpu_s, off_s;	/* cpu_s, off_s: cumulative */
	__u64 self_samples, samples;
	size_t last_stack;	/* the number of the last stack that was added; 0: none of this section */
};

struct tally_table {
	const struct snapshot *snap;
	uint32_t *of_frame;			/* the function's number, by the report's frames */
	const struct dcbs_frame **functions;	/* by number, one of its frames */
	struct function_lines lines;
	uint32_t nr;
	struct tally *tallies;			/* by number, of the current section; sort_tallies() packs them */
	size_t stack;				/* the number of the current stack, from 1 on, unique over all sections */
	size_t room;				/* of the report's functions */
	double ticks, ticks2;			/* of the current section: their weights, and the squares of these */
	double tick_s;				/* the time that a tick stands for there */
};

static int open_tallies(struct tally_table *f, const struct dcbs_report *r, const struct snapshot *snap)
{
	*f = (struct tally_table) {
		.snap = snap, .of_frame = calloc(r->nr_frames, sizeof(*f->of_frame)),
		.functions = calloc(r->nr_frames, sizeof(*f->functions)),
		.tallies = calloc(r->nr_frames, sizeof(*f->tallies)),
	};
	if (!f->of_frame || !f->functions || !f->tallies)
		return -ENOMEM;
	f->nr = frame_index_build(r->frames, r->nr_frames, f->of_frame, f->functions);
	return function_lines_open(&f->lines, r, f->of_frame, f->nr);
}

static void close_tallies(struct tally_table *f)
{
	free(f->of_frame);
	free(f->functions);
	free(f->tallies);
	function_lines_close(&f->lines);
}

/* ---- from a section's stacks to tallies ---- */

static uint32_t special_function(const struct tally_table *f, enum stacks_frame frame)
{
	return f->of_frame[stacks_frame_index(f->snap, frame)];
}

/* The function of frame i, innermost first. A stack without frames has one unknown frame. */
static uint32_t function_at(const struct tally_table *f, const struct snapshot_stack *stack, size_t i)
{
	bool known = i < stack->nr_frames && stack->frames[i] < f->snap->nr_frames;

	return known ? f->of_frame[stack->frames[i]] : special_function(f, STACKS_UNKNOWN);
}

static void add_cumulative(struct tally_table *f, uint32_t function, uint32_t depth, const struct tally *more)
{
	struct tally *t = &f->tallies[function];

	assert(function < f->nr);
	if (t->last_stack == f->stack)
		return;
	t->depth = !t->last_stack || depth < t->depth ? depth : t->depth;
	t->last_stack = f->stack;
	t->cpu_s += more->self_cpu_s;
	t->off_s += more->self_off_s;
	t->samples += more->self_samples;
}

static void add_self(struct tally_table *f, uint32_t function, const struct tally *more)
{
	struct tally *t = &f->tallies[function];

	t->self_cpu_s += more->self_cpu_s;
	t->self_off_s += more->self_off_s;
	t->self_samples += more->self_samples;
}

static void add_line(struct tally_table *f, const struct snapshot_stack *stack, size_t i, const struct tally *more)
{
	if (i < stack->nr_frames && stack->frames[i] < f->snap->nr_frames)
		function_lines_add(&f->lines, stack->frames[i], f->stack, more->self_cpu_s + more->self_off_s, more->self_samples);
}

/* Adds frames from the outermost on, so that a recursive function has the depth of its first frame. */
static void tally_stack(struct tally_table *f, const struct snapshot_stack *stack, const struct sample_weights *weights)
{
	size_t i, nr = stack->nr_frames ? stack->nr_frames : 1;
	const struct tally more = {
		.self_cpu_s = sample_weights_cpu_s(weights, stack), .self_off_s = sample_weights_off_s(weights, stack),
		.self_samples = stack->cpu_samples,
	};

	f->stack++;
	f->ticks += (double)stack->cpu_samples;
	f->ticks2 += stack->cpu_samples2;
	for (i = nr; i--; ) {
		add_cumulative(f, function_at(f, stack, i), (uint32_t)(nr - 1 - i), &more);
		add_line(f, stack, i, &more);
	}
	add_self(f, function_at(f, stack, 0), &more);
}

static void tally_missing(struct tally_table *f, const struct sample_weights *weights)
{
	struct tally more = {.self_cpu_s = weights->cpu_missing_s};
	int c;

	for (c = 0; c < CAUSES; c++)
		more.self_off_s += weights->off_missing_s[c];
	if (more.self_cpu_s + more.self_off_s <= 0)
		return;
	f->stack++;
	add_cumulative(f, special_function(f, STACKS_NOT_SAMPLED), 0, &more);
	add_self(f, special_function(f, STACKS_NOT_SAMPLED), &more);
}

static void tally_section(struct tally_table *f, __u16 section)
{
	const struct snapshot *snap = f->snap;
	struct sample_weights weights;
	size_t i;

	memset(f->tallies, 0, f->nr * sizeof(*f->tallies));
	function_lines_clear(&f->lines);
	sample_weights_compute(&weights, snap, section, SAMPLE_SCOPE_TOTAL);
	f->ticks = f->ticks2 = 0;
	f->tick_s = weights.tick_s;
	for (i = 0; i < snap->nr_stacks; i++)
		if (sample_weights_covers(&snap->stacks[i], section, SAMPLE_SCOPE_TOTAL))
			tally_stack(f, &snap->stacks[i], &weights);
	tally_missing(f, &weights);
}

/* ---- from tallies to the report ---- */

/* Functions that are on every stack have exactly the same time: the outermost caller comes first. */
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

/* Moves the functions that were on a stack of the section to the front and sorts them. Returns how many there are. */
static uint32_t sort_tallies(struct tally_table *f)
{
	uint32_t i, nr = 0;

	for (i = 0; i < f->nr; i++) {
		if (!f->tallies[i].last_stack)
			continue;
		f->tallies[nr] = f->tallies[i];
		f->tallies[nr++].function = i;
	}
	qsort(f->tallies, nr, sizeof(*f->tallies), tally_order);
	return nr;
}

static double error_of_ticks(const struct tally_table *f, __u64 samples)
{
	return f->ticks * f->tick_s * sample_weights_share_error((double)samples, f->ticks, f->ticks2);
}

static int add_function(struct dcbs_report *r, const struct tally_table *f, const char *section, const struct tally *t)
{
	const struct dcbs_frame *function = f->functions[t->function];
	struct dcbs_function *to = &r->functions[r->nr_functions++];

	*to = (struct dcbs_function) {
		.section = strdup(section), .function = strdup(function->function),
		.file = function->file ? strdup(function->file) : NULL, .line = function->first_line, .calls = DCBS_UNKNOWN,
		.self_s = t->self_cpu_s + t->self_off_s, .cumulative_s = t->cpu_s + t->off_s,
		.self_cpu_s = t->self_cpu_s, .cumulative_cpu_s = t->cpu_s,
		.self_off_s = t->self_off_s, .cumulative_off_s = t->off_s,
		.self_samples = summary_count(t->self_samples), .cumulative_samples = summary_count(t->samples),
		.self_error_s = error_of_ticks(f, t->self_samples), .cumulative_error_s = error_of_ticks(f, t->samples),
		.share_bound = sample_weights_share_bound(f->ticks, f->ticks2), .python = function->python,
	};
	if (!to->section || !to->function || (!to->file && function->file))
		return -ENOMEM;
	return function_lines_fill(&f->lines, t->function, to);
}

/* Only self times can be added up: one stack may have several of these functions. */
static int add_other_functions(struct dcbs_report *r, const struct tally_table *f, const char *section, uint32_t nr)
{
	struct dcbs_function *to = &r->functions[r->nr_functions++];
	struct tally self = {0};
	uint32_t i;

	for (i = FUNCTIONS_MOST; i < nr; i++) {
		self.self_cpu_s += f->tallies[i].self_cpu_s;
		self.self_off_s += f->tallies[i].self_off_s;
		self.self_samples += f->tallies[i].self_samples;
	}
	*to = (struct dcbs_function) {
		.section = strdup(section), .line = DCBS_UNKNOWN, .calls = DCBS_UNKNOWN,
		.self_s = self.self_cpu_s + self.self_off_s, .self_cpu_s = self.self_cpu_s, .self_off_s = self.self_off_s,
		.cumulative_s = NAN, .cumulative_cpu_s = NAN, .cumulative_off_s = NAN,
		.self_samples = summary_count(self.self_samples), .cumulative_samples = DCBS_UNKNOWN,
		.self_error_s = error_of_ticks(f, self.self_samples), .cumulative_error_s = NAN,
		.share_bound = sample_weights_share_bound(f->ticks, f->ticks2),
	};
	if (asprintf(&to->function, "(%u more)", nr - FUNCTIONS_MOST) < 0)
		to->function = NULL;
	return to->section && to->function ? 0 : -ENOMEM;
}

static int add_section_functions(struct dcbs_report *r, struct tally_table *f, const struct weighted_section *section)
{
	uint32_t i, nr, shown;
	int err = 0;

	tally_section(f, section->section);
	nr = sort_tallies(f);
	shown = nr < FUNCTIONS_MOST ? nr : FUNCTIONS_MOST;
	if (!array_reserve(r->functions, r->nr_functions, f->room, shown + 1))
		return -ENOMEM;
	for (i = 0; i < shown && !err; i++)
		err = add_function(r, f, section->name, &f->tallies[i]);
	if (nr > shown && !err)
		err = add_other_functions(r, f, section->name, nr);
	return err;
}

static int add_all_functions(struct dcbs_report *r, const struct snapshot *snap, const struct weighted_section *sections,
			     size_t nr)
{
	struct tally_table f;
	int err = open_tallies(&f, r, snap);
	size_t i;

	for (i = 0; i < nr && !err; i++)
		err = add_section_functions(r, &f, &sections[i]);
	close_tallies(&f);
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
		err = add_all_functions(r, snap, sections, nr);
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
		free(r->functions[i].lines);
	}
	free(r->functions);
	stacks_free(r);
}
