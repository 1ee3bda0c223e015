// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* permutation.c - the permutation test of two means. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "compare/stats/permutation.h"
#include "compare/stats/random_numbers.h"

#define EXACT_WAYS 200000
#define DRAWS 20000
#define ROUNDING 1e-9

struct partition {
	double values[PERMUTATION_VALUES];	/* those of the old side first */
	size_t nr_old, nr_new;
	double sum;		/* of all values */
	double difference;	/* of the means as they are, without its sign */
};

static double ways_to_divide(size_t nr_old, size_t nr_new)
{
	double ways = 1;
	size_t i;

	for (i = 1; i <= nr_old; i++)
		ways = ways * (double)(nr_new + i) / (double)i;
	return round(ways);
}

double permutation_least_p(size_t nr_old, size_t nr_new)
{
	double ways = ways_to_divide(nr_old, nr_new);

	return ways > 2 ? 2 / ways : 1;
}

static double mean_difference(const struct partition *d, double old_sum)
{
	return fabs((d->sum - old_sum) / (double)d->nr_new - old_sum / (double)d->nr_old);
}

static bool is_as_large(const struct partition *d, double old_sum)
{
	return mean_difference(d, old_sum) >= d->difference * (1 - ROUNDING);
}

/* Each number with nr_old bits set is a way. Gosper's method finds the next larger one. */
static double exact_p(const struct partition *d)
{
	uint64_t way = (1ULL << d->nr_old) - 1, end = 1ULL << (d->nr_old + d->nr_new), bits, lowest, next;
	size_t ways = 0, large = 0;

	while (way < end) {
		double sum = 0;

		for (bits = way; bits; bits &= bits - 1)
			sum += d->values[__builtin_ctzll(bits)];
		ways++;
		large += is_as_large(d, sum);
		lowest = way & -way;
		next = way + lowest;
		way = ((next ^ way) >> 2) / lowest | next;
	}
	return (double)large / (double)ways;
}

/* The way that was observed counts as one of the draws: p is never 0. */
static double drawn_p(struct partition *d)
{
	uint64_t state = RANDOM_NUMBERS_SEED;
	size_t draw, i, other, large = 1;

	for (draw = 0; draw < DRAWS; draw++) {
		double sum = 0, value;

		for (i = 0; i < d->nr_old; i++) {
			other = i + random_numbers_below(&state, d->nr_old + d->nr_new - i);
			value = d->values[other];
			d->values[other] = d->values[i];
			d->values[i] = value;
			sum += value;
		}
		large += is_as_large(d, sum);
	}
	return (double)large / (DRAWS + 1);
}

double permutation_p(const double *old_values, size_t nr_old, const double *new_values, size_t nr_new)
{
	struct partition d = {.nr_old = nr_old, .nr_new = nr_new};
	double old_sum = 0;
	size_t i;

	if (!nr_old || !nr_new || nr_old + nr_new > PERMUTATION_VALUES)
		return NAN;
	memcpy(d.values, old_values, nr_old * sizeof(*old_values));
	memcpy(d.values + nr_old, new_values, nr_new * sizeof(*new_values));
	for (i = 0; i < nr_old + nr_new; i++)
		d.sum += d.values[i];
	for (i = 0; i < nr_old; i++)
		old_sum += old_values[i];
	d.difference = mean_difference(&d, old_sum);
	if (nr_old + nr_new < 63 && ways_to_divide(nr_old, nr_new) <= EXACT_WAYS)
		return exact_p(&d);
	return drawn_p(&d);
}
