// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* outside.c - the time outside of sections is divided among roles: the parts add up, and unknown ones are unknown. */
#include "analyse/outside.h"
#include "analyse/report.h"
#include "fixture.h"

static struct dcbs_report *build(struct snapshot *snap)
{
	struct dcbs_report *r = NULL;

	snap->wall_known = true;
	assert_int_equal(report_build(&r, snap, 1), 0);
	assert_int_equal(r->nr_notes, snap->nr_notes);
	snapshot_free(snap);
	return r;
}

static const struct dcbs_outside *part(const struct dcbs_report *r, pid_t pid, enum dcbs_role role)
{
	size_t i;

	for (i = 0; i < r->nr_outside; i++)
		if (r->outside[i].pid == pid && r->outside[i].role == role)
			return &r->outside[i];
	fail_msg("process %d has no role %d", (int)pid, (int)role);
	return NULL;
}

static void expect(const struct dcbs_outside *o, double total_s, double error_s)
{
	assert_true(fabs(o->total_s - total_s) < 1e-6);
	assert_true(isnan(error_s) ? isnan(o->error_s) : fabs(o->error_s - error_s) < 1e-6);
	assert_true(fabs(o->wall.cpu_s + o->wall.lock_s - total_s) < 1e-6);
}

/* Process 4242: its main thread is in a section for 10 of 20 s, and a thread without sections waits for 5 of 8 s. */
static struct snapshot *one_process(void)
{
	struct snapshot *snap = fixture_empty();
	struct snapshot_section *facts = fixture_section(snap, "work", DCBS_NAME_SECTION);

	fixture_target(snap, 4242, "work", "work");
	fixture_call(facts, 10 * SEC, 10 * SEC);
	fixture_thread(snap, 4242, "main", 20 * SEC)->sections = true;
	fixture_thread_off(fixture_thread(snap, 4243, "pool", 8 * SEC), CAUSE_LOCK, 5 * SEC);
	return snap;
}

static void test_one_role_with_sections(void **state)
{
	struct dcbs_report *r = build(one_process());

	(void)state;
	assert_int_equal(r->nr_outside, 2);
	expect(part(r, 4242, DCBS_ROLE_MAIN), 10, NAN);
	expect(part(r, 4242, DCBS_ROLE_POOL), 8, NAN);
	assert_true(part(r, 4242, DCBS_ROLE_MAIN) < part(r, 4242, DCBS_ROLE_POOL));
	dcbs_report_free(r);
}

/* The other thread ran for 3 s, of which all or nothing may have been in the section: 13 s remain for both. */
static void test_two_roles_with_sections(void **state)
{
	struct snapshot *snap = one_process();
	struct dcbs_report *r;

	(void)state;
	snap->threads[1].marked = true;
	r = build(snap);
	assert_int_equal(r->nr_outside, 2);
	expect(part(r, 4242, DCBS_ROLE_MAIN), 11.5, 1.5);
	expect(part(r, 4242, DCBS_ROLE_SECTIONS), 5 + 1.5, 1.5);
	dcbs_report_free(r);
}

/* A spare thread of a pool is in no part, as it is not in the whole. */
static void test_idle(void **state)
{
	struct snapshot *snap = one_process();
	struct dcbs_report *r;

	(void)state;
	fixture_thread_off(fixture_thread(snap, 4244, "spare", 20 * SEC), CAUSE_LOCK, 20 * SEC);
	r = build(snap);
	assert_int_equal(r->nr_outside, 2);
	dcbs_report_free(r);
}

/* Two more processes: 5000 is a child of which nothing is known but its thread; another one is over, and had the section for 4 s. */
static struct snapshot *with_children(void)
{
	struct snapshot *snap = one_process();
	size_t i;

	snap->targets = realloc(snap->targets, 3 * sizeof(*snap->targets));
	snap->parts = calloc(2, sizeof(*snap->parts));
	assert_true(snap->targets && snap->parts);
	memset(&snap->targets[1], 0, 2 * sizeof(*snap->targets));
	fixture_target(snap, 5000, "helper", "helper");
	fixture_target(snap, 5001, "worker", "worker");
	fixture_call(snap->sections[0], 4 * SEC, 4 * SEC);
	for (i = 0; i < 2; i++) {
		snap->targets[1 + i].parent = 4242;
		snap->parts[i].target = i ? 2 : 0;
		snap->parts[i].sum = (struct process_part){.count = 1, .sum_ns = 4 * SEC, .total_ns = 4 * SEC, .self_ns = 4 * SEC};
	}
	snap->parts[0].sum = (struct process_part){.count = 1, .sum_ns = 10 * SEC, .total_ns = 10 * SEC, .self_ns = 10 * SEC};
	snap->nr_parts = 2;
	fixture_thread(snap, 5000, "helper", 7 * SEC)->pid = 5000;
	fixture_thread(snap, 0, "(ended)", 6 * SEC)->pid = 0;
	return snap;
}

static void test_processes(void **state)
{
	struct dcbs_report *r = build(with_children());

	(void)state;
	assert_int_equal(r->nr_outside, 4);
	expect(part(r, 4242, DCBS_ROLE_MAIN), 10, NAN);
	expect(part(r, 4242, DCBS_ROLE_POOL), 8, NAN);
	expect(part(r, 5000, DCBS_ROLE_HELPER), 7, NAN);
	expect(part(r, 0, DCBS_ROLE_ENDED), 2, NAN);
	dcbs_report_free(r);
}

/* The section's time is not that of its processes: only the helper's time is known, which has no section. */
static void test_processes_without_times(void **state)
{
	struct snapshot *snap = with_children();
	struct dcbs_report *r;

	(void)state;
	snap->sections[0]->stat.self_ns -= 3 * SEC;
	r = build(snap);
	expect(part(r, 5000, DCBS_ROLE_HELPER), 7, NAN);
	assert_true(isnan(part(r, 4242, DCBS_ROLE_MAIN)->total_s));
	assert_true(isnan(part(r, 4242, DCBS_ROLE_POOL)->total_s));
	assert_true(isnan(part(r, 0, DCBS_ROLE_ENDED)->total_s));
	dcbs_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_role_with_sections), cmocka_unit_test(test_two_roles_with_sections), cmocka_unit_test(test_idle),
		cmocka_unit_test(test_processes), cmocka_unit_test(test_processes_without_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
