// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* stats.c - the statistics of a comparison against published tables and against enumeration by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/array.h"
#include "bpfprof/hist.h"
#include "compare/stats/adjust.h"
#include "compare/stats/bootstrap.h"
#include "compare/stats/permutation.h"
#include "compare/stats/random_numbers.h"
#include "compare/stats/shape.h"
#include "compare/stats/students_t.h"
#include "compare/stats/welch.h"

static void assert_near(double value, double truth, double error)
{
	if (!(fabs(value - truth) <= error))
		fail_msg("%.12g is not %.12g within %g", value, truth, error);
}

/* The table of critical values that stands in textbooks, two-sided. */
static void test_students_t_table(void **state)
{
	static const struct { double freedom, t90, t95, t99, t999; } table[] = {
		{1, 6.313752, 12.70620, 63.65674, 636.6192}, {2, 2.919986, 4.302653, 9.924843, 31.59905},
		{3, 2.353363, 3.182446, 5.840909, 12.92398}, {4, 2.131847, 2.776445, 4.604095, 8.610302},
		{5, 2.015048, 2.570582, 4.032143, 6.868827}, {8, 1.859548, 2.306004, 3.355387, 5.041305},
		{10, 1.812461, 2.228139, 3.169273, 4.586894}, {20, 1.724718, 2.085963, 2.845340, 3.849516},
		{30, 1.697261, 2.042272, 2.749996, 3.645959}, {120, 1.657651, 1.979930, 2.617421, 3.373454},
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		assert_near(students_t_limit(0.90, table[i].freedom), table[i].t90, 1e-6 * table[i].t90);
		assert_near(students_t_limit(0.95, table[i].freedom), table[i].t95, 1e-6 * table[i].t95);
		assert_near(students_t_limit(0.99, table[i].freedom), table[i].t99, 1e-6 * table[i].t99);
		assert_near(students_t_limit(0.999, table[i].freedom), table[i].t999, 1e-6 * table[i].t999);
	}
	assert_near(students_t_limit(0.95, 1e7), 1.959964, 1e-5);	/* the normal distribution */
}

/* With one, two and four degrees of freedom the distribution has a closed form. */
static void test_students_t_closed_forms(void **state)
{
	double t, r;

	(void)state;
	for (t = 0; t < 100; t += 0.37) {
		assert_near(students_t_two_sided(t, 1), 1 - 2 / M_PI * atan(t), 1e-12);
		assert_near(students_t_two_sided(-t, 2), 1 - t / sqrt(2 + t * t), 1e-12);
		r = t / sqrt(4 + t * t);
		assert_near(students_t_two_sided(t, 4), 1 - r * (1.5 - r * r / 2), 1e-12);
	}
	assert_near(students_t_two_sided(0, 3.7), 1, 1e-12);
	assert_true(students_t_two_sided(INFINITY, 3) == 0 && isnan(students_t_two_sided(NAN, 3)) &&
		    isnan(students_t_two_sided(1, 0)));
	assert_true(isnan(students_t_limit(1, 3)) && isnan(students_t_limit(0.95, 0)));
}

/* The limit and the probability are inverse, also for degrees of freedom that are not whole. */
static void test_students_t_inverse(void **state)
{
	double freedom, confidence;

	(void)state;
	for (freedom = 0.7; freedom < 3000; freedom *= 1.7)
		for (confidence = 0.1; confidence < 0.999; confidence += 0.09)
			assert_near(students_t_two_sided(students_t_limit(confidence, freedom), freedom), 1 - confidence, 1e-9);
}

