// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* live_hot.c - the hottest functions of the live table: each stack counts once, whatever sections are around it. */
#include "analyse/report.h"
#include "render/live/live_hot.h"
#include "sampled_stacks.h"

#define MOST 3

/* f computes in both sections, at two lines; g waits in inner; h is outside of all. */
static struct snapshot *two_sections(void)
{
	struct snapshot *snap = stacks_begin(fixture_empty());
	__u32 f = stacks_frame(snap, "f", "/x/a.py", 7, true), again = stacks_frame(snap, "f", "/x/a.py", 12, true);
	__u32 g = stacks_frame(snap, "g", "/x/a.py", 20, true), h = stacks_frame(snap, "h", "/x/a.py", 30, true);

	snap->wall_known = true;
	fixture_call(fixture_section(snap, "outer", DCBS_NAME_SECTION), 6 * SEC, SEC);
	fixture_call(fixture_section(snap, "inner", DCBS_NAME_SECTION), 5 * SEC, 5 * SEC);
	fixture_off(snap->sections[0], CAUSE_SLEEP, 2 * SEC, 0);
	fixture_off(snap->sections[1], CAUSE_SLEEP, 2 * SEC, 2 * SEC);
	stacks_ran(STACK(snap, 0, f), 10);
	stacks_within(stacks_ran(STACK(snap, 1, f, again), 30), 0);
	stacks_within(stacks_waited(STACK(snap, 1, f, g), CAUSE_SLEEP, 2 * SEC), 0);
	stacks_ran(STACK(snap, SNAPSHOT_OUTSIDE, h), 1000);
	return snap;
}

static struct dcbs_report *build_report(struct snapshot *snap)
{
	struct dcbs_report *r = NULL;

	assert_int_equal(report_build(&r, snap, 1), 0);
	snapshot_free(snap);
	return r;
}

static void test_functions_of_all_sections(void **state)
{
	struct dcbs_report *r = build_report(two_sections());
	struct live_hot hot[MOST];
	double whole_s;

	(void)state;
	assert_int_equal(live_hot_find(hot, MOST, r, &whole_s), 2);
	assert_true(fabs(whole_s - 6) < 1e-9);
	assert_string_equal(hot[0].function->function, "f");
	assert_string_equal(hot[0].section, "inner");
	assert_true(fabs(hot[0].self_s - 4) < 1e-9 && hot[0].off_s == 0);
	assert_string_equal(hot[1].function->function, "g");
	assert_true(fabs(hot[1].self_s - 2) < 1e-9 && fabs(hot[1].off_s - 2) < 1e-9);
	assert_int_equal(live_hot_find(hot, 1, r, &whole_s), 1);
	assert_string_equal(hot[0].function->function, "f");
	assert_int_equal(live_hot_find(hot, 0, r, &whole_s), 0);
	dcbs_report_free(r);
}

static void test_without_samples(void **state)
{
	struct dcbs_report *r = build_report(fixture_empty());
	struct live_hot hot[MOST];
	double whole_s;

	(void)state;
	assert_int_equal(live_hot_find(hot, MOST, r, &whole_s), 0);
	assert_true(whole_s == 0);
	dcbs_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_functions_of_all_sections), cmocka_unit_test(test_without_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
