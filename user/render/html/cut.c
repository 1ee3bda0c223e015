// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* cut.c - see cut.h. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "render/html/cut.h"
#include "render/order.h"
#include "render/section_tree.h"

#define MOST_SECTIONS 300
#define MOST_FUNCTIONS 4000
#define MOST_STACKS 5000
#define MOST_STACK_FRAMES 250000	/* of all stacks together */
#define MOST_ROWS 1000			/* of any other list */

/* ---- the largest elements of a list ---- */

static int compare_descending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

/* Elements with more than `above` are kept, and the first `equal` ones with just as much. */
struct page_limit {
	double above;
	size_t equal;
};

/* The limit for `most` of the values. Returns false without memory. */
static bool find_limit(struct page_limit *limit, const double *values, size_t nr, size_t most)
{
	double *sorted = calloc(nr + 1, sizeof(*sorted));
	size_t i;

	if (!sorted)
		return false;
	*limit = (struct page_limit){.above = -1};
	for (i = 0; i < nr; i++)
		sorted[i] = values[i];
	qsort(sorted, nr, sizeof(*sorted), compare_descending);
	if (!most) {
		limit->above = INFINITY;
	} else if (nr > most) {
		limit->above = sorted[most - 1];
		for (i = 0; i < most; i++)
			limit->equal += sorted[i] == limit->above;
	}
	free(sorted);
	return true;
}

static bool is_kept(struct page_limit *limit, double value)
{
	if (value > limit->above)
		return true;
	if (value < limit->above || !limit->equal)
		return false;
	limit->equal--;
	return true;
}

static double known_or_zero(double value)
{
	return isfinite(value) && value > 0 ? value : 0;
}

/* As float: a saved session leaves out the last digits, and what is equal there must be equal in the live session, too. */
static double comparable(double value)
{
	return (float)known_or_zero(value);
}

/* ---- functions ---- */

static double function_value(const struct dcbs_function *f)
{
	return comparable(order_is_rest(f) ? f->self_s : f->cumulative_s);
}

static int cut_functions(struct cut_report *cut, const struct dcbs_report *whole)
{
	double *values = calloc(whole->nr_functions + 1, sizeof(*values));
	struct dcbs_function *kept = calloc(whole->nr_functions + 1, sizeof(*kept));
	struct page_limit limit;
	size_t i;

	cut->report.functions = kept;
	cut->report.nr_functions = 0;
	for (i = 0; i < whole->nr_functions && values; i++)
		values[i] = function_value(&whole->functions[i]);
	if (!values || !kept || !find_limit(&limit, values, whole->nr_functions, MOST_FUNCTIONS)) {
		free(values);
		return -ENOMEM;
	}
	for (i = 0; i < whole->nr_functions; i++)
		if (is_kept(&limit, values[i]))
			kept[cut->report.nr_functions++] = whole->functions[i];
	cut->left_out.functions = whole->nr_functions - cut->report.nr_functions;
	free(values);
	return 0;
}

/* ---- stacks and their frames ---- */

static double stack_time(const struct dcbs_stack *s)
{
	return known_or_zero(s->cpu_s) + known_or_zero(s->off_s);
}

static void keep_stacks(struct cut_report *cut, const struct dcbs_report *whole, struct page_limit limit)
{
	struct dcbs_report *r = &cut->report;
	size_t i;

	r->nr_stacks = 0;
	cut->left_out.stacks_s = 0;
	for (i = 0; i < whole->nr_stacks; i++) {
		if (is_kept(&limit, comparable(stack_time(&whole->stacks[i]))))
			r->stacks[r->nr_stacks++] = whole->stacks[i];
		else
			cut->left_out.stacks_s += stack_time(&whole->stacks[i]);
	}
	cut->left_out.stacks = whole->nr_stacks - r->nr_stacks;
}

static size_t nr_stack_frames(const struct dcbs_report *r)
{
	size_t i, nr = 0;

	for (i = 0; i < r->nr_stacks; i++)
		nr += r->stacks[i].nr_frames;
	return nr;
}

/* Keeps the stacks with most time: as many as have few enough frames together. */
static int cut_stacks(struct cut_report *cut, const struct dcbs_report *whole)
{
	double *values = calloc(whole->nr_stacks + 1, sizeof(*values));
	size_t i, most = MOST_STACKS;
	struct page_limit limit;

	cut->report.stacks = calloc(whole->nr_stacks + 1, sizeof(*cut->report.stacks));
	cut->report.nr_stacks = 0;
	for (i = 0; i < whole->nr_stacks && values; i++)
		values[i] = comparable(stack_time(&whole->stacks[i]));
	for (;; most /= 2) {
		if (!values || !cut->report.stacks || !find_limit(&limit, values, whole->nr_stacks, most)) {
			free(values);
			return -ENOMEM;
		}
		keep_stacks(cut, whole, limit);
		if (nr_stack_frames(&cut->report) <= MOST_STACK_FRAMES)
			break;
	}
	free(values);
	return 0;
}

