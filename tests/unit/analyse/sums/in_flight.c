// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* in_flight.c - the most calls of a section that were open at once: a lower bound, from all that is known. */
#include "analyse/report.h"
#include "fixture.h"

/* The report's figure for a section that was open for total_ns in a window of 10 s. */
static int64_t most_in_flight(__u64 total_ns, __u64 open, __u64 open_at_exit, __u64 seen, __u32 sampled)
{
	struct snapshot *snap = fixture_empty();
	struct snapshot_section *facts = fixture_section(snap, "work", DCBS_NAME_SECTION);
	struct dcbs_report *r = NULL;
	int64_t most;

	snap->end_ns = snap->start_ns + 10 * SEC;
	fixture_call(facts, total_ns, total_ns);
	facts->open = open + open_at_exit;
	facts->stat.open = open_at_exit;
	facts->most_open = seen;
	facts->stat.sampled = sampled;
	assert_int_equal(report_build(&r, snap, 1), 0);
	most = dcbs_report_section(r, "work")->in_flight_most;
	dcbs_report_free(r);
	snapshot_free(snap);
	return most;
}

static void test_most(void **state)
{
	(void)state;
	assert_int_equal(most_in_flight(1 * SEC, 0, 0, 0, SAMPLED_NOT), 1);
	assert_int_equal(most_in_flight(1 * SEC, 0, 0, 7, SAMPLED_NOT), 7);
	assert_int_equal(most_in_flight(1 * SEC, 9, 0, 7, SAMPLED_NOT), 9);
}

/* The mean needs at least that many; what exceeds a whole number by rounding does not. */
static void test_not_below_the_mean(void **state)
{
	(void)state;
	assert_int_equal(most_in_flight(23 * SEC, 0, 0, 0, SAMPLED_NOT), 3);
	assert_int_equal(most_in_flight(20 * SEC + 1000, 0, 0, 0, SAMPLED_NOT), 2);
}

/* Calls that were open when their threads ended need not have been open together. */
static void test_open_at_exit(void **state)
{
	(void)state;
	assert_int_equal(most_in_flight(1 * SEC, 0, 5, 0, SAMPLED_NOT), 1);
	assert_int_equal(most_in_flight(1 * SEC, 2, 5, 0, SAMPLED_NOT), 2);
}

static void test_samples_do_not_tell(void **state)
{
	(void)state;
	assert_int_equal(most_in_flight(1 * SEC, 0, 0, 0, SAMPLED), DCBS_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_most), cmocka_unit_test(test_not_below_the_mean),
		cmocka_unit_test(test_open_at_exit), cmocka_unit_test(test_samples_do_not_tell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
