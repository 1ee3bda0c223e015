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
static char lost[] = "(callers unknown)", missing[] = "(function not sampled)", outer[] = "linear", inner[] = "addmm";
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

static bool is_shown(const char *name, struct dcbs_function *functions)
{
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

/* Returns true if the function has a row, where "run" is the innermost function of `ticks` samples of 100. */
static bool has_row(const char *name, int64_t ticks)
{
	struct dcbs_function functions[FUNCTIONS] = {
		ticked(module, 0, 100), ticked(run, ticks, 100), ticked(score, 0, 100), ticked(leaf, 100 - ticks, 100 - ticks),
	};

	return is_shown(name, functions);
}

/* A caller that is missing on one stack in a hundred is a caller; one that is missing on ten may tell something. */
static void test_a_caller_on_nearly_all_stacks(void **state)
{
	struct dcbs_function all[FUNCTIONS] = {ticked(module, 0, 99), ticked(run, 0, 99), ticked(score, 0, 99), ticked(leaf, 100, 100)};
	struct dcbs_function most[FUNCTIONS] = {ticked(module, 0, 90), ticked(run, 0, 99), ticked(score, 0, 99), ticked(leaf, 100, 100)};

	(void)state;
	assert_false(is_shown(module, all));
	assert_false(is_shown(run, all));
	assert_true(is_shown(score, all));
	assert_true(is_shown(module, most));
}

/* A frame in place of missing callers has no row; time for which there is no sample has one. */
static void test_stand_ins(void **state)
{
	struct dcbs_function functions[FUNCTIONS] = {
		ticked(lost, 0, 60), ticked(score, 40, 40), ticked(leaf, 40, 40), ticked(missing, 20, 20),
	};

	(void)state;
	functions[0].file = functions[3].file = NULL;
	functions[0].python = functions[3].python = false;
	assert_false(is_shown(lost, functions));
	assert_true(is_shown(leaf, functions));
	assert_true(is_shown(missing, functions));
}

/* Native functions that call one another, and are alike but for a few stacks, have one row. */
static void test_native_wrappers(void **state)
{
	struct dcbs_function functions[FUNCTIONS] = {ticked(score, 0, 100), ticked(outer, 0, 81), ticked(inner, 0, 80), ticked(leaf, 100, 100)};

	(void)state;
	functions[1].python = functions[2].python = false;
	assert_true(is_shown(outer, functions));
	assert_false(is_shown(inner, functions));
	functions[2].cumulative_s = TICK_S * 60;
	assert_true(is_shown(inner, functions));
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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_callers), cmocka_unit_test(test_a_caller_with_ticks),
		cmocka_unit_test(test_a_caller_on_nearly_all_stacks), cmocka_unit_test(test_stand_ins), cmocka_unit_test(test_native_wrappers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
