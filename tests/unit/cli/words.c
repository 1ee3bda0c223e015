// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* words.c - times with units, and the option that a misspelt one stands for. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/options/seconds.h"
#include "cli/options/similar.h"

static void test_times(void **state)
{
	static const struct {
		const char *text;
		double seconds;
	} good[] = {
		{"90", 90}, {"1.5", 1.5}, {".5", 0.5}, {"500ms", 0.5}, {"5m", 300}, {"1h30m", 5400}, {"2d", 172800}, {"1m5.5s", 65.5}, {"0", 0},
		{"1e3", 1000},
	};
	static const char *const bad[] = {
		"", "m", "5x", "5 m", "30m1h", "5m5m", "5m30", "5mm", "1e", "inf", "nan", "5m-3s", "--5", "5M",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (fabs(seconds_parse(good[i].text) - good[i].seconds) > 1e-9)
			fail_msg("%s is %g", good[i].text, seconds_parse(good[i].text));
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!isnan(seconds_parse(bad[i])))
			fail_msg("%s is %g", bad[i], seconds_parse(bad[i]));
}

static void test_distance(void **state)
{
	(void)state;
	assert_int_equal(similar_distance("pid", "pid", 2), 0);
	assert_int_equal(similar_distance("pd", "pid", 2), 1);
	assert_int_equal(similar_distance("dip", "pid", 2), 2);
	assert_int_equal(similar_distance("pdi", "pid", 2), 1);
	assert_int_equal(similar_distance("", "pid", 2), 3);
	assert_int_equal(similar_distance("width", "pid", 2), 3);
	assert_int_equal(similar_distance("a-word-that-is-longer-than-any-option-is", "pid", 2), 3);
}

static void test_similar(void **state)
{
	(void)state;
	assert_string_equal(similar_option(option_table, "pd"), "pid");
	assert_string_equal(similar_option(option_table, "treshold"), "threshold");
	assert_string_equal(similar_option(option_table, "ouptut"), "output");
	assert_null(similar_option(option_table, "frobnicate"));
	assert_null(similar_option(option_table, "x"));
	assert_null(similar_option(option_table, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times), cmocka_unit_test(test_distance), cmocka_unit_test(test_similar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