/* Gives each frame that a kept stack has a new number, in the order of the old ones. */
static void number_frames(struct cut_report *cut, const struct dcbs_report *whole, uint32_t *numbers)
{
	struct dcbs_report *r = &cut->report;
	size_t i, j;

	for (i = 0; i < r->nr_stacks; i++)
		for (j = 0; j < r->stacks[i].nr_frames; j++)
			numbers[r->stacks[i].frames[j]] = 1;
	for (i = 0; i < whole->nr_frames; i++) {
		if (!numbers[i])
			continue;
		numbers[i] = (uint32_t)r->nr_frames;
		r->frames[r->nr_frames++] = whole->frames[i];
	}
}

/* The stacks of the cut report have indexes of their own. */
static int cut_frames(struct cut_report *cut, const struct dcbs_report *whole)
{
	uint32_t *numbers = calloc(whole->nr_frames + 1, sizeof(*numbers)), *next;
	struct dcbs_report *r = &cut->report;
	size_t i, j;

	next = calloc(nr_stack_frames(r) + 1, sizeof(*next));
	cut->report.frames = calloc(whole->nr_frames + 1, sizeof(*r->frames));
	r->nr_frames = 0;
	if (!numbers || !next || !r->frames) {
		free(numbers);
		free(next);
		r->nr_stacks = 0;
		return -ENOMEM;
	}
	number_frames(cut, whole, numbers);
	cut->stack_frames = next;
	for (i = 0; i < r->nr_stacks; i++) {
		for (j = 0; j < r->stacks[i].nr_frames; j++)
			next[j] = numbers[r->stacks[i].frames[j]];
		r->stacks[i].frames = next;
		next += r->stacks[i].nr_frames;
	}
	free(numbers);
	return 0;
}

/* ---- other lists ---- */

/* Those with most time; the time outside of sections, which is last, is kept. */
static int cut_sections(struct cut_report *cut, const struct dcbs_report *whole)
{
	struct dcbs_section *kept = calloc(whole->nr_sections + 1, sizeof(*kept));
	size_t i, nr = 0;

	cut->report.sections = kept;
	cut->report.nr_sections = 0;
	if (!kept)
		return -ENOMEM;
	for (i = 0; i < whole->nr_sections; i++)
		if (i < MOST_SECTIONS || section_tree_is_outside(&whole->sections[i]))
			kept[nr++] = whole->sections[i];
	cut->report.nr_sections = nr;
	cut->left_out.sections = whole->nr_sections - nr;
	return 0;
}

/* Shortens a list whose first elements are the most important ones. Returns how many are left out. */
static size_t cut_list(size_t *nr, size_t most)
{
	size_t left = *nr > most ? *nr - most : 0;

	*nr -= left;
	return left;
}

static void cut_lists(struct cut_report *cut)
{
	struct dcbs_report *r = &cut->report;

	cut->left_out.targets = cut_list(&r->nr_targets, MOST_ROWS);
	cut->left_out.bottlenecks = cut_list(&r->nr_bottlenecks, MOST_ROWS);
	cut->left_out.operators = cut_list(&r->nr_operators, MOST_ROWS);
	cut->left_out.caches = cut_list(&r->nr_caches, MOST_ROWS);
	cut->left_out.threads = cut_list(&r->nr_threads, MOST_ROWS);
	cut->left_out.event_loops = cut_list(&r->nr_event_loops, MOST_ROWS);
	cut->left_out.notes = cut_list(&r->nr_notes, MOST_ROWS);
}

int cut_report_make(struct cut_report *cut, const struct dcbs_report *whole)
{
	int err;

	*cut = (struct cut_report){.report = *whole};
	cut_lists(cut);
	err = cut_sections(cut, whole);
	err = cut_functions(cut, whole) ?: err;
	err = cut_stacks(cut, whole) ?: err;
	return cut_frames(cut, whole) ?: err;
}

void cut_report_free(struct cut_report *cut)
{
	free(cut->report.sections);
	free(cut->report.functions);
	free(cut->report.stacks);
	free(cut->report.frames);
	free(cut->stack_frames);
}
