// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* wait_cuts.c - waits that were charged to a section and were outside of it. */
#include "analyse/sums/wait_cuts.h"
#include "fixture.h"

/* Ten calls waited 3 ms each, and only those four that returned have a duration, 12 ms in all. The rest is of "(outside)". */
static void test_calls_that_did_not_return(void **state)
{
	struct snapshot_section s = {.unreturned = 6}, *sections[] = {&s};
	const struct snapshot snap = {.sections = sections, .nr_sections = 1};

	(void)state;
	s.stat.total_ns = s.stat.self_ns = 12000000;
	s.ledger.off_ns[CAUSE_SLEEP] = s.ledger.self_off_ns[CAUSE_SLEEP] = 30000000;
	cut_wait_estimates(sections, &snap);
	assert_int_equal(s.ledger.off_ns[CAUSE_SLEEP], 12000000);
	assert_int_equal(s.ledger.self_off_ns[CAUSE_SLEEP], 12000000);
	assert_int_equal(s.cut_off_ns[CAUSE_SLEEP], 18000000);
}

/* A thousand calls of 40 ns were preempted for longer than they lasted: between their clock reads and their marks. */
static void test_short_calls(void **state)
{
	struct snapshot_section s = {0}, *sections[] = {&s};
	const struct snapshot snap = {.sections = sections, .nr_sections = 1};

	(void)state;
	s.stat.count = 1000;
	s.stat.sum_ns = s.stat.total_ns = s.stat.self_ns = 40000;
	s.ledger.off_ns[CAUSE_RUNQUEUE] = s.ledger.self_off_ns[CAUSE_RUNQUEUE] = 100000;
	cut_wait_estimates(sections, &snap);
	assert_int_equal(s.ledger.self_off_ns[CAUSE_RUNQUEUE], 40000);
	assert_int_equal(s.cut_off_ns[CAUSE_RUNQUEUE], 60000);
}

/*
 * The calls of `inner`, 40 us in all, were charged with 100 us of waits, and `outer` around them has 150 us with 120 us of waits in all. So the 60 us that
 * are cut from `inner` waited in `outer`: its own running time is at most that with inner sections.
 */
static void test_waits_of_the_section_around(void **state)
{
	struct snapshot_section inner = {0}, outer = {0}, *sections[] = {&outer, &inner};
	const struct snapshot snap = {.sections = sections, .nr_sections = 2};

	(void)state;
	inner.stat.count = outer.stat.count = 1000;
	inner.stat.sum_ns = inner.stat.total_ns = inner.stat.self_ns = 40000;
	outer.stat.sum_ns = outer.stat.total_ns = 150000;
	outer.stat.self_ns = 110000;
	inner.ledger.off_ns[CAUSE_RUNQUEUE] = inner.ledger.self_off_ns[CAUSE_RUNQUEUE] = 100000;
	outer.ledger.off_ns[CAUSE_RUNQUEUE] = 120000;
	outer.ledger.self_off_ns[CAUSE_RUNQUEUE] = 20000;
	cut_wait_estimates(sections, &snap);
	assert_int_equal(outer.ledger.off_ns[CAUSE_RUNQUEUE], 120000);
	assert_int_equal(outer.ledger.self_off_ns[CAUSE_RUNQUEUE], 80000);
	assert_int_equal(inner.ledger.self_off_ns[CAUSE_RUNQUEUE], 40000);
	assert_int_equal(inner.cut_off_ns[CAUSE_RUNQUEUE], 0);
	assert_int_equal(outer.cut_off_ns[CAUSE_RUNQUEUE], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls_that_did_not_return),
		cmocka_unit_test(test_short_calls),
		cmocka_unit_test(test_waits_of_the_section_around),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
