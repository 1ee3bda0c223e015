// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* merge_functions.c - functions and operators of several sessions: equal ones stand together after sorting, and are added up. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/merge/merge_lists.h"
#include "analyse/merge/sums.h"

#define LINES_MOST 8	/* of a function, as in a report of one session */

/* A function or operator, with what its order needs. */
struct merged_item {
	size_t section;		/* its place in the report */
	const void *item;
};

size_t merge_section_place(const struct dcbs_report *r, const char *name, struct merge_last_section *last)
{
	size_t i = 0;

	if (last->name && !strcmp(last->name, name))
		return last->place;
	while (i < r->nr_sections && strcmp(r->sections[i].name, name))
		i++;
	*last = (struct merge_last_section){name, i};
	return i;
}

static int compare_text(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static char *copy_text(const char *s, bool *failed)
{
	char *copy = s ? strdup(s) : NULL;

	*failed |= s && !copy;
	return copy;
}

/* ---- functions ---- */

/* "(N more)": the functions of a section that have no line of their own. */
static bool is_rest(const struct dcbs_function *f)
{
	return isnan(f->cumulative_s);
}

static int order_same_functions(const void *a, const void *b)
{
	const struct merged_item *x = a, *y = b;
	const struct dcbs_function *f = x->item, *g = y->item;

	int sections = (x->section > y->section) - (x->section < y->section) ?: strcmp(f->section, g->section);

	if (sections || is_rest(f) || is_rest(g))
		return sections ?: is_rest(f) - is_rest(g);
	return strcmp(f->function, g->function) ?: compare_text(f->file, g->file) ?: (f->line > g->line) - (f->line < g->line) ?:
	       f->python - g->python;
}

static int order_lines(const void *a, const void *b)
{
	const struct dcbs_line *x = a, *y = b;

	return (x->samples < y->samples) - (x->samples > y->samples) ?: (x->line > y->line) - (x->line < y->line);
}

/* The lines with the most samples are kept. */
static bool add_lines(struct dcbs_function *to, const struct dcbs_function *f)
{
	struct dcbs_line *lines = calloc(to->nr_lines + f->nr_lines + 1, sizeof(*lines));
	size_t i, j, nr = to->nr_lines;

	if (!lines)
		return false;
	for (i = 0; i < nr; i++)
		lines[i] = to->lines[i];
	for (i = 0; i < f->nr_lines; i++) {
		for (j = 0; j < nr && lines[j].line != f->lines[i].line; j++)
			;
		lines[j].line = f->lines[i].line;
		lines[j].samples = sums_count(lines[j].samples, f->lines[i].samples);
		nr += j == nr;
	}
	qsort(lines, nr, sizeof(*lines), order_lines);
	free(to->lines);
	to->lines = lines;
	to->nr_lines = nr < LINES_MOST ? nr : LINES_MOST;
	return true;
}

/* A share that is within a bound of the truth in each session is so in their mean, too. */
static bool add_function(struct dcbs_function *to, const struct dcbs_function *f)
{
	to->self_s += f->self_s;
	to->cumulative_s += f->cumulative_s;
	to->self_cpu_s += f->self_cpu_s;
	to->cumulative_cpu_s += f->cumulative_cpu_s;
	to->self_off_s += f->self_off_s;
	to->cumulative_off_s += f->cumulative_off_s;
	to->self_samples = sums_count(to->self_samples, f->self_samples);
	to->cumulative_samples = sums_count(to->cumulative_samples, f->cumulative_samples);
	to->self_error_s = sums_error(to->self_error_s, f->self_error_s);
	to->cumulative_error_s = sums_error(to->cumulative_error_s, f->cumulative_error_s);
	to->share_bound = fmax(to->share_bound, f->share_bound);
	return add_lines(to, f);
}

/* The number in the name of the rest would count functions twice that two sessions left out. */
static bool copy_function(struct dcbs_function *to, const struct dcbs_function *f)
{
	bool failed = false;

	*to = *f;
	to->lines = NULL;
	to->nr_lines = 0;
	to->section = copy_text(f->section, &failed);
	to->function = copy_text(is_rest(f) ? "(others)" : f->function, &failed);
	to->file = copy_text(f->file, &failed);
	return add_lines(to, f) && !failed;
}

static int order_shown_functions(const void *a, const void *b)
{
	const struct dcbs_function *f = a, *g = b;

	if (is_rest(f) || is_rest(g))
		return is_rest(f) - is_rest(g);
	return (f->cumulative_s < g->cumulative_s) - (f->cumulative_s > g->cumulative_s) ?: strcmp(f->function, g->function);
}

/* Functions of a section stand together already. */
static void sort_within_sections(struct dcbs_function *functions, size_t nr)
{
	size_t first, end;

	for (first = 0; first < nr; first = end) {
		for (end = first + 1; end < nr && !strcmp(functions[first].section, functions[end].section); end++)
			;
		qsort(&functions[first], end - first, sizeof(*functions), order_shown_functions);
	}
}

static int fold_functions(struct dcbs_report *to, const struct merged_item *items, size_t nr)
{
	size_t i;
	bool good = true;

	for (i = 0; i < nr && good; i++) {
		if (i && !order_same_functions(&items[i - 1], &items[i]))
			good = add_function(&to->functions[to->nr_functions - 1], items[i].item);
		else
			good = copy_function(&to->functions[to->nr_functions++], items[i].item);
	}
	sort_within_sections(to->functions, to->nr_functions);
	return good ? 0 : -ENOMEM;
}

int merge_functions(struct dcbs_report *to, struct dcbs_report *const *sessions, size_t nr)
{
	struct merge_last_section last = {0};
	struct merged_item *items;
	size_t i, j, all = 0, n = 0;
	int err = -ENOMEM;

	for (i = 0; i < nr; i++)
		all += sessions[i]->nr_functions;
	items = calloc(all + 1, sizeof(*items));
	to->functions = calloc(all + 1, sizeof(*to->functions));
	for (i = 0; i < nr && items; i++)
		for (j = 0; j < sessions[i]->nr_functions; j++) {
			const struct dcbs_function *f = &sessions[i]->functions[j];

			items[n++] = (struct merged_item){merge_section_place(to, f->section, &last), f};
		}
	if (items && to->functions) {
		qsort(items, n, sizeof(*items), order_same_functions);
		err = fold_functions(to, items, n);
	}
	free(items);
	return err;
}

/* ---- operators ---- */

static struct dcbs_operator *find_operator(struct dcbs_report *to, const struct dcbs_operator *like)
{
	size_t i;

	for (i = 0; i < to->nr_operators; i++)
		if (!strcmp(to->operators[i].name, like->name) && !strcmp(to->operators[i].section, like->section))
			return &to->operators[i];
	return NULL;
}

static int add_operator(struct dcbs_report *to, const struct dcbs_operator *more)
{
	struct dcbs_operator *o = find_operator(to, more);
	bool failed = false;

	if (!o) {
		o = &to->operators[to->nr_operators++];
		*o = *more;
		o->section = copy_text(more->section, &failed);
		o->name = copy_text(more->name, &failed);
		return failed ? -ENOMEM : 0;
	}
	o->self_s += more->self_s;
	o->cumulative_s += more->cumulative_s;
	o->self_error_s = sums_error(o->self_error_s, more->self_error_s);
	o->self_samples = sums_count(o->self_samples, more->self_samples);
	return 0;
}

static int order_operators(const void *a, const void *b, void *report)
{
	const struct dcbs_operator *o = a, *p = b;
	struct merge_last_section none = {0}, other = {0};
	size_t x = merge_section_place(report, o->section, &none), y = merge_section_place(report, p->section, &other);

	return (x > y) - (x < y) ?: (o->self_s < p->self_s) - (o->self_s > p->self_s) ?: strcmp(o->name, p->name);
}

int merge_operators(struct dcbs_report *to, struct dcbs_report *const *sessions, size_t nr)
{
	size_t i, j, all = 0;
	int err = 0;

	for (i = 0; i < nr; i++)
		all += sessions[i]->nr_operators;
	to->operators = calloc(all + 1, sizeof(*to->operators));
	if (!to->operators)
		return -ENOMEM;
	for (i = 0; i < nr; i++)
		for (j = 0; j < sessions[i]->nr_operators && !err; j++)
			err = add_operator(to, &sessions[i]->operators[j]);
	qsort_r(to->operators, to->nr_operators, sizeof(*to->operators), order_operators, to);
	return err;
}
