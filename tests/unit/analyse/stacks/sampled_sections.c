// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sampled_sections.c - the estimates for sections that are functions without a marker. */
#include "sampled_report.h"

static struct snapshot_section *sampled_section(struct snapshot *snap, const char *name)
{
	struct snapshot_section *facts = fixture_section(snap, name, DCBS_NAME_SECTION);

	facts->stat.sampled = SAMPLED;
	return facts;
}

/* f calls g, within `work`. Both wait; the sampled wait of g stands for itself and three others. */
static struct snapshot *sampled_snapshot(void)
{
	struct snapshot *snap = sampled_report_section(10 * SEC);
	__u32 f = stacks_frame(snap, "f", "a.py", 1, true), g = stacks_frame(snap, "g", "a.py", 9, true);
	struct snapshot_stack *waited;

	snap->sections[0]->ledger.off_ns[CAUSE_SLEEP] = snap->sections[0]->ledger.self_off_ns[CAUSE_SLEEP] = 6 * SEC;
	sampled_section(snap, "F");
	sampled_section(snap, "G");
	fixture_thread_off(fixture_thread(snap, 4242, "main", 10 * SEC), CAUSE_SLEEP, 6 * SEC);
	fixture_thread_off(fixture_thread(snap, 7, "spare", 100 * SEC), CAUSE_SLEEP, 100 * SEC);
	stacks_within(stacks_ran(STACK(snap, 0, f), 100), 1);
	stacks_within(stacks_within(stacks_ran(STACK(snap, 0, f, g), 300), 2), 1);
	stacks_within(stacks_waited(STACK(snap, 0, f), CAUSE_SLEEP, 2 * SEC), 1);
	waited = stacks_within(stacks_within(stacks_waited(STACK(snap, 0, f, g), CAUSE_SLEEP, 4 * SEC), 2), 1);
	waited->off_ns2 = 4e9 * 4e9 * 0.75;
	return snap;
}

/*
 * The error of 400 ticks, which stand for 4 s: that of a binomial share, with half a tick on each side; and the variance of the waits,
 * 12 s2.
 */
static double error_of_ticks(double ticks)
{
	return sqrt(16 * (ticks + 0.5) * (400.5 - ticks) / (401.0 * 401 * 402) + 12);
}

static void test_sampled_sections(void **state)
{
	struct dcbs_report *r = sampled_report(sampled_snapshot());
	const struct dcbs_section *f = dcbs_report_section(r, "F"), *g = dcbs_report_section(r, "G");

	(void)state;
	near(f->total_s, 10);
	near(f->self_s, 3);
	near(g->total_s, 7);
	near(g->self_s, 7);
	near(f->wall.sleep_s, 6);
	near(f->wall.cpu_s, 4);
	near(g->self_wall.sleep_s, 4);
	near(f->error_s, error_of_ticks(400));
	near(g->error_s, error_of_ticks(300));
	assert_true(f->count == DCBS_UNKNOWN && isnan(f->mean_s) && isnan(dcbs_report_section(r, "work")->error_s));
	near(sampled_report_self_s(r, "F"), 10);
	near(sampled_report_self_s(r, "G"), 7);
	near(sampled_report_function(r, "G", "f")->self_s, 0);
	near(dcbs_report_section(r, "work")->self_s, 10);
	dcbs_report_free(r);
}

/* G, of whose 70,000 calls `timed` ended in ten on-periods, after `each_ns`; half of those began in one. */
static struct snapshot *called_snapshot(__u64 timed, __u64 each_ns)
{
	struct snapshot *snap = sampled_snapshot();
	struct section_stat *g = &snap->sections[2]->stat;
	struct timed_calls *calls = calloc(1, sizeof(*calls));

