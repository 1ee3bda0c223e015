// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* clock.c - Unix times survive a document. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

static void check_same_after_reading(double s)
{
	char text[64];

	snprintf(text, sizeof(text), "%.15g", s);
	assert_true(strtod(text, NULL) == s);
}

static void test_a_document_keeps_unix_times(void **state)
{
	double s;
	int i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		s = clock_round_unix_s(1.7e9 + i * 1234.567891234);
		assert_true(s - (1.7e9 + i * 1234.567891234) < 6e-6 && s - (1.7e9 + i * 1234.567891234) > -6e-6);
		check_same_after_reading(s);
	}
}

static void test_now(void **state)
{
	double s = clock_unix_s(clock_now_ns());

	(void)state;
	assert_true(s >= (double)time(NULL) - 2 && s <= (double)time(NULL) + 2);
	check_same_after_reading(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_document_keeps_unix_times),
		cmocka_unit_test(test_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
