// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* explain.c - what a change of a section is made of. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "compare/parts/effects.h"
#include "compare/parts/explain.h"
#include "compare/parts/subjects.h"
#include "compare/stats/shape.h"

#define LEAST_PART 0.6		/* of a section's change, for a section inside it that explains it */
#define DEEPEST 64		/* sections around a section; parents of a hostile document may go in circles */

/* ---- causes ---- */

/* The mean share of each cause in the section's time. Returns false if no session knows them. */
static bool mean_cause_shares(const struct dcbs_section *const *sections, size_t nr, double *shares)
{
	size_t i, k, known = 0;
	double all;

	memset(shares, 0, METRIC_CAUSES * sizeof(*shares));
	for (i = 0; i < nr; i++) {
		if (!sections[i])
			continue;
		for (k = 0, all = 0; k < METRIC_CAUSES; k++)
			all += metric_cause_s(&sections[i]->wall, k);
		if (!(all > 0))
			continue;
		for (k = 0; k < METRIC_CAUSES; k++)
			shares[k] += metric_cause_s(&sections[i]->wall, k) / all;
		known++;
	}
	for (k = 0; k < METRIC_CAUSES && known; k++)
		shares[k] /= (double)known;
	return known;
}

/* The causes of a section add up to its mean, whatever metric is compared: their shares are multiplied with it. */
static void explain_causes(const struct comparison *c, struct comparison_subject *s)
{
	static const struct metric mean_metric = {.kind = METRIC_MEAN};
	const struct comparison_effect mean = effects_measure(c, s, &mean_metric, NULL);
	double old_shares[METRIC_CAUSES], new_shares[METRIC_CAUSES];
	size_t k;

	s->causes_known = isfinite(mean.change) && mean_cause_shares(s->old_sections, c->old_side.nr, old_shares) &&
			  mean_cause_shares(s->new_sections, c->new_side.nr, new_shares);
	for (k = 0; k < METRIC_CAUSES && s->causes_known; k++)
		s->causes[k] = (struct comparison_cause){old_shares[k] * mean.old_value, new_shares[k] * mean.new_value};
}

/* ---- distributions ---- */

static void add_side(struct shape_side *side, const struct dcbs_section *const *sections, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (sections[i])
			shape_add(side, &sections[i]->histogram);
}

static void explain_shape(const struct comparison *c, struct comparison_subject *s, struct shape_side *old_side,
			  struct shape_side *new_side)
{
	shape_clear(old_side);
	shape_clear(new_side);
	add_side(old_side, s->old_sections, c->old_side.nr);
	add_side(new_side, s->new_sections, c->new_side.nr);
	s->shape = shape_compare(old_side, new_side);
}

/* ---- sections inside ---- */

static int depth_below(const struct comparison *c, const struct comparison_subject *inner, const struct comparison_subject *outer)
{
	int depth;

	for (depth = 0; inner && depth < DEEPEST; depth++) {
		if (inner == outer)
			return depth;
		inner = inner->parent ? subjects_find(c, inner->parent) : NULL;
	}
	return 0;
}

/* The mean time in a section for each call of the one around it. */
static double time_per_call(const struct dcbs_section *const *inner, const struct dcbs_section *const *outer, size_t nr)
{
	double sum = 0;
	size_t i, known = 0;

	for (i = 0; i < nr; i++)
		if (inner[i] && outer[i] && outer[i]->count != DCBS_UNKNOWN && outer[i]->count > 0 &&
		    isfinite(inner[i]->total_s)) {
			sum += inner[i]->total_s / (double)outer[i]->count;
			known++;
		}
	return known ? sum / (double)known : NAN;
}

static double difference_per_call(const struct comparison *c, const struct comparison_subject *inner,
				  const struct comparison_subject *outer)
{
	return time_per_call(inner->new_sections, outer->new_sections, c->new_side.nr) -
	       time_per_call(inner->old_sections, outer->old_sections, c->old_side.nr);
}

static bool has_verdict(const struct comparison_effect *e)
{
	return e && (e->verdict == VERDICT_UP || e->verdict == VERDICT_DOWN);
}

/* The innermost section that changed in the same direction and has most of the change. */
static void explain_by_section(const struct comparison *c, struct comparison_subject *s)
{
	double whole = difference_per_call(c, s, s);
	int depth, deepest = 0;
	size_t i;

	for (i = 0; i < c->nr_subjects; i++) {
		const struct comparison_subject *inner = &c->subjects[i];

		if (inner->kind != METRIC_OF_SECTION || !inner->parent || !has_verdict(comparison_main_effect(c, inner)))
			continue;
		depth = depth_below(c, inner, s);
		if (depth > deepest && difference_per_call(c, inner, s) / whole >= LEAST_PART) {
			deepest = depth;
			s->because = inner->name;
		}
	}
}

int explain_sections(struct comparison *c)
{
	struct shape_side old_side = {0}, new_side = {0};
	size_t i;
	int err = shape_begin(&old_side) || shape_begin(&new_side) ? -ENOMEM : 0;

	for (i = 0; i < c->nr_subjects && !err; i++) {
		struct comparison_subject *s = &c->subjects[i];

		if (s->kind != METRIC_OF_SECTION || !s->in_old || !s->in_new)
			continue;
		explain_causes(c, s);
		explain_shape(c, s, &old_side, &new_side);
		if (has_verdict(comparison_main_effect(c, s)))
			explain_by_section(c, s);
	}
	shape_free(&old_side);
	shape_free(&new_side);
	return err;
}
