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
	near(f->error_s, sqrt(400 * 0.01 * 0.01 + 12));
	near(g->error_s, sqrt(300 * 0.01 * 0.01 + 12));
	assert_true(f->count == DCBS_UNKNOWN && isnan(f->mean_s) && isnan(dcbs_report_section(r, "work")->error_s));
	near(sampled_report_self_s(r, "F"), 10);
	near(sampled_report_self_s(r, "G"), 7);
	near(sampled_report_function(r, "G", "f")->self_s, 0);
	near(dcbs_report_section(r, "work")->self_s, 10);
	dcbs_report_free(r);
}

/* 1000 calls of a function were timed at 101 us, of which the probe took 1 us: 7 s have 70,000 calls. */
static void test_sampled_and_timed(void **state)
{
	struct snapshot *snap = sampled_snapshot();
	struct snapshot_section *g = snap->sections[2];
	const struct dcbs_section *s;
	struct dcbs_report *r;

	(void)state;
	g->probe_ns = 1000;
	g->stat.count = 1000;
	g->stat.sum_ns = g->stat.total_ns = 1000 * 101000;
	g->stat.max_ns = 200000;
	g->stat.min_inv_ns = ~(__u64)90000;
	g->stat.buckets[hist_place(95000)] = 600;
	g->stat.buckets[hist_place(110000)] = 400;
	r = sampled_report(snap);
	s = dcbs_report_section(r, "G");
	assert_int_equal(s->count, 70000);
	near(s->total_s, 7);
	near(s->mean_s, 101e-6);
	near(s->max_s, 200e-6);
	assert_true(s->p50_s > 93e-6 && s->p50_s < 97e-6 && s->p90_s > 107e-6 && s->p90_s < 113e-6);
	assert_int_equal(s->histogram.buckets[0].count + s->histogram.buckets[1].count, 70000);
	assert_false(isnan(s->error_s));
	dcbs_report_free(r);
}

/* The calls stay unknown if the probe takes most of a short function's time, if few were timed, or if its cost is unknown. */
static void test_sampled_and_not_timed_well(void **state)
{
	static const struct { __u64 count, each_ns; double probe_ns; } cases[] = {
		{1000, 5000, 1000}, {50, 101000, 1000}, {1000, 101000, NAN},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct snapshot *snap = sampled_snapshot();
		struct snapshot_section *g = snap->sections[2];
		struct dcbs_report *r;

		g->probe_ns = cases[i].probe_ns;
		g->stat.count = cases[i].count;
		g->stat.sum_ns = g->stat.total_ns = cases[i].count * cases[i].each_ns;
		g->stat.buckets[hist_place(cases[i].each_ns)] = cases[i].count;
		r = sampled_report(snap);
		assert_true(dcbs_report_section(r, "G")->count == DCBS_UNKNOWN && isnan(dcbs_report_section(r, "G")->mean_s));
		dcbs_report_free(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sampled_sections), cmocka_unit_test(test_sampled_and_timed),
		cmocka_unit_test(test_sampled_and_not_timed_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
