// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* bootstrap.c - the moving-block bootstrap of the ratio of two means. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "compare/stats/bootstrap.h"
#include "compare/stats/random_numbers.h"
#include "compare/stats/students_t.h"

#define DRAWS 10000
#define MANY 1e9		/* degrees of freedom: the normal distribution */
#define DRAWS_LEAST (DRAWS / 2)	/* with a ratio: a draw of slices without a call has none */

/* The sums of a run's blocks, by their first slice. A block that reaches beyond the last slice goes on with the first one. */
struct block_sums {
	double amount[BOOTSTRAP_SLICES], divisor[BOOTSTRAP_SLICES];
	size_t nr;	/* blocks: one for each slice */
	size_t drawn;	/* blocks that make a run */
};

static void add_up_blocks(struct block_sums *blocks, const struct bootstrap_run *run)
{
	size_t length = (size_t)ceil(sqrt((double)run->nr)), i, k;

	blocks->nr = run->nr;
	blocks->drawn = (run->nr + length - 1) / length;
	for (i = 0; i < run->nr; i++) {
		blocks->amount[i] = blocks->divisor[i] = 0;
		for (k = i; k < i + length; k++) {
			blocks->amount[i] += run->amount[k % run->nr];
			blocks->divisor[i] += run->divisor[k % run->nr];
		}
	}
}

static double draw_ratio(const struct block_sums *blocks, uint64_t *state)
{
	double amount = 0, divisor = 0;
	size_t i, block;

	for (i = 0; i < blocks->drawn; i++) {
		block = random_numbers_below(state, blocks->nr);
		amount += blocks->amount[block];
		divisor += blocks->divisor[block];
	}
	return amount / divisor;
}

/* The k-th smallest of the values, which change their order. */
static double select_smallest(double *values, size_t nr, size_t k)
{
	size_t first = 0, last = nr - 1, i, to;
	double pivot, value;

	while (first < last) {
		pivot = values[first + (last - first) / 2];
		for (i = first, to = last;;) {
			while (values[i] < pivot)
				i++;
			while (values[to] > pivot)
				to--;
			if (i >= to)
				break;
			value = values[i];
			values[i++] = values[to];
			values[to--] = value;
		}
		if (k <= to)
			last = to;
		else
			first = to + 1;
	}
	return values[k];
}

/*
 * A run has few blocks that are independent of one another, and sums of drawn blocks vary less than those of other runs would. Both
 * are corrected as for a mean of that many values: Student's t in place of the normal distribution, and n - 1 in place of n.
 */
static double widening(const struct block_sums *old_blocks, const struct block_sums *new_blocks, double confidence)
{
	double fewest = (double)(old_blocks->drawn < new_blocks->drawn ? old_blocks->drawn : new_blocks->drawn);

	return students_t_limit(confidence, fewest - 1) / students_t_limit(confidence, MANY) * sqrt(fewest / (fewest - 1));
}

static bool is_drawable(const struct bootstrap_run *run)
{
	return run->nr >= BOOTSTRAP_LEAST && run->nr <= BOOTSTRAP_SLICES;
}

bool bootstrap_interval(const struct bootstrap_run *old_run, const struct bootstrap_run *new_run, double confidence,
			double *low, double *high)
{
	struct block_sums old_blocks, new_blocks;
	uint64_t state = RANDOM_NUMBERS_SEED;
	double ratios[DRAWS], ratio, middle, wider;
	size_t draw, nr = 0;

	if (!is_drawable(old_run) || !is_drawable(new_run))
		return false;
	add_up_blocks(&old_blocks, old_run);
	add_up_blocks(&new_blocks, new_run);
	for (draw = 0; draw < DRAWS; draw++) {
		ratio = log(draw_ratio(&new_blocks, &state) / draw_ratio(&old_blocks, &state));
		if (isfinite(ratio))
			ratios[nr++] = ratio;
	}
	if (nr < DRAWS_LEAST)
		return false;
	middle = select_smallest(ratios, nr, nr / 2);
	wider = widening(&old_blocks, &new_blocks, confidence);
	*low = middle + wider * (select_smallest(ratios, nr, (size_t)((1 - confidence) / 2 * (double)(nr - 1))) - middle);
	*high = middle + wider * (select_smallest(ratios, nr, (size_t)ceil((1 + confidence) / 2 * (double)(nr - 1))) - middle);
	return true;
}
