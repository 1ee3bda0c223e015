// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sample_weights.c - the exact time of a section is divided among its samples, and the parts add up to it. */
#include "sampled_report.h"

/* ---- sums ---- */

/* 990 samples at 99 Hz where the thread ran 10.5 s: 10.5 s, neither 10 nor 9.9. */
static void test_exact_time(void **state)
{
	struct snapshot *snap = sampled_report_section(10500 * MS);
	__u32 f = stacks_frame(snap, "f", "a.py", 1, true), g = stacks_frame(snap, "g", "a.py", 9, true);
	const struct dcbs_function *function;
	struct dcbs_report *r;

	(void)state;
	stacks_ran(STACK(snap, 0, f, g), 660);
	stacks_ran(STACK(snap, 0, f), 330);
	r = sampled_report(snap);
	assert_int_equal(r->frequency_hz, 99);
	assert_int_equal(r->nr_functions, 2);
	function = sampled_report_function(r, "work", "f");
	near(function->self_s, 3.5);
	near(function->cumulative_s, 10.5);
	assert_int_equal(function->self_samples, 330);
	assert_int_equal(function->cumulative_samples, 990);
	assert_int_equal(function->calls, DCBS_UNKNOWN);
	assert_true(function->python && function->line == 1);
	near(sampled_report_function(r, "work", "g")->self_s, 7);
	near(sampled_report_self_s(r, "work"), 10.5);
	near(sampled_report_stack_s(r, "work"), 10.5);
	dcbs_report_free(r);
}

/* Each cause of a wait is divided by itself: samples of disk waits get no time of sleeping. */
static void test_waits(void **state)
{
	struct snapshot *snap = sampled_report_section(20 * SEC);
	__u32 f = stacks_frame(snap, "f", "a.py", 1, true), load = stacks_frame(snap, "load", "a.py", 9, true);
	struct dcbs_report *r;

	(void)state;
	fixture_off(snap->sections[0], CAUSE_DISK, 9 * SEC, 9 * SEC);
	fixture_off(snap->sections[0], CAUSE_SLEEP, 6 * SEC, 6 * SEC);
	stacks_ran(STACK(snap, 0, f), 100);
	stacks_waited(STACK(snap, 0, f, load), CAUSE_DISK, 4 * SEC);
	stacks_waited(stacks_waited(STACK(snap, 0, f), CAUSE_DISK, 2 * SEC), CAUSE_SLEEP, 10 * MS);
	r = sampled_report(snap);
	near(sampled_report_function(r, "work", "load")->self_off_s, 6);
	near(sampled_report_function(r, "work", "load")->self_cpu_s, 0);
	assert_int_equal(sampled_report_function(r, "work", "load")->cumulative_samples, 0);
	near(sampled_report_function(r, "work", "f")->self_off_s, 9);
	near(sampled_report_function(r, "work", "f")->self_cpu_s, 5);
	near(sampled_report_function(r, "work", "f")->cumulative_off_s, 15);
	near(sampled_report_self_s(r, "work"), 20);
	near(sampled_report_stack_s(r, "work"), 20);
	assert_int_equal(r->nr_stacks, 4);
	assert_int_equal(r->stacks[0].cause, DCBS_CAUSE_CPU);
	assert_int_equal(r->stacks[1].cause, DCBS_CAUSE_DISK);
	assert_true(r->stacks[1].cpu_s == 0 && r->stacks[1].samples == 0 && r->stacks[1].nr_frames == 2);
	dcbs_report_free(r);
}

/* Waits without a sample are reported if they exceed a hundredth of the section. */
static void test_not_sampled(void **state)
{
	struct snapshot *snap;
	struct dcbs_report *r;
	int tenths;

	(void)state;
	for (tenths = 0; tenths <= 2; tenths++) {
		snap = sampled_report_section(10 * SEC);
		fixture_off(snap->sections[0], CAUSE_LOCK, tenths * 60 * MS, tenths * 60 * MS);
		fixture_off(snap->sections[0], CAUSE_PIPE, tenths * 20 * MS, tenths * 20 * MS);
		stacks_ran(STACK(snap, 0, stacks_frame(snap, "f", NULL, 0, false)), 7);
		r = sampled_report(snap);
		if (tenths == 2) {
			near(sampled_report_function(r, "work", "(function not sampled)")->self_off_s, 0.16);
			near(sampled_report_self_s(r, "work"), 10);
			near(sampled_report_stack_s(r, "work"), 10);
		} else {
			assert_null(sampled_report_function(r, "work", "(function not sampled)"));
			near(sampled_report_self_s(r, "work"), 10 - tenths * 0.08);
		}
		dcbs_report_free(r);
	}
}

