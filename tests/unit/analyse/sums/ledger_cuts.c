// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* ledger_cuts.c - waits that were charged to a section and were outside of it. */
#include "analyse/sums/ledger.h"
#include "fixture.h"

/* Ten calls waited 3 ms each, and only those four that returned have a duration, 12 ms in all. The rest is of "(outside)". */
static void test_calls_that_did_not_return(void **state)
{
	struct snapshot_section s = {.unreturned = 6}, *sections[] = {&s};
	const struct snapshot snap = {.sections = sections, .nr_sections = 1};

	(void)state;
	s.stat.total_ns = s.stat.self_ns = 12000000;
	s.ledger.off_ns[CAUSE_SLEEP] = s.ledger.self_off_ns[CAUSE_SLEEP] = 30000000;
	ledger_cut_estimates(sections, &snap);
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
	ledger_cut_estimates(sections, &snap);
	assert_int_equal(s.ledger.self_off_ns[CAUSE_RUNQUEUE], 40000);
	assert_int_equal(s.cut_off_ns[CAUSE_RUNQUEUE], 60000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls_that_did_not_return),
		cmocka_unit_test(test_short_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
