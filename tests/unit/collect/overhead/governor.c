// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* governor.c - what is turned down, when, and what is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collect/overhead/governor.h"

#define LOOK_NS 2e8

static const bool all[LEVERS] = {true, true, true, true, false};
static const bool none[LEVERS];

/* One look at costs that are shares of one CPU, in percent. */
static enum governor_step look(struct governor *g, const double *percent, const bool *can, enum lever *lever, double *allowed)
{
	double ns[LEVERS];
	int i;

	for (i = 0; i < LEVERS; i++)
		ns[i] = percent[i] / 100 * LOOK_NS;
	governor_take(g, ns, none, LOOK_NS);
	governor_check_markers(g);
	return governor_decide(g, can, lever, allowed);
}

/* The number of looks until something is turned down; 0: nothing in a hundred. */
static int looks_until_down(struct governor *g, const double *percent, const bool *can, enum lever *lever, double *allowed)
{
	int i;

	for (i = 1; i <= 100; i++)
		if (look(g, percent, can, lever, allowed) == GOVERNOR_DOWN)
			return i;
	return 0;
}

static void test_within_budget(void **state)
{
	const double percent[LEVERS] = {0.3, 0.2, 0.2, 0.2, 0.05};
	struct governor g;
	enum lever lever;
	double allowed;

	(void)state;
	governor_init(&g, 1);
	assert_int_equal(looks_until_down(&g, percent, all, &lever, &allowed), 0);
}

/* The lever that costs most goes first, and may cost what the others leave of the budget. */
static void test_most_expensive_first(void **state)
{
	const double percent[LEVERS] = {[LEVER_SAMPLES] = 0.2, [LEVER_FAULTS] = 3, [LEVER_WAITS] = 0.3};
	struct governor g;
	enum lever lever;
	double allowed;

	(void)state;
	governor_init(&g, 1);
	assert_int_equal(looks_until_down(&g, percent, all, &lever, &allowed), 4);
	assert_int_equal(lever, LEVER_FAULTS);
	assert_true(allowed > 0.00499 && allowed < 0.00501);
}

/* A burst is over before anything is turned down. */
static void test_burst(void **state)
{
	const double burst[LEVERS] = {[LEVER_FAULTS] = 50}, calm[LEVERS] = {[LEVER_FAULTS] = 0.5};
	struct governor g;
	enum lever lever;
	double allowed;
	int i;

	(void)state;
	governor_init(&g, 1);
	for (i = 0; i < 20; i++)
		assert_int_equal(look(&g, i % 4 == 3 ? calm : burst, all, &lever, &allowed), GOVERNOR_STAY);
}

/* A lever that cannot be turned down is passed over, and so is one that hardly costs anything. */
static void test_what_cannot_be(void **state)
{
	const double percent[LEVERS] = {[LEVER_SAMPLES] = 0.09, [LEVER_FAULTS] = 3, [LEVER_WAITS] = 0.3};
	bool can[LEVERS] = {[LEVER_SAMPLES] = true, [LEVER_CALLS] = true, [LEVER_GPU] = true, [LEVER_WAITS] = true};
	struct governor g;
	enum lever lever;
	double allowed;

	(void)state;
	governor_init(&g, 1);
	looks_until_down(&g, percent, can, &lever, &allowed);
	assert_int_equal(lever, LEVER_WAITS);
	can[LEVER_WAITS] = false;
	looks_until_down(&g, percent, can, &lever, &allowed);
	assert_int_equal(lever, LEVER_MARKERS);
}

static void test_a_lever_in_its_duty_cycle(void **state)
{
	const double ns[LEVERS] = {[LEVER_FAULTS] = LOOK_NS};
	const bool in_cycle[LEVERS] = {[LEVER_FAULTS] = true};
	struct governor g;

	(void)state;
	governor_init(&g, 1);
	governor_take(&g, ns, in_cycle, LOOK_NS);
	assert_true(g.share[LEVER_FAULTS] == 0);
}

/* Samples come back one step at a time, when there has been room for five seconds. */
static void test_up_again(void **state)
{
	const double percent[LEVERS] = {[LEVER_SAMPLES] = 0.1};
	enum governor_step step = GOVERNOR_STAY;
	struct governor g;
	enum lever lever;
	double allowed;
	int looks;

	(void)state;
	governor_init(&g, 1);
	for (looks = 0; step == GOVERNOR_STAY && looks < 100; looks++)
		step = look(&g, percent, all, &lever, &allowed);
	assert_int_equal(step, GOVERNOR_UP);
	assert_int_equal(looks, 25);
}

/* First sections are flushed less often; if that does not help, nothing more can be reduced. Their cost turns nothing else down. */
static void test_markers(void **state)
{
	const double ns[LEVERS] = {[LEVER_MARKERS] = 0.02 * LOOK_NS, [LEVER_SAMPLES] = 0.005 * LOOK_NS};
	const enum governor_markers expected[] = {GOVERNOR_MARKERS_FIT, GOVERNOR_MARKERS_FLUSH_LESS, GOVERNOR_MARKERS_FIT, GOVERNOR_MARKERS_OVER,
						  GOVERNOR_MARKERS_OVER};
	struct governor g;
	enum lever lever;
	double allowed;
	int i;

	(void)state;
	governor_init(&g, 1);
	for (i = 0; i < 5; i++) {
		governor_take(&g, ns, none, LOOK_NS);
		assert_int_equal(governor_check_markers(&g), expected[i]);
		assert_int_equal(governor_decide(&g, all, &lever, &allowed), GOVERNOR_STAY);
	}
	governor_markers_reduced(&g);
	governor_take(&g, ns, none, LOOK_NS);
	assert_int_equal(governor_check_markers(&g), GOVERNOR_MARKERS_FIT);
}

static void test_no_limit(void **state)
{
	const double percent[LEVERS] = {500, 500, 500, 500, 500};
	struct governor g;
	enum lever lever;
	double allowed;

	(void)state;
	governor_init(&g, 100);
	assert_int_equal(looks_until_down(&g, percent, all, &lever, &allowed), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_within_budget), cmocka_unit_test(test_most_expensive_first), cmocka_unit_test(test_burst),
		cmocka_unit_test(test_what_cannot_be), cmocka_unit_test(test_a_lever_in_its_duty_cycle), cmocka_unit_test(test_up_again),
		cmocka_unit_test(test_markers), cmocka_unit_test(test_no_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
