/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * shape.h - how two distributions of calls differ. It describes a change; it never decides whether there is one, because the calls
 * of a run are not independent of one another.
 */
#ifndef COMPARE_STATS_SHAPE_H
#define COMPARE_STATS_SHAPE_H

#include "compare/comparison.h"
#include "dcbs/sections.h"

/* The calls of the sessions of one side, added up. */
struct shape_side {
	double *places;		/* calls by place of the histogram; before them those of 0 ns */
	double calls;
};

int shape_begin(struct shape_side *side);	/* 0 or -ENOMEM */
void shape_clear(struct shape_side *side);
void shape_add(struct shape_side *side, const struct dcbs_histogram *histogram);
void shape_free(struct shape_side *side);

/* All members are NAN if a side has no calls. */
struct comparison_shape shape_compare(const struct shape_side *old_side, const struct shape_side *new_side);

#endif