/* p: by numerical integration of the density, apart from this program. */
static void test_welch(void **state)
{
	static const double a[] = {27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4};
	static const double b[] = {27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 24.6};
	static const double same[] = {5, 5, 5}, other[] = {7, 7, 7};
	struct welch w = welch_compare(a, 15, b, 15, 0.95);

	(void)state;
	assert_near(w.p, 0.007856440783, 1e-10);
	assert_true(w.low > 0 && w.low < w.new_mean - w.old_mean && w.high > w.low);
	assert_near((w.low + w.high) / 2, w.new_mean - w.old_mean, 1e-9);
	w = welch_compare(same, 3, same, 3, 0.95);
	assert_true(w.p == 1 && w.low == 0 && w.high == 0);
	w = welch_compare(same, 3, other, 3, 0.95);
	assert_true(w.p == 0 && w.low == 2 && w.high == 2);
	w = welch_compare(same, 2, other, 3, 0.95);
	assert_true(isnan(w.p) && isnan(w.low) && w.new_mean == 7);
}

static void test_permutation(void **state)
{
	static const double low[] = {1, 2, 3, 4}, high[] = {10, 11, 12, 13}, mixed[] = {1, 2, 3, 11}, rest[] = {4, 10, 12, 13};
	static double many[PERMUTATION_VALUES / 2], more[PERMUTATION_VALUES / 2];
	size_t i;

	(void)state;
	assert_near(permutation_least_p(4, 4), 2.0 / 70, 1e-12);
	assert_near(permutation_least_p(3, 3), 0.1, 1e-12);
	assert_near(permutation_p(low, 4, high, 4), 2.0 / 70, 1e-12);
	assert_near(permutation_p(high, 4, low, 4), 2.0 / 70, 1e-12);
	assert_near(permutation_p(low, 4, low, 4), 1, 1e-12);
	assert_near(permutation_p(low, 3, high, 3), 0.1, 1e-12);
	/* Sums of four of 1 2 3 4 10 11 12 13 that are at most 17: of 1 2 3 4 there is 10, and with one of the large ones 16 to 22. */
	assert_near(permutation_p(mixed, 4, rest, 4), 2.0 * 4 / 70, 1e-12);
	for (i = 0; i < ARRAY_SIZE(many); i++) {
		many[i] = (double)i;
		more[i] = (double)i + 100;
	}
	assert_near(permutation_p(many, ARRAY_SIZE(many), more, ARRAY_SIZE(more)), 1.0 / 20001, 1e-12);
	assert_true(permutation_p(many, ARRAY_SIZE(many), many, ARRAY_SIZE(many)) > 0.9);
	assert_true(isnan(permutation_p(many, 0, more, 3)));
}

/* The example of Benjamini and Hochberg's paper of 1995, fifteen p values: four are below 5 %, three by Bonferroni's and Holm's rule. */
static void test_adjust(void **state)
{
	static const double p[] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
				   0.6528, 0.7590, 1.000, NAN};
	double adjusted[ARRAY_SIZE(p)];
	size_t i, below = 0;

	(void)state;
	assert_int_equal(adjust_false_discovery(p, adjusted, ARRAY_SIZE(p)), 0);
	for (i = 0; i < ARRAY_SIZE(p); i++)
		below += adjusted[i] <= 0.05;
	assert_int_equal(below, 4);
	assert_near(adjusted[0], 0.0015, 1e-12);
	assert_true(isnan(adjusted[15]));
	assert_int_equal(adjust_holm(p, adjusted, ARRAY_SIZE(p)), 0);
	for (i = 0, below = 0; i < ARRAY_SIZE(p); i++)
		below += adjusted[i] <= 0.05;
	assert_int_equal(below, 3);
	assert_near(adjusted[2], 0.0019 * 13, 1e-12);
	assert_true(adjusted[14] == 1 && isnan(adjusted[15]));
}

/* ---- the bootstrap ---- */

#define SLICES 60

/* Calls of about 10 ms whose mean wanders: neighbouring slices are alike. */
static void fill_run(double *amount, double *calls, uint64_t seed, double factor)
{
	double level = 0;
	size_t i;

	for (i = 0; i < SLICES; i++) {
		level = 0.7 * level + ((double)random_numbers_below(&seed, 2001) - 1000) / 1e4;
		calls[i] = 50 + (double)random_numbers_below(&seed, 20);
		amount[i] = calls[i] * 0.01 * exp(level) * factor;
	}
}

