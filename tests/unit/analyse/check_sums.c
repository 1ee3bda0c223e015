// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* check_sums.c - a report in which a part exceeds its whole says so in a note, and a right report does not. */
#include "analyse/check_sums.h"
#include "analyse/report.h"
#include "fixture.h"

static const char work[] = "work";

static bool has_broken_note(const struct dcbs_report *r)
{
	size_t i, nr = 0;

	for (i = 0; i < r->nr_notes; i++)
		nr += !strncmp(r->notes[i], CHECK_SUMS_BROKEN, strlen(CHECK_SUMS_BROKEN));
	assert_true(nr <= 1);
	return nr;
}

/* A section of 10 s, 2 s of it waits for a lock, on a thread that lived for 20 s. */
static struct snapshot *right_snapshot(void)
{
	struct snapshot *snap = fixture_empty();
	struct snapshot_section *facts = fixture_section(snap, work, DCBS_NAME_SECTION);
	struct snapshot_thread *thread = fixture_thread(snap, 4242, "main", 20 * SEC);

	fixture_call(facts, 10 * SEC, 8 * SEC);
	facts->ledger.off_ns[CAUSE_LOCK] = 2 * SEC;
	facts->ledger.self_off_ns[CAUSE_LOCK] = SEC;
	fixture_thread_off(thread, CAUSE_LOCK, 2 * SEC);
	snap->wall_known = true;
	return snap;
}

static void expect(struct snapshot *snap, bool broken, const char *words)
{
	struct dcbs_report *r = NULL;

	assert_int_equal(report_build(&r, snap, 1), 0);
	assert_int_equal(has_broken_note(r), broken);
	if (broken)
		assert_non_null(strstr(r->notes[r->nr_notes - 1], words));
	dcbs_report_free(r);
	snapshot_free(snap);
}

static void test_right(void **state)
{
	struct snapshot *snap = right_snapshot();

	(void)state;
	expect(snap, false, NULL);
	snap = right_snapshot();
	snap->wall_known = false;
	expect(snap, false, NULL);
}

/* Counters are read one after the other. */
static void test_little_more(void **state)
{
	struct snapshot *snap = right_snapshot();

	(void)state;
	snap->sections[0]->stat.self_ns = 10 * SEC + 5 * MS;
	snap->sections[0]->ledger.self_off_ns[CAUSE_LOCK] = 2 * SEC;
	expect(snap, false, NULL);
}

static void test_self_above_total(void **state)
{
	struct snapshot *snap = right_snapshot();

	(void)state;
	snap->sections[0]->stat.self_ns = 12 * SEC;
	expect(snap, true, "work: its self time is 12.0 s, its total is 10.0 s");
}

static void test_wait_above_total(void **state)
{
	struct snapshot *snap = right_snapshot();

	(void)state;
	snap->sections[0]->ledger.off_ns[CAUSE_DISK] = 11 * SEC;
	expect(snap, true, "work: disk is 11.0 s, its total is 10.0 s, and more");
}

static void test_sum_of_waits_above_total(void **state)
{
	struct snapshot *snap = right_snapshot();

	(void)state;
	snap->sections[0]->ledger.off_ns[CAUSE_DISK] = 9 * SEC;
	expect(snap, true, "work: the sum of its parts is 11.0 s, its total is 10.0 s");
}

static void test_self_wait_above_wait(void **state)
{
	struct snapshot *snap = right_snapshot();

	(void)state;
	snap->sections[0]->ledger.self_off_ns[CAUSE_LOCK] = 3 * SEC;
	expect(snap, true, "work: lock is 3.00 s");
}

/* Waits that are estimated from on-periods are cut to their whole: a lock's 4 s and a disk's 12 s, to 10 s together. */
static void test_estimate_within_whole(void **state)
{
	struct snapshot *snap = right_snapshot();
	const struct dcbs_section *s;
	struct dcbs_report *r = NULL;

	(void)state;
	snap->wait_scale = 4;
	snap->sections[0]->ledger.off_ns[CAUSE_LOCK] = 4 * SEC;
	snap->sections[0]->ledger.off_ns[CAUSE_DISK] = 12 * SEC;
	snap->sections[0]->ledger.self_off_ns[CAUSE_DISK] = 7 * SEC;
	assert_int_equal(report_build(&r, snap, 1), 0);
	assert_false(has_broken_note(r));
	s = dcbs_report_section(r, work);
	assert_true(fabs(s->wall.lock_s - 2.5) < 1e-6 && fabs(s->wall.disk_s - 7.5) < 1e-6 && fabs(s->wall.cpu_s) < 1e-6);
	dcbs_report_free(r);
	snapshot_free(snap);
}

static void test_wrapped_sum_outside(void **state)
{
	struct snapshot *snap = right_snapshot();

	(void)state;
	snap->threads[0].sum.outside_off_ns[CAUSE_RUNQUEUE] = -(__u64)MS;
	expect(snap, true, "(outside)");
}

static void test_total_above_window(void **state)
{
	struct snapshot *snap = right_snapshot();

	(void)state;
	snap->sections[0]->stat.total_ns = snap->sections[0]->stat.self_ns = 80 * SEC;
	expect(snap, true, "work: its total is 1m20s, the window times its calls is 1m02s");
}

static void test_thread_above_window(void **state)
{
	struct snapshot *snap = right_snapshot();

	(void)state;
	snap->threads[0].sum.wall_ns = 70 * SEC;
	expect(snap, true, "main: the thread's time");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right), cmocka_unit_test(test_little_more), cmocka_unit_test(test_self_above_total),
		cmocka_unit_test(test_wait_above_total), cmocka_unit_test(test_sum_of_waits_above_total),
		cmocka_unit_test(test_self_wait_above_wait), cmocka_unit_test(test_estimate_within_whole),
		cmocka_unit_test(test_wrapped_sum_outside),
		cmocka_unit_test(test_total_above_window), cmocka_unit_test(test_thread_above_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
