/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * adjust.h - p values of many comparisons at once. One in twenty comparisons of equal things is below 0.05; an adjusted p is not.
 *
 * A p of NAN stands for no comparison: it does not count, and stays NAN.
 */
#ifndef COMPARE_STATS_ADJUST_H
#define COMPARE_STATS_ADJUST_H

#include <stddef.h>

/* Holm: the probability that any of those below the limit is false. Both return -ENOMEM without memory. */
int adjust_holm(const double *p, double *adjusted, size_t nr);

/* Benjamini and Hochberg: the share of false ones among those below the limit. */
int adjust_false_discovery(const double *p, double *adjusted, size_t nr);

#endif
