// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* compare.c - compares the sessions of two sides. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "compare/compare.h"
#include "compare/parts/changed_functions.h"
#include "compare/parts/effects.h"
#include "compare/parts/explain.h"
#include "compare/parts/judge_limits.h"
#include "compare/parts/machines.h"
#include "compare/parts/subjects.h"

/* ---- order ---- */

/* The part of the window that a change is of; for "change" the size of the change alone. Unknown changes come last. */
static double weight_of(const struct comparison *c, const struct comparison_subject *s)
{
	const struct comparison_effect *e = comparison_main_effect(c, s);
	double change = e ? fabs(log1p(e->change)) : NAN;

	if (isnan(change))
		return -1;
	return c->options->order == COMPARISON_BY_DELTA && !isnan(s->share) ? change * s->share : change;
}

static int order_subjects_shown(const void *a, const void *b, void *comparison)
{
	const struct comparison *c = comparison;
	const struct comparison_subject *x = a, *y = b;
	bool x_common = x->in_old && x->in_new, y_common = y->in_old && y->in_new;
	double x_weight = weight_of(c, x), y_weight = weight_of(c, y);

	if (x->is_hidden != y->is_hidden)
		return x->is_hidden - y->is_hidden;
	if (x_common != y_common)
		return y_common - x_common;
	if (x->kind != y->kind)
		return (x->kind > y->kind) - (x->kind < y->kind);
	if (c->options->order != COMPARISON_BY_NAME && x_weight != y_weight)
		return (x_weight < y_weight) - (x_weight > y_weight);
	return strcmp(x->name, y->name);
}

static size_t count_common(const struct comparison *c)
{
	size_t i, nr = 0;

	for (i = 0; i < c->nr_subjects; i++)
		nr += c->subjects[i].in_old && c->subjects[i].in_new;
	return nr;
}

/* ---- a comparison ---- */

static bool has_common_section(const struct comparison *c)
{
	size_t i;

	for (i = 0; i < c->nr_subjects; i++)
		if (c->subjects[i].kind == METRIC_OF_SECTION && c->subjects[i].in_old && c->subjects[i].in_new &&
		    !c->subjects[i].is_hidden)
			return true;
	return false;
}

static int check_sides(const struct comparison *c)
{
	if (c->options->force)
		return 0;
	if (!has_common_section(c))
		return fail(-ENOENT, "no section is in both %s and %s%s: there is nothing to compare", c->old_side.files[0],
			    c->new_side.files[0],
			    c->options->sections ? " and has such a name" : "");
	return machines_check_sessions(c);
}

/* The root after the subjects have changed their order: its name is the same pointer. */
static const struct comparison_subject *find_root(const struct comparison *c)
{
	size_t i;

	for (i = 0; i < c->nr_all && c->root; i++)
		if (c->subjects[i].name == c->root && c->subjects[i].kind == METRIC_OF_SECTION)
			return &c->subjects[i];
	return NULL;
}

/* Puts the subjects into the order that was asked for, those that are not wanted last. */
static void sort_subjects(struct comparison *c)
{
	qsort_r(c->subjects, c->nr_all, sizeof(*c->subjects), order_subjects_shown, c);
	while (c->nr_subjects && c->subjects[c->nr_subjects - 1].is_hidden)
		c->nr_subjects--;
	c->nr_common = count_common(c);
}

static int fill_comparison(struct comparison *c)
{
	const struct comparison_subject *root;
	int err = subjects_fill(c);

	if (err || (err = check_sides(c)))
		return err;
	root = subjects_root(c);
	c->root = root ? root->name : NULL;
	if ((err = effects_fill(c, root)) || (err = explain_sections(c)) || (err = changed_functions_fill(c)) ||
	    (err = machines_warn(c)))
		return err;
	sort_subjects(c);
	return judge_limits(c, find_root(c));
}

int compare_sessions(struct comparison **comparison, const struct comparison_options *options,
		     const struct comparison_side *old_side, const struct comparison_side *new_side)
{
	struct comparison *c = calloc(1, sizeof(*c));
	int err;

	assert(old_side->nr && new_side->nr && old_side->nr <= COMPARISON_SESSIONS && new_side->nr <= COMPARISON_SESSIONS);
	if (!c)
		return fail(-ENOMEM, "no memory for the comparison");
	c->options = options;
	c->old_side = *old_side;
	c->new_side = *new_side;
	err = fill_comparison(c);
	if (err) {
		compare_free(c);
		return err == -ENOMEM ? fail(err, "no memory for the comparison") : err;
	}
	*comparison = c;
	return 0;
}

void compare_free(struct comparison *c)
{
	if (!c)
		return;
	machines_free(c);
	subjects_free(c);
	free(c->limits);
	free(c);
}
