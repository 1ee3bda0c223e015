// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* options.c - the table of options: complete, without doubles, and with the library's defaults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/options/option_table.h"
#include "cli/options.h"

static void test_every_row_is_complete(void **state)
{
	const struct option_row *row, *other;

	(void)state;
	for (row = option_table; row->name; row++) {
		assert_non_null(row->help);
		assert_non_null(row->manual);
		assert_int_not_equal(row->commands, 0);
		assert_true(row->key > 0);
		for (other = option_table; other != row; other++) {
			assert_int_not_equal(row->key, other->key);
			assert_string_not_equal(row->name, other->name);
		}
	}
	assert_int_equal(row - option_table, OPTION_ROWS);
}

static void test_defaults_are_those_of_the_library(void **state)
{
	char *argv[] = {(char *)"dcbs-bpfprof", (char *)"-p", (char *)"1", NULL};
	const struct dcbs_options library = DCBS_OPTIONS_DEFAULT;
	struct opts opts;

	(void)state;
	options_parse(&opts, 3, argv);
	assert_int_equal(opts.profile.nr_pids, 1);
	assert_int_equal(opts.profile.pids[0], 1);
	assert_int_equal(opts.profile.nr_sections, library.nr_sections);
	assert_int_equal(opts.profile.frequency_hz, library.frequency_hz);
	assert_true(opts.profile.threshold_s == library.threshold_s);
	assert_true(opts.profile.max_overhead_percent == library.max_overhead_percent);
	assert_int_equal(opts.profile.children, library.children);
	assert_int_equal(opts.profile.end_over_budget, library.end_over_budget);
	assert_null(opts.profile.argv);
	assert_string_equal(opts.format, "text");
	assert_int_equal(opts.sort_by, ORDER_CUMULATIVE);
}

static void test_options_reach_their_place(void **state)
{
	char *argv[] = {(char *)"dcbs-bpfprof", (char *)"-cqv", (char *)"-p", (char *)"7", (char *)"--freq=7", (char *)"-t0.5",
			(char *)"--max-overhead", (char *)"2", (char *)"-d", (char *)"3", (char *)"-i4", (char *)"-fjson", (char *)"-Sself",
			(char *)"-oa.svg", NULL};
	struct opts opts;

	(void)state;
	options_parse(&opts, 14, argv);
	assert_true(opts.profile.children && opts.quiet && opts.verbose && opts.profile.end_over_budget);
	assert_int_equal(opts.pids[0], 7);
	assert_int_equal(opts.profile.frequency_hz, 7);
	assert_true(opts.profile.threshold_s == 0.5 && opts.profile.max_overhead_percent == 2);
	assert_true(opts.duration_s == 3 && opts.interval_s == 4);
	assert_string_equal(opts.format, "json");
	assert_int_equal(opts.sort_by, ORDER_SELF);
	assert_string_equal(opts.outputs[0], "a.svg");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_is_complete),
		cmocka_unit_test(test_defaults_are_those_of_the_library),
		cmocka_unit_test(test_options_reach_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
