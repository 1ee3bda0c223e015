// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* cut.c - a report for a page: small ones are whole, large ones keep what took most time, and nothing is lost without a count. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "render/html/cut.h"

#define MANY 20000
#define DEEP 200

static char name[] = "f";

/* MANY stacks of `depth` frames; the one at i stands for i % 1000 s, frame i % MANY is its innermost. */
static void fill_stacks(struct dcbs_report *r, size_t depth)
{
	size_t i, j;

	r->stacks = calloc(MANY, sizeof(*r->stacks));
	r->frames = calloc(MANY, sizeof(*r->frames));
	r->nr_stacks = r->nr_frames = MANY;
	for (i = 0; i < MANY; i++) {
		r->frames[i] = (struct dcbs_frame){.function = name, .line = (int64_t)i};
		r->stacks[i] = (struct dcbs_stack){.section = name, .cpu_s = (double)(i % 1000), .nr_frames = depth};
		r->stacks[i].frames = calloc(depth, sizeof(uint32_t));
		for (j = 0; j < depth; j++)
			r->stacks[i].frames[j] = (uint32_t)((i + depth - 1 - j) % MANY);
	}
}

static void free_stacks(struct dcbs_report *r)
{
	size_t i;

	for (i = 0; i < r->nr_stacks; i++)
		free(r->stacks[i].frames);
	free(r->stacks);
	free(r->frames);
}

static double sum_of_stacks(const struct dcbs_report *r)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < r->nr_stacks; i++)
		sum += r->stacks[i].cpu_s;
	return sum;
}

/* The innermost frame of each kept stack is the one that it had: its line modulo 1,000 is the stack's time. */
static void check_frames(const struct dcbs_report *r)
{
	size_t i, innermost;

	for (i = 0; i < r->nr_stacks; i++) {
		innermost = r->stacks[i].frames[r->stacks[i].nr_frames - 1];
		assert_in_range(innermost, 0, r->nr_frames - 1);
		assert_int_equal(r->frames[innermost].line % 1000, (int64_t)r->stacks[i].cpu_s);
	}
}

static void check_stacks(size_t depth, size_t most)
{
	struct dcbs_report whole = {0};
	struct cut_report cut;
	uint32_t first;

	fill_stacks(&whole, depth);
	first = whole.stacks[MANY - 1].frames[0];
	assert_int_equal(cut_report_make(&cut, &whole), 0);
	assert_in_range(cut.report.nr_stacks, 1, most);
	assert_int_equal(cut.report.nr_stacks + cut.left_out.stacks, MANY);
	assert_true(fabs(sum_of_stacks(&cut.report) + cut.left_out.stacks_s - sum_of_stacks(&whole)) < 1e-6);
	check_frames(&cut.report);
	assert_int_equal(whole.stacks[MANY - 1].frames[0], first);
	cut_report_free(&cut);
	free_stacks(&whole);
}

static void test_stacks(void **state)
{
	(void)state;
	check_stacks(1, 5000);
	check_stacks(DEEP, 250000 / DEEP);
}

/* A single stack with more frames than the page takes. */
static void test_endless_stack(void **state)
{
	struct dcbs_frame frame = {.function = name};
	struct dcbs_stack stack = {.section = name, .cpu_s = 3, .nr_frames = 300000};
	struct dcbs_report whole = {.stacks = &stack, .nr_stacks = 1, .frames = &frame, .nr_frames = 1};
	struct cut_report cut;

	(void)state;
	stack.frames = calloc(stack.nr_frames, sizeof(*stack.frames));
	assert_int_equal(cut_report_make(&cut, &whole), 0);
	assert_int_equal(cut.report.nr_stacks, 0);
	assert_int_equal(cut.left_out.stacks, 1);
	assert_true(cut.left_out.stacks_s == 3);
	cut_report_free(&cut);
	free(stack.frames);
}

static void test_functions(void **state)
{
	struct dcbs_report whole = {.nr_functions = MANY};
	struct cut_report cut;
	size_t i;

	(void)state;
	whole.functions = calloc(MANY, sizeof(*whole.functions));
	for (i = 0; i < MANY; i++)	/* of two values, and some unknown */
		whole.functions[i] = (struct dcbs_function){.cumulative_s = i % 10 == 3 ? NAN : i % 2 ? 2 : 1, .self_s = NAN};
	assert_int_equal(cut_report_make(&cut, &whole), 0);
	assert_int_equal(cut.report.nr_functions, 4000);
	assert_int_equal(cut.left_out.functions, MANY - 4000);
	for (i = 0; i < cut.report.nr_functions; i++)
		assert_true(cut.report.functions[i].cumulative_s == 2);
	cut_report_free(&cut);
	free(whole.functions);
}

/* The time outside of sections is the last one, and stays. */
static void test_sections(void **state)
{
	struct dcbs_report whole = {.nr_sections = 500};
	char outside[] = DCBS_OUTSIDE;
	struct cut_report cut;
	size_t i;

	(void)state;
	whole.sections = calloc(whole.nr_sections, sizeof(*whole.sections));
	for (i = 0; i < whole.nr_sections; i++)
		whole.sections[i].name = i + 1 < whole.nr_sections ? name : outside;
	whole.sections[whole.nr_sections - 1].count = DCBS_UNKNOWN;
	assert_int_equal(cut_report_make(&cut, &whole), 0);
	assert_int_equal(cut.report.nr_sections, 301);
	assert_int_equal(cut.left_out.sections, 199);
	assert_string_equal(cut.report.sections[300].name, DCBS_OUTSIDE);
	cut_report_free(&cut);
	free(whole.sections);
}

static void test_small_report(void **state)
{
	const struct cut_counts none = {0};
	struct dcbs_report whole = {.nr_threads = 3, .nr_notes = 7};
	struct cut_report cut;

	(void)state;
	assert_int_equal(cut_report_make(&cut, &whole), 0);
	assert_int_equal(cut.report.nr_threads, 3);
	assert_int_equal(cut.report.nr_notes, 7);
	assert_memory_equal(&cut.left_out, &none, sizeof(none));
	cut_report_free(&cut);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stacks), cmocka_unit_test(test_endless_stack), cmocka_unit_test(test_functions),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_small_report),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
