/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* welch.h - the difference of two means with its interval: Welch's t test, for sides of unlike spread. */
#ifndef COMPARE_STATS_WELCH_H
#define COMPARE_STATS_WELCH_H

#include <stdbool.h>
#include <stddef.h>

struct welch {
	double old_mean, new_mean;
	double low, high;	/* of new_mean - old_mean */
	double p;		/* of a difference at least as large if there were none, two-sided */
};

#define WELCH_LEAST 3	/* values a side; the interval is meaningless with fewer */

/* low, high and p are NAN if a side has fewer than WELCH_LEAST values. */
struct welch welch_compare(const double *old_values, size_t nr_old, const double *new_values, size_t nr_new, double confidence);

/* The probability of values so far beyond a limit if their mean were not beyond it, one-sided. NAN: fewer than WELCH_LEAST values. */
double welch_p_beyond(const double *values, size_t nr, double limit, bool is_above);

#endif
