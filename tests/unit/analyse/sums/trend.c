// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* trend.c - a call that takes longer and longer, a slow start, and noise that is neither. */
#include "analyse/sums/trend.h"
#include "fixture.h"

#define SLICES 100
#define CALLS 50
#define RUNS 1000

struct sliced_window {
	struct dcbs_slices slices;
	struct dcbs_section section;
	double end_s[SLICES], total_s[SLICES];
	int64_t count[SLICES];
};

/* From -1 to 1, reproducible. */
static double next_noise(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (double)(int64_t)*state / 9.3e18;
}

/* A window of a minute with slices that have CALLS calls of 1 ms each, times what factor[] says. */
static void fill_window(struct sliced_window *w, const double *factor)
{
	size_t i;

	memset(w, 0, sizeof(*w));
	for (i = 0; i < SLICES; i++) {
		w->end_s[i] = 0.6 * (double)(i + 1);
		w->count[i] = CALLS;
		w->total_s[i] = CALLS * 1e-3 * factor[i];
	}
	w->slices = (struct dcbs_slices) {.nr = SLICES, .width_s = 0.6, .end_s = w->end_s};
	w->section = (struct dcbs_section) {.mean_s = 1e-3, .slices = {.nr = SLICES, .count = w->count, .total_s = w->total_s}};
	trend_fill(&w->section, &w->slices);
}

/* Noise of 10 %, of which `alike` is left in the next slice. */
static void make_noise(double *factor, uint64_t *state, double alike)
{
	double noise = 0;
	size_t i;

	for (i = 0; i < SLICES; i++) {
		noise = alike * noise + next_noise(state);
		factor[i] = exp(0.1 * noise);
	}
}

static void test_noise_is_no_trend(void **state)
{
	static const double alike[] = {0, 0.5, 0.8};
	double factor[SLICES];
	uint64_t random = 1;
	struct sliced_window w;
	size_t i, run;
	int found;

	(void)state;
	for (i = 0; i < 3; i++) {
		for (run = found = 0; run < RUNS; run++) {
			make_noise(factor, &random, alike[i]);
			fill_window(&w, factor);
			found += !isnan(w.section.trend.change) + !isnan(w.section.trend.warm_up_s);
		}
		print_message("%d of %d windows of noise (%.1f alike) have a trend\n", found, RUNS, alike[i]);
		assert_true(found <= RUNS / 50);
	}
}

static void test_slower(void **state)
{
	double factor[SLICES];
	uint64_t random = 7;
	struct sliced_window w;
	size_t i;

	(void)state;
	make_noise(factor, &random, 0);
	for (i = 0; i < SLICES; i++)
		factor[i] *= 1 + 0.3 * (double)i / SLICES;
	fill_window(&w, factor);
	assert_true(fabs(w.section.trend.change - 0.3) < 4 * w.section.trend.change_error);
	assert_true(w.section.trend.change_error < 0.06);
	assert_true(fabs(w.section.trend.over_s - 60) < 1e-9);
	assert_true(isnan(w.section.trend.warm_up_s));
}

static void test_slow_start(void **state)
{
	double factor[SLICES];
	uint64_t random = 3;
	struct sliced_window w;
	size_t i;

	(void)state;
	make_noise(factor, &random, 0);
	for (i = 0; i < 10; i++)
		factor[i] *= 2;
	fill_window(&w, factor);
	assert_true(fabs(w.section.trend.warm_up_s - 6) < 1e-9);
	assert_true(fabs(w.section.trend.warm_up_factor - 2) < 0.2);
	assert_true(isnan(w.section.trend.change));
}

static void test_long_calls_have_no_trend(void **state)
{
	double factor[SLICES];
	struct sliced_window w;
	size_t i;

	(void)state;
	for (i = 0; i < SLICES; i++)
		factor[i] = (double)(i + 1);
	fill_window(&w, factor);
	assert_false(isnan(w.section.trend.change));
	w.section.mean_s = 0.5;
	trend_fill(&w.section, &w.slices);
	assert_true(isnan(w.section.trend.change));
}

static void test_too_little(void **state)
{
	struct dcbs_section section = {.mean_s = 1e-3};
	struct dcbs_slices none = {0};

	(void)state;
	trend_fill(&section, &none);
	assert_true(isnan(section.trend.change) && isnan(section.trend.warm_up_s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_noise_is_no_trend), cmocka_unit_test(test_slower), cmocka_unit_test(test_slow_start),
		cmocka_unit_test(test_long_calls_have_no_trend), cmocka_unit_test(test_too_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
