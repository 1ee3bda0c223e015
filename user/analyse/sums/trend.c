// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * trend.c - see trend.h.
 *
 * The unit of evidence is a stretch of the window, not a call: calls that follow each other resemble each other. So the window is cut
 * into up to 20 blocks of slices, and the logarithm of the time of a call is fitted with a line through the blocks. If neighbouring
 * blocks resemble each other, the error of the slope is larger by what that means for independent ones.
 */
#include <math.h>
#include <stdbool.h>

#include "analyse/sums/trend.h"
#include "base/array.h"

#define BLOCKS 20
#define LEAST_BLOCKS 8
#define BLOCK_CALLS 4		/* a block with fewer calls says nothing */
#define LEAST_CHANGE 0.03
#define LEAST_WARM_UP 0.25	/* by which the first calls must be slower */
#define STEADY_SLICES 30	/* in the later half: that the first two exceed all of these is chance in 1 of 500 cases */
#define CALLS_PER_SLICE 4	/* of a section whose calls are longer, slices do not show the time of a call */

struct trend_block {
	double at_s, log_s;	/* its middle; logarithm of the time of a call */
};

struct trend_line {
	double slope, error;	/* of the logarithm, a second */
	double degrees;		/* of freedom */
};

static double call_s(const struct dcbs_section_slices *s, size_t first, size_t end)
{
	double total = 0, calls = 0;

	for (; first < end; first++) {
		total += s->total_s[first];
		calls += (double)s->count[first];
	}
	return calls >= BLOCK_CALLS && total > 0 ? total / calls : NAN;
}

/* ---- a slow start ---- */

/* Returns the number of slices at the beginning in each of which a call took longer than in any slice of the later half. */
static size_t slow_slices(const struct dcbs_section_slices *s, size_t nr)
{
	double longest = 0;
	size_t i, known = 0;

	for (i = nr / 2; i < nr; i++) {
		double one = call_s(s, i, i + 1);

		known += !isnan(one);
		longest = fmax(longest, one);
	}
	if (known < STEADY_SLICES)
		return 0;
	for (i = 0; i < nr / 2 && call_s(s, i, i + 1) > longest; i++)
		;
	return i;
}

static size_t find_warm_up(struct dcbs_section *section, const struct dcbs_slices *slices)
{
	const struct dcbs_section_slices *s = &section->slices;
	size_t slow = slow_slices(s, slices->nr);
	double factor;

	if (slow < 2)
		return 0;
	factor = call_s(s, 0, slow) / call_s(s, slow, slices->nr);
	if (!(factor >= 1 + LEAST_WARM_UP))
		return 0;
	section->trend.warm_up_s = slices->end_s[slow - 1];
	section->trend.warm_up_factor = factor;
	return slow;
}

/* ---- a trend ---- */

static size_t make_blocks(struct trend_block *blocks, const struct dcbs_section_slices *s, const struct dcbs_slices *slices,
			  size_t first)
{
	size_t i, n = 0, slices_left = slices->nr - first, wanted = slices_left < BLOCKS ? slices_left : BLOCKS;

	for (i = 0; i < wanted; i++) {
		size_t from = first + slices_left * i / wanted, end = first + slices_left * (i + 1) / wanted;
		double start_s = from ? slices->end_s[from - 1] : 0, one = call_s(s, from, end);

		if (!isnan(one))
			blocks[n++] = (struct trend_block){(start_s + slices->end_s[end - 1]) / 2, log(one)};
	}
	return n;
}

static struct trend_line fit_line(const struct trend_block *b, size_t n)
{
	double mean_at = 0, mean_log = 0, at2 = 0, both = 0, left2 = 0, pairs = 0, before = 0, alike, slope;
	size_t i;

	for (i = 0; i < n; i++) {
		mean_at += b[i].at_s / (double)n;
		mean_log += b[i].log_s / (double)n;
	}
	for (i = 0; i < n; i++) {
		at2 += (b[i].at_s - mean_at) * (b[i].at_s - mean_at);
		both += (b[i].at_s - mean_at) * (b[i].log_s - mean_log);
	}
	slope = both / at2;
	for (i = 0; i < n; i++) {
		double left = b[i].log_s - mean_log - slope * (b[i].at_s - mean_at);

		left2 += left * left;
		pairs += i ? left * before : 0;
		before = left;
	}
	alike = left2 > 0 ? fmin(fmax(pairs / left2, 0), 0.8) : 0;
	return (struct trend_line){slope, sqrt(left2 / (double)(n - 2) / at2 * (1 + alike) / (1 - alike)), (double)(n - 2)};
}

/* The quantile of Student's distribution that 1 of 1,000 values exceed, either way: within 1 % from 6 degrees of freedom on. */
static double student_quantile(double degrees)
{
	return 3.291 + 9.73 / degrees + 26.1 / (degrees * degrees);
}

static void find_change(struct dcbs_section *section, const struct dcbs_slices *slices, size_t first)
{
	struct trend_block blocks[BLOCKS];
	size_t n = make_blocks(blocks, &section->slices, slices, first);
	double over_s = slices->end_s[slices->nr - 1] - (first ? slices->end_s[first - 1] : 0), change;
	struct trend_line line;

	if (n < LEAST_BLOCKS || !(over_s > 0))
		return;
	line = fit_line(blocks, n);
	change = expm1(line.slope * over_s);
	if (fabs(line.slope) <= student_quantile(line.degrees) * line.error || fabs(change) < LEAST_CHANGE)
		return;
	section->trend.change = change;
	section->trend.change_error = (1 + change) * line.error * over_s;
	section->trend.over_s = over_s;
}

void trend_fill(struct dcbs_section *section, const struct dcbs_slices *slices)
{
	section->trend = (struct dcbs_trend){NAN, NAN, NAN, NAN, NAN};
	if (!slices->nr || !section->slices.nr || !(section->mean_s * CALLS_PER_SLICE < slices->width_s))
		return;
	find_change(section, slices, find_warm_up(section, slices));
}
