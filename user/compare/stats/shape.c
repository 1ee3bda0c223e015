// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* shape.c - how two distributions of calls differ. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bpfprof/hist.h"
#include "compare/stats/shape.h"

#define SHAPE_PLACES (HIST_PLACES + 1)	/* place 0 holds the calls of 0 ns */
#define CALLS_BEYOND 10	/* that a percentile needs on its far side */

const double comparison_shape_percentiles[COMPARISON_SHIFTS] = {0.1, 0.5, 0.9, 0.99, 0.999};

int shape_begin(struct shape_side *side)
{
	*side = (struct shape_side){.places = calloc(SHAPE_PLACES, sizeof(*side->places))};
	return side->places ? 0 : -ENOMEM;
}

void shape_clear(struct shape_side *side)
{
	memset(side->places, 0, SHAPE_PLACES * sizeof(*side->places));
	side->calls = 0;
}

void shape_add(struct shape_side *side, const struct dcbs_histogram *h)
{
	size_t i;

	side->places[0] += (double)h->zero_count;
	side->calls += (double)h->zero_count;
	for (i = 0; i < h->nr_buckets; i++) {
		side->places[h->buckets[i].index - HIST_MIN_INDEX + 1] += (double)h->buckets[i].count;
		side->calls += (double)h->buckets[i].count;
	}
}

void shape_free(struct shape_side *side)
{
	free(side->places);
	side->places = NULL;
}

/* The middle of a place, in seconds. */
static double middle_of(int place)
{
	return place ? exp2((place - 1 + HIST_MIN_INDEX + 0.5) / HIST_SUB) * 1e-9 : 0;
}

static double percentile_of(const struct shape_side *side, double q)
{
	double below = 0, rank = q * side->calls;
	int place = 0;

	if (side->calls * fmin(q, 1 - q) < CALLS_BEYOND)
		return NAN;
	for (; place < SHAPE_PLACES - 1; place++) {
		below += side->places[place];
		if (below >= rank)
			break;
	}
	return middle_of(place);
}

/* Vargha and Delaney's A, and the largest distance of the two distribution functions (Kolmogorov and Smirnov). */
static void walk_places(struct comparison_shape *shape, const struct shape_side *old_side, const struct shape_side *new_side)
{
	double old_below = 0, new_below = 0, larger = 0, distance;
	int place;

	shape->distance = 0;
	for (place = 0; place < SHAPE_PLACES; place++) {
		double old_here = old_side->places[place] / old_side->calls, new_here = new_side->places[place] / new_side->calls;

		larger += new_here * (old_below + old_here / 2);
		old_below += old_here;
		new_below += new_here;
		distance = fabs(old_below - new_below);
		if (distance > shape->distance) {
			shape->distance = distance;
			shape->distance_at_s = middle_of(place);
		}
	}
	shape->larger = larger;
}

struct comparison_shape shape_compare(const struct shape_side *old_side, const struct shape_side *new_side)
{
	struct comparison_shape shape = {.larger = NAN, .distance = NAN, .distance_at_s = NAN};
	size_t i;

	if (old_side->calls > 0 && new_side->calls > 0)
		walk_places(&shape, old_side, new_side);
	for (i = 0; i < COMPARISON_SHIFTS; i++)
		shape.shifts[i] = percentile_of(new_side, comparison_shape_percentiles[i]) /
				  percentile_of(old_side, comparison_shape_percentiles[i]) - 1;
	return shape;
}
