// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* tick_jitter.c - ticks come as often as they should, although each change of the period loses a part of one. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "collect/kernel/tick_jitter.h"

#define CHANGES 20000
#define NS_PER_S 1e9

/* Ticks a second, if the period changes every interval_ns and starts anew each time. Every second draw complements the one before. */
static double frequency(int hz, double spread, double interval_ns, int changes)
{
	const struct tick_jitter jitter = {.hz = hz, .spread = spread};
	double ticks = 0;
	uint32_t random = 0;
	int i;

	for (i = 0; i < changes; i++) {
		random = i % 2 ? ~random : (uint32_t)(drand48() * 4294967296.0);
		ticks += floor(interval_ns / (double)tick_jitter_period_ns(&jitter, random, (uint64_t)interval_ns));
	}
	return ticks / (changes * interval_ns / NS_PER_S);
}

static void test_mean_frequency(void **state)
{
	static const int hz[] = {1, 5, 49, 99, 499, 999, 9999};
	size_t i;

	(void)state;
	srand48(7);
	for (i = 0; i < sizeof(hz) / sizeof(hz[0]); i++) {
		double interval_ns = fmax(0.1 * NS_PER_S, 9 * NS_PER_S / hz[i]);
		double found = frequency(hz[i], i % 2 ? 0.3 : 0.6, interval_ns, CHANGES);

		if (fabs(found - hz[i]) > 0.01 * hz[i])
			fail_msg("%f ticks a second, not %d", found, hz[i]);
	}
}

/* A run of ten seconds has as many ticks as it should, too. */
static void test_short_runs(void **state)
{
	double found, worst = 0;
	int i;

	(void)state;
	srand48(11);
	for (i = 0; i < 1000; i++) {
		found = frequency(99, 0.6, 0.1 * NS_PER_S, 100);
		worst = fmax(worst, fabs(found - 99));
	}
	if (worst > 0.05 * 99)
		fail_msg("%f ticks a second too many or too few", worst);
}

static uint64_t due_ns(int hz, size_t cpus)
{
	struct tick_jitter jitter = {.hz = hz, .nr = cpus, .last_ns = 1000};

	return tick_jitter_due_ns(&jitter);
}

/* Nine ticks have one period at the most, where changes for that many CPUs are not too expensive. Rare changes come with other work. */
static void test_due(void **state)
{
	(void)state;
	assert_int_equal(due_ns(997, 2), 1000 + 9000000000ULL / 997);
	assert_int_equal(due_ns(997, 8), 1000 + 8 * 3000000ULL);
	assert_int_equal(due_ns(997, 64), ~0ULL);
	assert_int_equal(due_ns(99, 2), ~0ULL);
	assert_int_equal(due_ns(997, 0), ~0ULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_due),
		cmocka_unit_test(test_mean_frequency),
		cmocka_unit_test(test_short_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
