/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * sums.h - sums of figures of two sessions. Real numbers are added with +: the sum with an unknown one (NAN) is unknown. These
 * functions are for the figures for which "unknown" means something else, and for integers.
 */
#ifndef ANALYSE_MERGE_SUMS_H
#define ANALYSE_MERGE_SUMS_H

#include <math.h>

#include "dcbs/profiler.h"

/* NAN: a session has nothing of it. */
static inline double sums_present(double a, double b)
{
	return isnan(a) ? b : isnan(b) ? a : a + b;
}

/* Standard deviations. NAN: the figure is exact. */
static inline double sums_error(double a, double b)
{
	return isnan(a) ? b : isnan(b) ? a : hypot(a, b);
}

static inline int64_t sums_count(int64_t a, int64_t b)
{
	int64_t sum;

	return a == DCBS_UNKNOWN || b == DCBS_UNKNOWN || __builtin_add_overflow(a, b, &sum) ? DCBS_UNKNOWN : sum;
}

/* DCBS_UNKNOWN: a session has nothing of it. */
static inline int64_t sums_present_count(int64_t a, int64_t b)
{
	return a == DCBS_UNKNOWN ? b : b == DCBS_UNKNOWN ? a : sums_count(a, b);
}

/* DCBS_UNKNOWN: the figure is exact. */
static inline int64_t sums_error_count(int64_t a, int64_t b)
{
	return a == DCBS_UNKNOWN ? b : b == DCBS_UNKNOWN ? a : (int64_t)ceil(hypot((double)a, (double)b));
}

/* The larger one that is known: DCBS_UNKNOWN is the smallest integer. */
static inline int64_t sums_largest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* A mean of na values and one of nb. */
static inline double sums_mean(double a, double na, double b, double nb)
{
	if (!(na > 0) || isnan(a))
		return nb > 0 ? b : NAN;
	return nb > 0 && !isnan(b) ? (a * na + b * nb) / (na + nb) : a;
}

#endif
