// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* welch.c - the difference of two means with its interval. */
#include <math.h>

#include "compare/stats/students_t.h"
#include "compare/stats/welch.h"

static double mean_of(const double *values, size_t nr)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < nr; i++)
		sum += values[i];
	return nr ? sum / (double)nr : NAN;
}

/* The squared standard error of the mean. */
static double mean_variance(const double *values, size_t nr, double mean)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < nr; i++)
		sum += (values[i] - mean) * (values[i] - mean);
	return sum / (double)(nr - 1) / (double)nr;
}

struct welch welch_compare(const double *old_values, size_t nr_old, const double *new_values, size_t nr_new, double confidence)
{
	struct welch w = {.old_mean = mean_of(old_values, nr_old), .new_mean = mean_of(new_values, nr_new),
			  .low = NAN, .high = NAN, .p = NAN};
	double difference = w.new_mean - w.old_mean, a, b, freedom, error, reach;

	if (nr_old < WELCH_LEAST || nr_new < WELCH_LEAST)
		return w;
	a = mean_variance(old_values, nr_old, w.old_mean);
	b = mean_variance(new_values, nr_new, w.new_mean);
	error = sqrt(a + b);
	if (error <= 1e-15 * fabs(difference) || error == 0) {	/* counts may be the same in each session of a side */
		w.low = w.high = difference;
		w.p = difference == 0 ? 1 : 0;
		return w;
	}
	freedom = (a + b) * (a + b) / (a * a / (double)(nr_old - 1) + b * b / (double)(nr_new - 1));
	reach = students_t_limit(confidence, freedom) * error;
	w.low = difference - reach;
	w.high = difference + reach;
	w.p = students_t_two_sided(difference / error, freedom);
	return w;
}

double welch_p_beyond(const double *values, size_t nr, double limit, bool is_above)
{
	double mean = mean_of(values, nr), beyond = is_above ? mean - limit : limit - mean, error;

	if (nr < WELCH_LEAST)
		return NAN;
	error = sqrt(mean_variance(values, nr, mean));
	if (error <= 1e-15 * fabs(mean))
		return beyond > 0 ? 0 : 1;
	return beyond > 0 ? students_t_two_sided(beyond / error, (double)(nr - 1)) / 2 :
			    1 - students_t_two_sided(beyond / error, (double)(nr - 1)) / 2;
}
