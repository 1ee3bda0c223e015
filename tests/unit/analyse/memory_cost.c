// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* memory_cost.c - planted growth, leaks and churn of memory give the right verdict; harmless ones give none. */
#include "analyse/verdict/bottleneck.h"
#include "sampled_stacks.h"
#include "verdict.h"

static void test_anonymous_growth(void **state)
{
	struct snapshot *snap = verdict_target();

	(void)state;
	snap->page_touch_ns = 12000;
	verdict_add_growth(snap, 0, 0, 97);
	verdict_add_growth(snap, 800 * MIB, 204800, 3);	/* three calls allocate memory that stays */
	verdict_expect(snap, DCBS_CAUSE_MEMORY_GROWTH, "first time: 2.34 GiB; 614,400 page faults took about 7.37 s of its 10.0 s of CPU time",
		       "use them again");
}

/* A page that the hypervisor must find first costs more than the profiler's own: the ticks know. */
static void test_growth_by_samples(void **state)
{
	struct snapshot *snap = stacks_begin(verdict_target());

	(void)state;
	snap->page_touch_ns = 1000;
	verdict_add_growth(snap, 0, 0, 97);
	verdict_add_growth(snap, 800 * MIB, 204800, 3);
	stacks_ran(STACK(snap, 0, stacks_frame(snap, "grow", NULL, 0, false)), 400)->fault_samples = 300;
	verdict_expect(snap, DCBS_CAUSE_MEMORY_GROWTH, "614,400 page faults took about 7.28 s of its 10.0 s of CPU time", "use them again");
}

/* 2 MiB for each fault: clearing the pages is the cost. */
static void test_growth_in_huge_pages(void **state)
{
	struct snapshot *snap = verdict_target();

	(void)state;
	verdict_add_growth(snap, 40960 * MIB, 20480, 1);
	verdict_expect(snap, DCBS_CAUSE_MEMORY_GROWTH, "20,480 page faults took about 4.3", "huge pages");
}

static void test_leak(void **state)
{
	struct snapshot *snap = verdict_target();

	(void)state;
	snap->page_touch_ns = 16000;
	verdict_add_growth(snap, 8 * MIB, 2048, 100);
	verdict_expect(snap, DCBS_CAUSE_MEMORY_GROWTH, "after every call: 8.00 MiB a call, 45.1 GiB an hour; 100 of 100 calls grew, 800 MiB in all",
		       "no_grad");
}

/* A leak that is small for the time of the section is reported after the time. */
static void test_small_leak(void **state)
{
	struct snapshot *snap = verdict_target();
	struct dcbs_report *r;

	(void)state;
	verdict_add_growth(snap, 50000, 13, 100);
	r = verdict_report(snap);
	assert_int_equal(r->nr_bottlenecks, 2);
	verdict_check(r, 0, DCBS_CAUSE_CPU, "computing", "");
	verdict_check(r, 1, DCBS_CAUSE_MEMORY_GROWTH, "48.8 KiB a call", "leak");
	dcbs_report_free(r);
	snap = verdict_target();
	verdict_add_wait(snap, CAUSE_SLEEP, 9 * SEC);
	verdict_add_growth(snap, 50000, 13, 100);
	r = verdict_report(snap);
	verdict_check(r, 0, DCBS_CAUSE_SLEEP, "sleeping", "");
	verdict_check(r, 1, DCBS_CAUSE_MEMORY_GROWTH, "100 of 100 calls grew", "leak");
	dcbs_report_free(r);
}

/* A leak of tens of MiB a second comes before sleeping, and is reported even if the time is below the threshold. */
static void test_large_leak(void **state)
{
	struct snapshot *snap = verdict_target();
	struct dcbs_report *r;

	(void)state;
	verdict_add_wait(snap, CAUSE_SLEEP, 9 * SEC);
	verdict_add_growth(snap, 2 * MIB, 512, 100);
	r = verdict_report(snap);
	assert_int_equal(r->nr_bottlenecks, 2);
	verdict_check(r, 0, DCBS_CAUSE_MEMORY_GROWTH, "2.00 MiB a call", "leak");
	verdict_check(r, 1, DCBS_CAUSE_SLEEP, "sleeping", "");
	assert_int_equal(bottleneck_find(r, 100), 0);
	assert_int_equal(r->nr_bottlenecks, 1);
	verdict_check(r, 0, DCBS_CAUSE_MEMORY_GROWTH, "2.00 MiB a call", "leak");
	dcbs_report_free(r);
}

/* Memory that another section gives back is no leak. */
static void test_given_back_elsewhere(void **state)
{
	struct snapshot *snap = verdict_target();
	struct snapshot_section *other = fixture_section(snap, "release", DCBS_NAME_SECTION);

	(void)state;
	fixture_call(other, 10 * MS, 10 * MS);
	fixture_shrink(&other->ledger, 190 * MIB);
	verdict_add_growth(snap, 2 * MIB, 512, 100);
	verdict_expect(snap, DCBS_CAUSE_CPU, "computing", "");
}

/* A cache that fills and a model that warms up grow in a few calls only. */
static void test_warm_up_is_no_leak(void **state)
{
	struct snapshot *snap = verdict_target();

	(void)state;
	verdict_add_growth(snap, 100 * MIB, 25600, 2);
	verdict_add_growth(snap, 4096, 1, 60);
	verdict_expect(snap, DCBS_CAUSE_CPU, "computing", "");
}

static void test_churn(void **state)
{
	struct snapshot *snap = verdict_target();

	(void)state;
	snap->page_touch_ns = 700;
	verdict_add_growth(snap, 64 * MIB, 16384, 300);
	fixture_shrink(&snap->sections[0]->ledger, 300 * 64 * MIB);
	memset(snap->sections[0]->ledger.growth, 0, sizeof(snap->sections[0]->ledger.growth));
	verdict_expect(snap, DCBS_CAUSE_MEMORY_CHURN, "18.8 GiB came, 18.8 GiB went; 4,915,200 page faults took about 4.45 s", "MALLOC_TRIM_THRESHOLD_");
}

/* Churn that explains little of the section's CPU time is no verdict. */
static void test_churn_that_costs_little(void **state)
{
	struct snapshot *snap = verdict_target();

	(void)state;
	verdict_add_growth(snap, 64 * MIB, 16384, 10);
	fixture_shrink(&snap->sections[0]->ledger, 10 * 64 * MIB);
	verdict_expect(snap, DCBS_CAUSE_CPU, "computing", "");
}

static void test_unmarked_that_grows(void **state)
{
	struct snapshot *snap = fixture_empty();

	(void)state;
	snap->wall_known = snap->memory_known = true;
	snap->page_touch_ns = 2000;
	fixture_thread(snap, 4242, "main", 2 * SEC);
	fixture_growth(&snap->outside, 2048 * MIB, 524288);
	verdict_expect(snap, DCBS_CAUSE_MEMORY_GROWTH, "2.00 GiB; 524,288 page faults took about 1.05 s", "huge pages");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_anonymous_growth), cmocka_unit_test(test_growth_by_samples),
		cmocka_unit_test(test_growth_in_huge_pages),
		cmocka_unit_test(test_leak), cmocka_unit_test(test_small_leak), cmocka_unit_test(test_large_leak),
		cmocka_unit_test(test_given_back_elsewhere), cmocka_unit_test(test_warm_up_is_no_leak),
		cmocka_unit_test(test_churn), cmocka_unit_test(test_churn_that_costs_little),
		cmocka_unit_test(test_unmarked_that_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
