// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* live_view.c - the keys of the live table, the order of its sections, and what they did in the last interval. */
#include "analyse/report.h"
#include "fixture.h"
#include "render/live/live_view.h"

static struct dcbs_report *two_sections(int quick_calls)
{
	struct snapshot *snap = fixture_empty();
	struct snapshot_section *slow = fixture_section(snap, "slow", DCBS_NAME_SECTION);
	struct snapshot_section *quick = fixture_section(snap, "quick", DCBS_NAME_SECTION);
	struct dcbs_report *r = NULL;
	int i;

	fixture_call(slow, 8 * SEC, 8 * SEC);
	for (i = 0; i < quick_calls; i++)
		fixture_call(quick, 100 * MS, 100 * MS);
	assert_int_equal(report_build(&r, snap, 1), 0);
	snapshot_free(snap);
	return r;
}

static void check_first(const struct live_view *view, const struct dcbs_report *r, const struct live_interval *interval, const char *name)
{
	const struct dcbs_section **order = live_view_order(view, r, interval);

	assert_non_null(order);
	assert_string_equal(order[0]->name, name);
	free(order);
}

static void test_last_interval(void **state)
{
	struct dcbs_report *before = two_sections(10), *now = two_sections(30);
	struct live_interval interval = {0};
	const struct live_figures *quick;

	(void)state;
	live_interval_take(&interval, before);
	assert_null(live_interval_of(&interval, dcbs_report_section(before, "quick")));
	now->duration_s = before->duration_s + 4;
	live_interval_take(&interval, now);
	assert_true(fabs(interval.length_s - 4) < 1e-9);
	quick = live_interval_of(&interval, dcbs_report_section(now, "quick"));
	assert_non_null(quick);
	assert_int_equal(quick->new_calls, 20);
	assert_true(fabs(quick->new_total_s - 2) < 1e-9);
	assert_int_equal(live_interval_of(&interval, dcbs_report_section(now, "slow"))->new_calls, 0);
	live_interval_free(&interval);
	dcbs_report_free(before);
	dcbs_report_free(now);
}

static void test_orders(void **state)
{
	struct dcbs_report *before = two_sections(10), *now = two_sections(30);
	struct live_interval interval = {0};
	struct live_view view = {0};

	(void)state;
	now->duration_s += 4;
	live_interval_take(&interval, before);
	live_interval_take(&interval, now);
	check_first(&view, now, &interval, "slow");
	live_view_key(&view, 'c', 1);
	check_first(&view, now, &interval, "quick");
	live_view_key(&view, 'm', 1);
	check_first(&view, now, &interval, "slow");
	live_view_key(&view, 'l', 1);
	check_first(&view, now, &interval, "quick");
	live_view_key(&view, 's', 1);	/* the order after the last one is the first one */
	check_first(&view, now, &interval, "slow");
	live_interval_free(&interval);
	dcbs_report_free(before);
	dcbs_report_free(now);
}

static void test_keys(void **state)
{
	struct live_view view = {0};

	(void)state;
	live_view_key(&view, 'x', 10);
	assert_false(view.changed);
	live_view_key(&view, 'j', 10);
	live_view_key(&view, LIVE_PAGE_DOWN, 10);
	assert_int_equal(view.first, 11);
	live_view_key(&view, 'k', 10);
	live_view_key(&view, LIVE_PAGE_UP, 20);
	assert_int_equal(view.first, 0);
	live_view_key(&view, 'p', 10);
	live_view_key(&view, '?', 10);
	assert_true(view.paused && view.help && view.changed && !view.quit);
	live_view_key(&view, 'p', 10);
	live_view_key(&view, '?', 10);
	live_view_key(&view, 'Q', 10);
	assert_true(!view.paused && !view.help && view.quit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_interval), cmocka_unit_test(test_orders), cmocka_unit_test(test_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
