/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* welch.h - the difference of two means with its interval: Welch's t test, for sides of unlike spread. */
#ifndef COMPARE_STATS_WELCH_H
#define COMPARE_STATS_WELCH_H

#include <stddef.h>

struct welch {
	double old_mean, new_mean;
	double low, high;	/* of new_mean - old_mean */
	double p;		/* of a difference at least as large if there were none, two-sided */
};

#define WELCH_LEAST 3	/* values a side; the interval is meaningless with fewer */

/* low, high and p are NAN if a side has fewer than WELCH_LEAST values. */
struct welch welch_compare(const double *old_values, size_t nr_old, const double *new_values, size_t nr_new, double confidence);

#endif
