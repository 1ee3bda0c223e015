// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* slices.c - a section's slices add up to its figures, and no part of one is above its whole. */
#include "analyse/report.h"
#include "fixture.h"

#define SLICES 5

/* A window of 62.4 s with marks each 12 s. */
static struct snapshot *sliced_snapshot(void)
{
	struct snapshot *snap = fixture_empty();
	size_t i;

	snap->wall_known = true;
	snap->slices.width_ns = 12 * SEC;
	snap->slices.nr = SLICES - 1;
	for (i = 0; i < SLICES - 1; i++) {
		snap->slices.at_ns[i] = snap->start_ns + (i + 1) * 12 * SEC;
		snap->slices.rss_bytes[i] = (__s64)i << 20;
	}
	return snap;
}

static void set_series(struct snapshot_section *s, int series, const __u64 *values)
{
	if (!s->marks)
		s->marks = calloc(1, sizeof(*s->marks));
	assert_non_null(s->marks);
	s->marks->series[series] = malloc(SLICES * sizeof(*values));
	assert_non_null(s->marks->series[series]);
	memcpy(s->marks->series[series], values, SLICES * sizeof(*values));
}

static struct dcbs_report *build_report(const struct snapshot *snap)
{
	struct dcbs_report *r = NULL;

	assert_int_equal(report_build(&r, snap, 1), 0);
	assert_int_equal(r->slices.nr, SLICES);
	return r;
}

static double sum_of(const double *values)
{
	double sum = 0;
	size_t i;

	for (i = 0; values && i < SLICES; i++)
		sum += values[i];
	return sum;
}

static void check_sums(const struct dcbs_section *s)
{
	static const size_t no_slices[] = {offsetof(struct dcbs_wall, residue_s), offsetof(struct dcbs_wall, sync_s),
		offsetof(struct dcbs_wall, pipe_s), offsetof(struct dcbs_wall, child_s), offsetof(struct dcbs_wall, stopped_s)};
	int64_t count = 0;
	size_t i, field, k;

	assert_int_equal(s->slices.nr, SLICES);
	assert_true(fabs(sum_of(s->slices.total_s) - s->total_s) < 1e-9);
	for (i = 0; i < SLICES; i++)
		count += s->slices.count[i];
	assert_int_equal(count, s->count);
	for (field = 0; field < DCBS_WALL_FIELDS; field++) {
		bool part = false;

		for (k = 0; k < 5; k++)
			part |= field * sizeof(double) == no_slices[k];
		assert_true(part || fabs(sum_of(s->slices.wall_s[field]) - ((const double *)&s->wall)[field]) < 1e-7);
	}
}

/* A wait of 30 s ends in the fourth slice: it was in the two before, too. */
static void test_a_long_wait_is_where_it_was(void **state)
{
	struct snapshot *snap = sliced_snapshot();
	struct snapshot_section *facts = fixture_section(snap, "work", DCBS_NAME_SECTION);
	const __u64 count[] = {12, 12, 12, 18, 36}, total[] = {12 * SEC, 24 * SEC, 36 * SEC, 48 * SEC, 62 * SEC};
	const __u64 sleep[] = {0, 0, 0, 30 * SEC, 30 * SEC};
	const double *slept, *ran;
	struct dcbs_report *r;

	(void)state;
	facts->stat.count = 36;
	facts->stat.sum_ns = facts->stat.total_ns = facts->stat.self_ns = 62 * SEC;
	facts->ledger.off_ns[CAUSE_SLEEP] = 30 * SEC;
	set_series(facts, SLICE_COUNT, count);
	set_series(facts, SLICE_TOTAL, total);
	set_series(facts, SLICE_OFF + CAUSE_SLEEP, sleep);
	r = build_report(snap);
	check_sums(&r->sections[0]);
	slept = r->sections[0].slices.wall_s[offsetof(struct dcbs_wall, sleep_s) / sizeof(double)];
	ran = r->sections[0].slices.wall_s[0];
	assert_true(fabs(slept[3] - 12) < 1e-6 && fabs(slept[2] - 12) < 1e-6 && fabs(slept[1] - 6) < 1e-6 && !slept[0] && !slept[4]);
	assert_true(fabs(ran[0] - 12) < 1e-6 && fabs(ran[1] - 6) < 1e-6 && ran[2] < 1e-6);
	assert_true(r->slices.rss_bytes[3] == 3 << 20 && fabs(r->slices.end_s[4] - 62.4) < 1e-9);
	dcbs_report_free(r);
	snapshot_free(snap);
}

/* The record of a call that had ended was unread at a mark: its time is missing there. Suspensions are what remains. */
static void test_a_missing_record_and_coroutines(void **state)
{
	struct snapshot *snap = sliced_snapshot();
	struct snapshot_section *facts = fixture_section(snap, "work", DCBS_NAME_SECTION);
	const __u64 count[] = {0, 0, 0, 1, 1}, total[] = {12 * SEC, 24 * SEC, 1 * SEC, 37 * SEC, 37 * SEC};
	const __u64 run[] = {0, SEC, 2 * SEC, 4 * SEC, 5 * SEC};
	size_t i;
	const struct dcbs_section_slices *s;
	struct dcbs_report *r;

	(void)state;
	facts->stat.count = 1;
	facts->stat.sum_ns = facts->stat.total_ns = facts->stat.self_ns = 37 * SEC;
	facts->stat.flow_total_ns = facts->stat.flow_self_ns = 37 * SEC;
	facts->ledger.flow_run_ns = facts->ledger.self_flow_run_ns = 5 * SEC;
	set_series(facts, SLICE_COUNT, count);
	set_series(facts, SLICE_TOTAL, total);
	set_series(facts, SLICE_FLOW_TOTAL, total);
	set_series(facts, SLICE_FLOW_RUN, run);
	r = build_report(snap);
	check_sums(&r->sections[0]);
	s = &r->sections[0].slices;
	assert_true(fabs(s->total_s[1] - 12) < 1e-9 && !s->total_s[2] && fabs(s->total_s[3] - 13) < 1e-9);
	for (i = 0; i < SLICES; i++)
		assert_true(s->wall_s[offsetof(struct dcbs_wall, await_s) / sizeof(double)][i] <= s->total_s[i] + 1e-9);
	dcbs_report_free(r);
	snapshot_free(snap);
}

static void test_unknown(void **state)
{
	struct snapshot *snap = sliced_snapshot();
	struct snapshot_section *facts = fixture_section(snap, "work", DCBS_NAME_SECTION);
	struct dcbs_report *r;

	(void)state;
	fixture_call(facts, SEC, SEC);
	r = build_report(snap);
	assert_int_equal(r->sections[0].slices.nr, 0);
	dcbs_report_free(r);
	snapshot_free(snap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_long_wait_is_where_it_was), cmocka_unit_test(test_a_missing_record_and_coroutines),
		cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
