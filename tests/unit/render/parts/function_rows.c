// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* function_rows.c - the report has no row of a function that few samples show. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "render/parts/function_rows.h"

#define TICK_S 0.1
#define FUNCTIONS 4

static char section[] = "work", file[] = "eval.py";
static char module[] = "<module>", run[] = "run", score[] = "score", leaf[] = "leaf";

/* A function that `self` of 100 ticks find innermost, and `all` anywhere. */
static struct dcbs_function ticked(char *name, int64_t self, int64_t all)
{
	return (struct dcbs_function) {
		.section = section, .function = name, .file = file, .line = 1, .calls = DCBS_UNKNOWN, .python = true,
		.self_s = TICK_S * (double)self, .cumulative_s = TICK_S * (double)all, .self_cpu_s = TICK_S * (double)self,
		.cumulative_cpu_s = TICK_S * (double)all, .self_samples = self, .cumulative_samples = all,
		.self_error_s = self ? TICK_S * sqrt((double)self) : NAN, .cumulative_error_s = TICK_S, .share_bound = 0.1,
	};
}

/* Returns true if the function has a row, where "run" is the innermost function of `ticks` samples of 100. */
static bool has_row(const char *name, int64_t ticks)
{
	struct dcbs_function functions[FUNCTIONS] = {
		ticked(module, 0, 100), ticked(run, ticks, 100), ticked(score, 0, 100), ticked(leaf, 100 - ticks, 100 - ticks),
	};
	const struct dcbs_report r = {.functions = functions, .nr_functions = FUNCTIONS};
	const struct dcbs_function *sorted[] = {&functions[0], &functions[1], &functions[2], &functions[3]};
	struct function_rows rows;
	bool found = false;
	size_t i;

	assert_true(function_rows_collect(&rows, &r, sorted, section));
	function_rows_keep(&rows, ORDER_CUMULATIVE, 10);
	for (i = 0; i < rows.nr; i++)
		found |= !strcmp(rows.functions[i]->function, name);
	free(rows.functions);
	return found;
}

/* The innermost caller stands for all callers. */
static void test_callers(void **state)
{
	(void)state;
	assert_false(has_row(module, 0));
	assert_false(has_row(run, 0));
	assert_true(has_row(score, 0));
	assert_true(has_row(leaf, 0));
}

/* One tick, whose error is as large as itself, does not make a row of a caller; twenty do. */
static void test_a_caller_with_ticks(void **state)
{
	(void)state;
	assert_false(has_row(run, 1));
	assert_true(has_row(score, 1));
	assert_true(has_row(run, 20));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_callers), cmocka_unit_test(test_a_caller_with_ticks)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
