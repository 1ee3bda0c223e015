// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * timed_periods.c - the times of all calls of a function that is timed a tenth of the time.
 *
 * The function is made up: how long its calls take is known, so the truth is, too.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bpfprof/hist.h"
#include "collect/overhead/timed_periods.h"

#define ID SECTION_FIRST
#define RUNS 400

static struct section_stat stats[SECTION_FIRST + 2];
static struct snapshot_section section;
static struct snapshot_section *sections[] = {&section};
static struct snapshot snap = {.sections = sections, .nr_sections = 1};
static __u16 section_index[SECTION_FIRST + 2];
static struct timed_periods *periods;
static double truth_ns;

static int set_up(void **state)
{
	static const __u32 ids[] = {ID, ID};

	(void)state;
	memset(stats, 0, sizeof(stats));
	memset(section_index, 0xff, sizeof(section_index));
	memset(&section, 0, sizeof(section));
	section_index[ID] = 0;
	truth_ns = 0;
	periods = timed_periods_new(ids, 2);
	return periods ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	timed_periods_free(periods);
	free(section.timed);
	return 0;
}

static void begin_calls(unsigned int n, double each_ns)
{
	stats[ID].begun += n;
	truth_ns += n * each_ns;
}

static void time_calls(unsigned int n, double each_ns)
{
	begin_calls(n, each_ns);
	stats[ID].count += n;
	stats[ID].sum_ns += (__u64)(n * each_ns);
	stats[ID].buckets[hist_place((__u64)each_ns)] += n;
}

static const struct timed_calls *estimate(void)
{
	assert_int_equal(timed_periods_add(periods, &snap, section_index, stats), 0);
	return section.timed;
}

static void near(double value, double truth)
{
	if (!(fabs(value - truth) <= 1e-6 * fabs(truth)))
		fail_msg("%f, not %f", value, truth);
}

/* The first second is timed as a whole, and its calls are fast. They do not speak for the slow ones that come later. */
static void test_slower_later(void **state)
{
	const struct timed_calls *e;
	int i;

	(void)state;
	time_calls(10000, 100);
	timed_periods_disable(periods, stats);
	for (i = 0; i < 10; i++) {
		begin_calls(900, i ? 300 : 200);
		timed_periods_enable(periods, stats);
		time_calls(100, 300);
		timed_periods_disable(periods, stats);
	}
	e = estimate();
	near(e->calls, 20000);
	near(e->sum_ns, truth_ns);
	near(e->buckets[hist_place(100)], 10450);
	near(e->buckets[hist_place(300)], 9550);
	assert_int_equal(e->periods, 11);
}

/* An on-period in which no call ended leaves its calls to the next. What comes after the last one is the last one's. */
static void test_no_call_ended(void **state)
{
	const struct timed_calls *e;

	(void)state;
	time_calls(10, 1000);
	timed_periods_disable(periods, stats);
	begin_calls(100, 1000);
	timed_periods_enable(periods, stats);
	timed_periods_disable(periods, stats);
	begin_calls(50, 2000);
	timed_periods_enable(periods, stats);
	time_calls(10, 3000);
	timed_periods_disable(periods, stats);
	begin_calls(30, 3000);
	e = estimate();
	near(e->calls, 200);
	near(e->sum_ns, 60 * 1000 + 140 * 3000);
}

/* A snapshot changes nothing: a later one has the same estimate. */
static void test_snapshot_between(void **state)
{
	double first;

	(void)state;
	time_calls(10, 1000);
	timed_periods_disable(periods, stats);
	begin_calls(90, 1000);
	first = estimate()->sum_ns;
	free(section.timed);
	section.timed = NULL;
	near(estimate()->sum_ns, first);
	near(first, truth_ns);
}

/* After the counters were set to 0, only what comes then counts. */
static void test_cleared(void **state)
{
	const struct timed_calls *e;

	(void)state;
	time_calls(1000, 100);
	timed_periods_disable(periods, stats);
	begin_calls(9000, 100);
	memset(stats, 0, sizeof(stats));
	truth_ns = 0;
	timed_periods_clear(periods);
	begin_calls(90, 500);
	timed_periods_enable(periods, stats);
	time_calls(10, 500);
	e = estimate();
	near(e->calls, 100);
	near(e->sum_ns, truth_ns);
}

static double uniform(void)
{
	return 2 * drand48() - 1;
}

/* How long a call takes keeps to a level for about `stay` periods, and then changes by up to a half. */
static bool truth_is_within(double stay)
{
	double level = 1000, error;
	const struct timed_calls *e;
	int i, k;

	set_up(NULL);
	time_calls(100, level);
	timed_periods_disable(periods, stats);
	for (i = 0; i < 40; i++) {
		for (k = 0; k < 9; k++) {
			level = drand48() < 1 / stay ? 1000 + 500 * uniform() : level;
			begin_calls(100, level);
		}
		timed_periods_enable(periods, stats);
		level = drand48() < 1 / stay ? 1000 + 500 * uniform() : level;
		time_calls(100, level);
		timed_periods_disable(periods, stats);
	}
	e = estimate();
	error = 2 * sqrt(e->variance_ns2);
	assert_true(error < 0.2 * truth_ns);
	i = fabs(e->sum_ns - truth_ns) <= error;
	tear_down(NULL);
	return i;
}

static void test_error_holds(void **state)
{
	static const double stays[] = {1, 3, 10, 40};
	size_t i;
	int run, within;

	(void)state;
	tear_down(NULL);
	for (i = 0; i < sizeof(stays) / sizeof(*stays); i++) {
		within = 0;
		for (run = 0; run < RUNS; run++)
			within += truth_is_within(stays[i]);
		if (within < 0.93 * RUNS)
			fail_msg("levels that last %.0f periods: the truth is within twice the error in %d of %d runs", stays[i],
				 within, RUNS);
	}
	set_up(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_slower_later, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_call_ended, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_snapshot_between, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cleared, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_error_holds, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