/* A share of few ticks has an error, even if it is 0. */
static void test_running_in_faults(void **state)
{
	struct snapshot *snap = sampled_report_section(10 * SEC);
	struct dcbs_report *r;

	(void)state;
	fixture_off(snap->sections[0], CAUSE_SLEEP, 2 * SEC, 2 * SEC);
	stacks_ran(STACK(snap, 0, stacks_frame(snap, "f", NULL, 0, false)), 300);
	stacks_ran(STACK(snap, 0, stacks_frame(snap, "g", NULL, 0, false)), 100)->fault_samples = 100;
	fixture_call(fixture_section(snap, "other", DCBS_NAME_SECTION), SEC, SEC);
	fixture_call(fixture_section(snap, "unseen", DCBS_NAME_SECTION), SEC, SEC);
	stacks_ran(STACK(snap, 1, stacks_frame(snap, "f", NULL, 0, false)), 4);
	r = sampled_report(snap);
	near(r->sections[0].fault_cpu_s, 2);
	assert_true(fabs(r->sections[0].fault_cpu_error_s - 8 * sqrt(0.25 * 0.75 / 400)) < 0.01);
	near(r->sections[1].fault_cpu_s, 0);
	assert_true(r->sections[1].fault_cpu_error_s > 0.05);
	assert_true(isnan(r->sections[2].fault_cpu_s) && isnan(r->sections[2].fault_cpu_error_s));
	dcbs_report_free(r);
}

static void test_ran_without_a_tick(void **state)
{
	struct snapshot *snap = sampled_report_section(SEC);
	struct dcbs_report *r;

	(void)state;
	fixture_off(snap->sections[0], CAUSE_SLEEP, 900 * MS, 900 * MS);
	stacks_waited(STACK(snap, 0, stacks_frame(snap, "f", NULL, 0, false)), CAUSE_SLEEP, 1);
	r = sampled_report(snap);
	near(sampled_report_function(r, "work", "(function not sampled)")->self_cpu_s, 0.1);
	near(sampled_report_function(r, "work", "f")->self_off_s, 0.9);
	dcbs_report_free(r);
}

/* ---- sections ---- */

static struct snapshot *nested_sections(void)
{
	struct snapshot *snap = sampled_report_section(10 * SEC);
	__u32 f = stacks_frame(snap, "f", "a.py", 1, true), g = stacks_frame(snap, "g", "a.py", 9, true);

	snap->sections[0]->stat.self_ns = 4 * SEC;
	fixture_call(fixture_section(snap, "inner", DCBS_NAME_SECTION), 6 * SEC, 6 * SEC);
	stacks_ran(STACK(snap, 0, f), 400);
	stacks_within(stacks_ran(STACK(snap, 1, f, g), 600), 0);
	return snap;
}

/* A function counts in all open sections, a stack in the innermost one only, so that no stack counts twice. */
static void test_nested_sections(void **state)
{
	struct dcbs_report *r = sampled_report(nested_sections());

	(void)state;
	assert_int_equal(r->nr_functions, 4);
	near(sampled_report_function(r, "work", "f")->cumulative_s, 10);
	near(sampled_report_function(r, "work", "g")->self_s, 6);
	near(sampled_report_function(r, "inner", "f")->cumulative_s, 6);
	near(sampled_report_function(r, "inner", "f")->self_s, 0);
	near(sampled_report_stack_s(r, "work"), 4);
	near(sampled_report_stack_s(r, "inner"), 6);
	assert_string_equal(r->functions[0].section, "work");
	assert_string_equal(r->functions[3].section, "inner");
	dcbs_report_free(r);
}

static struct snapshot *with_outside(bool known)
{
	struct snapshot *snap = sampled_report_section(2 * SEC);
	__u32 f = stacks_frame(snap, "f", "a.py", 1, true);