	assert_non_null(calls);
	snap->sections[2]->timed = calls;
	calls->periods = 10;
	calls->calls = 35000;
	calls->sum_ns = 35000 * (double)each_ns;
	calls->variance_ns2 = 0.25e18;
	calls->buckets[hist_place(each_ns)] = 35000;
	g->sampled |= SAMPLED_IN_PERIODS;
	g->begun = 70000;
	g->count = timed;
	g->sum_ns = timed * each_ns;
	g->observed_ns = g->total_ns = g->sum_ns / 2;
	g->self_ns = g->total_ns / 2;
	g->max_ns = 2 * each_ns;
	g->min_inv_ns = ~(each_ns / 2);
	g->buckets[hist_place(each_ns)] = timed;
	return snap;
}

static void test_timed_in_periods(void **state)
{
	struct dcbs_report *r = sampled_report(called_snapshot(1000, 100000));
	const struct dcbs_section *s = dcbs_report_section(r, "G");

	(void)state;
	assert_int_equal(s->count, 70000);
	near(s->total_s, 7);
	near(s->self_s, 3.5);
	near(s->mean_s, 100e-6);
	near(s->max_s, 200e-6);
	assert_true(s->p50_s > 97e-6 && s->p50_s < 103e-6);
	assert_int_equal(s->histogram.buckets[0].count, 70000);
	near(s->wall.sleep_s, 4);
	near(s->wall.cpu_s, 3);
	assert_true(s->error_s > 1 && s->error_s < 1.3);
	dcbs_report_free(r);
}

/* The number of calls is exact even so. Their time is that of the samples. */
static void test_too_few_periods(void **state)
{
	struct snapshot *snap = called_snapshot(1000, 100000);
	struct dcbs_report *r;

	(void)state;
	snap->sections[2]->timed->periods = 2;
	r = sampled_report(snap);
	assert_int_equal(dcbs_report_section(r, "G")->count, 70000);
	near(dcbs_report_section(r, "G")->self_s, 7);
	near(dcbs_report_section(r, "G")->error_s, error_of_ticks(300));
	dcbs_report_free(r);
}

/* The same. */
static void test_too_few_timed(void **state)
{
	struct dcbs_report *r = sampled_report(called_snapshot(29, 100000));
	const struct dcbs_section *s = dcbs_report_section(r, "G");

	(void)state;
	assert_int_equal(s->count, 70000);
	near(s->total_s, 7);
	near(s->self_s, 7);
	near(s->mean_s, 100e-6);
	near(s->error_s, error_of_ticks(300));
	dcbs_report_free(r);
}

/* G is in hardly any sample, though the 1,000 calls that were timed at first took 0.1 ms each: the samples do not see it. */
static void test_samples_that_miss_the_function(void **state)
{
	struct snapshot *snap = sampled_snapshot();
	struct section_stat *g = &snap->sections[2]->stat;
	const struct dcbs_section *section;
	struct dcbs_report *r;

	(void)state;
	snap->probe_added_ns = 2000;
	g->begun = 600000;
	g->count = 1000;
	g->sum_ns = 100 * MS;
	r = sampled_report(snap);
	section = dcbs_report_section(r, "G");
	assert_int_equal(section->count, 600000);
	near(section->total_s, 600000 * 98e-6);
	assert_true(section->error_s >= 0.25 * section->total_s);
	dcbs_report_free(r);
}

/* The stretch in which all calls were timed was one of idling: 1,600 calls in 3 % of it. Then the function was called all the time. */
static void test_a_stretch_that_is_not_like_the_others(void **state)
{
	struct snapshot *snap = sampled_snapshot();
	struct snapshot_section *g = snap->sections[2];
	struct dcbs_report *r;

	(void)state;
	snap->probe_added_ns = 2000;
	g->stat.count = 1600;
	g->stat.sum_ns = 640 * MS;
	g->timed_share = 0.03;
	g->seen_share = 0.05;
	g->given_up_calls = 53000;
	r = sampled_report(snap);
	assert_true(isnan(dcbs_report_section(r, "G")->total_s));
	dcbs_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sampled_sections), cmocka_unit_test(test_timed_in_periods),
		cmocka_unit_test(test_samples_that_miss_the_function), cmocka_unit_test(test_too_few_periods), cmocka_unit_test(test_too_few_timed),
		cmocka_unit_test(test_a_stretch_that_is_not_like_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