static bool interval_of(uint64_t old_seed, uint64_t new_seed, double factor, double *low, double *high)
{
	double old_amount[SLICES], old_calls[SLICES], new_amount[SLICES], new_calls[SLICES];
	const struct bootstrap_run old_run = {old_amount, old_calls, SLICES}, new_run = {new_amount, new_calls, SLICES};

	fill_run(old_amount, old_calls, old_seed, 1);
	fill_run(new_amount, new_calls, new_seed, factor);
	return bootstrap_interval(&old_run, &new_run, 0.95, low, high);
}

/* Runs of one process that wanders: nearly all intervals have the truth inside. Independent slices would have it in two of three. */
static void test_bootstrap_covers(void **state)
{
	double low, high;
	int i, inside = 0;

	(void)state;
	for (i = 1; i <= 100; i++) {
		assert_true(interval_of(i, i + 1000, 1.2, &low, &high));
		assert_true(low < high);
		inside += low <= log(1.2) && log(1.2) <= high;
	}
	assert_in_range(inside, 85, 100);
}

static void test_bootstrap_bad_runs(void **state)
{
	static const double zeros[SLICES];
	double ones[SLICES], low, high;
	const struct bootstrap_run empty = {zeros, zeros, SLICES}, short_run = {ones, ones, BOOTSTRAP_LEAST - 1},
		whole = {ones, ones, SLICES};
	size_t i;

	(void)state;
	for (i = 0; i < SLICES; i++)
		ones[i] = 1;
	assert_false(bootstrap_interval(&empty, &whole, 0.95, &low, &high));
	assert_false(bootstrap_interval(&whole, &short_run, 0.95, &low, &high));
	assert_true(bootstrap_interval(&whole, &whole, 0.95, &low, &high));
	assert_true(low == 0 && high == 0);
}

/* ---- distributions ---- */

static void test_shape(void **state)
{
	struct dcbs_bucket old_buckets[] = {{640, 500}, {672, 500}}, new_buckets[] = {{640, 250}, {672, 750}};
	const struct dcbs_histogram old_calls = {0, 2, old_buckets}, new_calls = {0, 2, new_buckets};
	struct shape_side old_side, new_side;
	struct comparison_shape s;

	(void)state;
	assert_int_equal(shape_begin(&old_side) || shape_begin(&new_side), 0);
	s = shape_compare(&old_side, &new_side);
	assert_true(isnan(s.larger) && isnan(s.shifts[1]));
	shape_add(&old_side, &old_calls);
	shape_add(&new_side, &new_calls);
	s = shape_compare(&old_side, &new_side);
	assert_near(s.larger, 0.75 * 0.5 + 0.75 * 0.5 / 2 + 0.25 * 0.5 / 2, 1e-12);
	assert_near(s.distance, 0.25, 1e-12);
	assert_near(s.distance_at_s, exp2(640.5 / HIST_SUB) * 1e-9, 1e-12);
	assert_near(s.shifts[0], 0, 1e-12);
	assert_near(s.shifts[1], 1, 1e-9);	/* an octave */
	assert_near(s.shifts[3], 0, 1e-12);
	assert_true(isnan(s.shifts[4]));	/* a thousand calls are too few for p99.9 */
	shape_free(&old_side);
	shape_free(&new_side);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_students_t_table), cmocka_unit_test(test_students_t_closed_forms),
			cmocka_unit_test(test_students_t_inverse),
		cmocka_unit_test(test_welch), cmocka_unit_test(test_permutation), cmocka_unit_test(test_adjust),
		cmocka_unit_test(test_bootstrap_covers), cmocka_unit_test(test_bootstrap_bad_runs), cmocka_unit_test(test_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
