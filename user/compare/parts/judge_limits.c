// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* judge_limits.c - is a limit exceeded, and is that more than chance? */
#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "compare/parts/effects.h"
#include "compare/parts/judge_limits.h"
#include "compare/stats/adjust.h"

static bool is_limited(const struct limit *limit, const struct comparison_subject *subject)
{
	if (metric_subject_of(&limit->metric) != subject->kind || (limit->is_absolute && !subject->in_new))
		return false;
	return !limit->subject[0] || !strcmp(limit->subject, subject->name) || !fnmatch(limit->subject, subject->name, 0);
}

/* The effect of a limit has a place behind those of the metrics. */
static int add_subjects(struct comparison *c, size_t index, const struct comparison_subject *root)
{
	const struct limit *limit = &c->options->limits[index];
	size_t i, before = c->nr_limits;

	for (i = 0; i < c->nr_subjects; i++) {
		struct comparison_subject *s = &c->subjects[i];
		struct comparison_effect *e = &s->effects[c->options->nr_metrics + index];

		if (!is_limited(limit, s))
			continue;
		*e = effects_measure(c, s, &limit->metric, root);
		c->limits[c->nr_limits++] = (struct comparison_limit){.limit = limit, .subject = s, .effect = e};
		c->limits[c->nr_limits - 1].p = limit->is_absolute ? effects_p_beyond(c, s, limit, root) : e->p;
	}
	if (c->nr_limits == before)
		return fail(-ENOENT, "%s %s: no session has such a section or cache",
			    limit->is_absolute ? "--budget" : "--fail-if", limit->text);
	return 0;
}

static bool is_beyond(const struct limit *limit, const struct comparison_effect *e)
{
	double value = limit->is_absolute ? e->new_value : limit->is_share ? e->change : e->new_value - e->old_value;

	return limit->is_above ? value > limit->amount : value < limit->amount;
}

/* A change may be established and yet be smaller than the limit: it is beyond the limit by the estimate, and not 0 by the test. */
static bool is_sure(const struct comparison *c, const struct comparison_limit *l)
{
	if (!l->limit->is_absolute && !effects_is_change(c, l->effect))
		return false;
	return l->adjusted_p <= 1 - c->options->confidence;
}

static void judge_limit(struct comparison *c, struct comparison_limit *l)
{
	if (l->limit->is_absolute ? isnan(l->p) : l->effect->obstacle != OBSTACLE_NONE) {
		l->state = LIMIT_CANNOT_TELL;
		c->nr_cannot_tell++;
	} else if (is_beyond(l->limit, l->effect) && is_sure(c, l)) {
		l->state = LIMIT_EXCEEDED;
		c->nr_exceeded++;
	}
}

static int adjust_limits(struct comparison *c)
{
	double *p = calloc(2 * c->nr_limits + 1, sizeof(*p)), *adjusted = p + c->nr_limits;
	size_t i;
	int err = p ? 0 : -ENOMEM;

	for (i = 0; i < c->nr_limits && p; i++)
		p[i] = c->limits[i].p;
	if (!err)
		err = adjust_holm(p, adjusted, c->nr_limits);
	for (i = 0; i < c->nr_limits && !err; i++)
		c->limits[i].adjusted_p = adjusted[i];
	free(p);
	return err;
}

int judge_limits(struct comparison *c, const struct comparison_subject *root)
{
	size_t i;
	int err = 0;

	if (!c->options->nr_limits)
		return 0;
	c->limits = calloc(c->nr_subjects * c->options->nr_limits + 1, sizeof(*c->limits));
	if (!c->limits)
		return -ENOMEM;
	for (i = 0; i < c->options->nr_limits && !err; i++)
		err = add_subjects(c, i, root);
	if (!err)
		err = adjust_limits(c);
	for (i = 0; i < c->nr_limits && !err; i++)
		judge_limit(c, &c->limits[i]);
	return err;
}
