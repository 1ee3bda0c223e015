// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* adjust.c - p values of many comparisons at once. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "compare/stats/adjust.h"

static int order_by_p(const void *a, const void *b)
{
	double x = **(const double *const *)a, y = **(const double *const *)b;

	return (x > y) - (x < y);
}

/* Pointers to those that are known, the smallest first. NULL: no memory. */
static const double **sort_known(const double *p, size_t nr, size_t *known)
{
	const double **order = calloc(nr + 1, sizeof(*order));
	size_t i;

	*known = 0;
	for (i = 0; i < nr && order; i++)
		if (!isnan(p[i]))
			order[(*known)++] = &p[i];
	if (order)
		qsort(order, *known, sizeof(*order), order_by_p);
	return order;
}

static void set_unknown(double *adjusted, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		adjusted[i] = NAN;
}

int adjust_holm(const double *p, double *adjusted, size_t nr)
{
	size_t known, i;
	const double **order = sort_known(p, nr, &known);
	double most = 0;

	if (!order)
		return -ENOMEM;
	set_unknown(adjusted, nr);
	for (i = 0; i < known; i++) {
		most = fmax(most, fmin(1, *order[i] * (double)(known - i)));
		adjusted[order[i] - p] = most;
	}
	free(order);
	return 0;
}

int adjust_false_discovery(const double *p, double *adjusted, size_t nr)
{
	size_t known, i;
	const double **order = sort_known(p, nr, &known);
	double least = 1;

	if (!order)
		return -ENOMEM;
	set_unknown(adjusted, nr);
	for (i = known; i-- > 0;) {
		least = fmin(least, *order[i] * (double)known / (double)(i + 1));
		adjusted[order[i] - p] = least;
	}
	free(order);
	return 0;
}
