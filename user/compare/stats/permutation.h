/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * permutation.h - the permutation test of two means: in how many of the ways to divide all values between the two sides do the
 * means differ at least as much as they do? It supposes nothing of the values' distribution.
 */
#ifndef COMPARE_STATS_PERMUTATION_H
#define COMPARE_STATS_PERMUTATION_H

#include <stddef.h>

#define PERMUTATION_VALUES 128	/* of both sides together, at most */

/* Two-sided. Exact as long as there are at most 200,000 ways; from 20,000 of them beyond that. NAN: too many values. */
double permutation_p(const double *old_values, size_t nr_old, const double *new_values, size_t nr_new);

/* The smallest p that sides of this size can reach. */
double permutation_least_p(size_t nr_old, size_t nr_new);

#endif
