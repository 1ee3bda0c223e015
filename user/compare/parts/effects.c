// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* effects.c - each metric of each subject on both sides: how large a change is, and whether it is more than chance. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "compare/parts/effects.h"
#include "compare/parts/within_runs.h"
#include "compare/stats/adjust.h"
#include "compare/stats/permutation.h"
#include "compare/stats/welch.h"

/* The values of a metric on one side, one for each session that has one. */
struct side_values {
	double values[COMPARISON_SESSIONS];
	size_t nr;
	bool is_positive;	/* all of them are above 0 */
};

/* ---- values ---- */

static double value_of(const struct metric *metric, enum metric_per per, const struct dcbs_report *report,
		       const struct comparison_subject *subject, const struct dcbs_section *section,
		       const struct dcbs_section *root)
{
	const struct dcbs_cache_summary *cache;

	switch (subject->kind) {
	case METRIC_OF_SECTION:
		return section ? metric_of_section(metric, report, section, per, root) : NAN;
	case METRIC_OF_CACHE:
		cache = dcbs_report_cache(report, subject->name);
		return cache ? metric_of_cache(metric, cache) : NAN;
	case METRIC_OF_SESSION:
		return metric_of_session(metric, report);
	}
	return NAN;
}

static struct side_values side_values(const struct comparison *c, const struct comparison_side *side, const struct metric *metric,
				      const struct comparison_subject *subject, const struct dcbs_section *const *sections,
				      const struct dcbs_section *const *roots)
{
	struct side_values v = {.is_positive = true};
	double value;
	size_t i;

	for (i = 0; i < side->nr; i++) {
		value = value_of(metric, c->options->per, side->reports[i], subject, sections[i], roots ? roots[i] : NULL);
		if (!isfinite(value))
			continue;
		v.values[v.nr++] = value;
		v.is_positive &= value > 0;
	}
	return v;
}

static void take_logarithms(struct side_values *v)
{
	size_t i;

	for (i = 0; i < v->nr; i++)
		v->values[i] = log(v->values[i]);
}

/* ---- effects ---- */

/* Values without logarithms: the change is the difference by the old mean. */
static void scale_linear(struct comparison_effect *e, const struct welch *w)
{
	double scale = w->old_mean > 0 ? w->old_mean : NAN;

	e->is_linear = true;
	e->old_value = w->old_mean;
	e->new_value = w->new_mean;
	e->change = w->old_mean == w->new_mean ? 0 : (w->new_mean - w->old_mean) / scale;
	e->low = w->low / scale;
	e->high = w->high / scale;
}

static void scale_logarithmic(struct comparison_effect *e, const struct welch *w)
{
	e->old_value = exp(w->old_mean);
	e->new_value = exp(w->new_mean);
	e->change = expm1(w->new_mean - w->old_mean);
	e->low = expm1(w->low);
	e->high = expm1(w->high);
}

static enum comparison_obstacle obstacle_of(const struct comparison *c, size_t nr_old, size_t nr_new)
{
	if (!nr_old || !nr_new)
		return OBSTACLE_VALUES;
	if (nr_old == 1 && nr_new == 1)
		return OBSTACLE_ONE_EACH;
	if (nr_old < WELCH_LEAST || nr_new < WELCH_LEAST || permutation_least_p(nr_old, nr_new) > 1 - c->options->confidence)
		return OBSTACLE_SESSIONS;
	return OBSTACLE_NONE;
}

/* The permutation test is for changes that Welch's test takes for one: it supposes nothing of the values' distribution. */
static double permuted_p(const struct comparison *c, const struct welch *w, const struct side_values *old_values,
			 const struct side_values *new_values)
{
	if (!(w->p <= 1 - c->options->confidence))
		return NAN;
	return permutation_p(old_values->values, old_values->nr, new_values->values, new_values->nr);
}