	snap->wall_known = known;
	fixture_thread_off(fixture_thread(snap, 4242, "main", 12 * SEC), CAUSE_NETWORK, 4 * SEC);
	stacks_ran(STACK(snap, 0, f), 198);
	stacks_waited(stacks_ran(STACK(snap, SNAPSHOT_OUTSIDE, f), 99), CAUSE_NETWORK, SEC);
	STACK(snap, 0, f)->nr_sections = 0;
	snap->stacks[2].cpu_samples = 99;
	return snap;
}

static void test_outside(void **state)
{
	struct dcbs_report *r = sampled_report(with_outside(true));

	(void)state;
	near(dcbs_report_section(r, DCBS_OUTSIDE)->total_s, 10);
	near(sampled_report_function(r, DCBS_OUTSIDE, "f")->self_cpu_s, 6);
	near(sampled_report_function(r, DCBS_OUTSIDE, "f")->self_off_s, 4);
	assert_int_equal(sampled_report_function(r, DCBS_OUTSIDE, "f")->self_samples, 198);
	assert_string_equal(r->functions[r->nr_functions - 1].section, DCBS_OUTSIDE);
	dcbs_report_free(r);
}

/* "(outside)" excludes the time of idle threads, and therefore their stacks. */
static void test_idle_threads(void **state)
{
	struct snapshot *snap = with_outside(true);
	struct dcbs_report *r;

	(void)state;
	fixture_thread_off(fixture_thread(snap, 7, "spare", 12 * SEC), CAUSE_NETWORK, 12 * SEC);
	fixture_thread_off(fixture_thread(snap, 8, "worker", 12 * SEC), CAUSE_NETWORK, 6 * SEC);
	stacks_waited(STACK(snap, SNAPSHOT_OUTSIDE, stacks_frame(snap, "idle", NULL, 0, false)), CAUSE_NETWORK, 12 * SEC)->tid = 7;
	stacks_waited(STACK(snap, SNAPSHOT_OUTSIDE, stacks_frame(snap, "busy", NULL, 0, false)), CAUSE_NETWORK, SEC)->tid = 8;
	r = sampled_report(snap);
	assert_null(sampled_report_function(r, DCBS_OUTSIDE, "idle"));
	near(sampled_report_function(r, DCBS_OUTSIDE, "f")->self_off_s, 5);
	near(sampled_report_function(r, DCBS_OUTSIDE, "busy")->self_off_s, 5);
	near(sampled_report_self_s(r, DCBS_OUTSIDE), dcbs_report_section(r, DCBS_OUTSIDE)->total_s);
	dcbs_report_free(r);
}

/* If the kernel side measured no times, the samples give them. */
static void test_unknown_ledgers(void **state)
{
	struct dcbs_report *r = sampled_report(with_outside(false));

	(void)state;
	assert_null(dcbs_report_section(r, DCBS_OUTSIDE));
	near(sampled_report_function(r, "work", "f")->self_s, 2);
	near(sampled_report_function(r, DCBS_OUTSIDE, "f")->self_cpu_s, 2);
	near(sampled_report_function(r, DCBS_OUTSIDE, "f")->self_off_s, 1);
	near(sampled_report_stack_s(r, DCBS_OUTSIDE), 3);
	dcbs_report_free(r);
}

static void test_unknown_sections_and_caches(void **state)
{
	struct snapshot *snap = sampled_report_section(SEC);
	__u32 f = stacks_frame(snap, "f", NULL, 0, false);
	struct dcbs_report *r;

	(void)state;
	fixture_count(&fixture_section(snap, "cache", DCBS_NAME_CACHE)->stat, 5);
	stacks_within(stacks_ran(STACK(snap, 0, f), 1), 0);
	stacks_within(stacks_ran(STACK(snap, 1, f), 1), 99);
	snap->stacks[0].nr_sections = 1000;		/* more than the array holds */
	r = sampled_report(snap);
	assert_int_equal(r->nr_functions, 1);
	assert_int_equal(r->nr_stacks, 1);
	near(sampled_report_self_s(r, "work"), 1);
	dcbs_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact_time), cmocka_unit_test(test_waits), cmocka_unit_test(test_not_sampled),
		cmocka_unit_test(test_running_in_faults), cmocka_unit_test(test_ran_without_a_tick), cmocka_unit_test(test_nested_sections),
		cmocka_unit_test(test_outside), cmocka_unit_test(test_idle_threads),
		cmocka_unit_test(test_unknown_ledgers), cmocka_unit_test(test_unknown_sections_and_caches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