struct comparison_effect effects_measure(const struct comparison *c, const struct comparison_subject *subject,
					 const struct metric *metric, const struct comparison_subject *root)
{
	struct comparison_effect e = {.change = NAN, .low = NAN, .high = NAN, .p = NAN, .permuted_p = NAN, .adjusted_p = NAN};
	struct side_values old_values, new_values;
	struct welch w;

	old_values = side_values(c, &c->old_side, metric, subject, subject->old_sections, root ? root->old_sections : NULL);
	new_values = side_values(c, &c->new_side, metric, subject, subject->new_sections, root ? root->new_sections : NULL);
	e.nr_old = old_values.nr;
	e.nr_new = new_values.nr;
	e.obstacle = obstacle_of(c, e.nr_old, e.nr_new);
	e.is_linear = !old_values.is_positive || !new_values.is_positive;
	if (!e.is_linear) {
		take_logarithms(&old_values);
		take_logarithms(&new_values);
	}
	w = welch_compare(old_values.values, old_values.nr, new_values.values, new_values.nr, c->options->confidence);
	if (e.is_linear)
		scale_linear(&e, &w);
	else
		scale_logarithmic(&e, &w);
	if (e.obstacle == OBSTACLE_ONE_EACH)
		e.is_within_runs = within_runs_interval(c, subject, metric, &e.low, &e.high);
	if (!e.obstacle) {
		e.p = w.p;
		e.permuted_p = permuted_p(c, &w, &old_values, &new_values);
	}
	return e;
}

double effects_p_beyond(const struct comparison *c, const struct comparison_subject *subject, const struct limit *limit,
			const struct comparison_subject *root)
{
	struct side_values v = side_values(c, &c->new_side, &limit->metric, subject, subject->new_sections,
					   root ? root->new_sections : NULL);
	bool is_logarithmic = v.is_positive && limit->amount > 0;

	if (is_logarithmic)
		take_logarithms(&v);
	return welch_p_beyond(v.values, v.nr, is_logarithmic ? log(limit->amount) : limit->amount, limit->is_above);
}

/* ---- verdicts ---- */

bool effects_is_change(const struct comparison *c, const struct comparison_effect *e)
{
	double limit = 1 - c->options->confidence;

	return !e->obstacle && e->p <= limit && e->permuted_p <= limit * (1 + 1e-9);
}

static enum comparison_verdict judge_effect(const struct comparison *c, const struct comparison_subject *subject,
					    const struct comparison_effect *e)
{
	if (e->obstacle)
		return VERDICT_CANNOT_TELL;
	if (subject->share < c->options->min_time)
		return VERDICT_SMALL;
	if (!effects_is_change(c, e) || !(e->adjusted_p <= 1 - c->options->confidence) ||
	    fabs(e->change) < c->options->min_effect)
		return VERDICT_NO_CHANGE;
	return e->new_value > e->old_value ? VERDICT_UP : VERDICT_DOWN;
}

/* Sections that are too short for a verdict do not count as comparisons. */
static double p_to_adjust(const struct comparison *c, const struct comparison_subject *subject, const struct comparison_effect *e)
{
	return subject->share < c->options->min_time ? NAN : e->p;
}

static int adjust_effects(struct comparison *c)
{
	size_t nr_metrics = c->options->nr_metrics, nr = c->nr_subjects * nr_metrics, i;
	double *p = calloc(2 * nr + 1, sizeof(*p)), *adjusted = p + nr;
	int err = p ? 0 : -ENOMEM;

	for (i = 0; i < nr && p; i++) {
		p[i] = p_to_adjust(c, &c->subjects[i / nr_metrics], &c->subjects[i / nr_metrics].effects[i % nr_metrics]);
		c->nr_comparisons += !isnan(p[i]);
	}
	if (!err)
		err = adjust_false_discovery(p, adjusted, nr);
	for (i = 0; i < nr && !err; i++) {
		struct comparison_subject *subject = &c->subjects[i / nr_metrics];
		struct comparison_effect *e = &subject->effects[i % nr_metrics];

		e->adjusted_p = adjusted[i];
		e->verdict = judge_effect(c, subject, e);
	}
	free(p);
	return err;
}

int effects_fill(struct comparison *c, const struct comparison_subject *root)
{
	size_t i, k;

	for (i = 0; i < c->nr_subjects; i++)
		for (k = 0; k < c->options->nr_metrics; k++)
			if (metric_subject_of(&c->options->metrics[k]) == c->subjects[i].kind && !c->subjects[i].is_hidden)
				c->subjects[i].effects[k] = effects_measure(c, &c->subjects[i], &c->options->metrics[k], root);
			else
				c->subjects[i].effects[k] = (struct comparison_effect){.obstacle = OBSTACLE_VALUES, .p = NAN};
	return adjust_effects(c);
}
