// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* credit.c - when an event source has cost what it may cost at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collect/overhead/credit.h"

#define MS 1000000ULL
#define S (1000 * MS)
#define SHARE 0.01

/* A source of that cost, looked at whenever it is due. Returns what it has cost until it is over; 0: it is not, in that time. */
static double spend(struct credit *credit, double cost, __u64 for_ns)
{
	__u64 start = credit->looked_ns;
	double spent = credit->spent_ns;

	while (credit->next_ns < start + for_ns) {
		__u64 now = credit->next_ns;

		if (credit_look(credit, SHARE, spent + cost * (double)(now - start), now))
			return cost * (double)(now - start);
	}
	return 0;
}

/* Whatever it costs, it is over when it has cost the budget of a second, and the longest time to the first look. */
static void test_first_second(void **state)
{
	static const double costs[] = {0.02, 0.065, 0.3, 0.9};
	struct credit credit;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
		double spent;

		credit_begin(&credit, SHARE, 0, S);
		spent = spend(&credit, costs[i], 3 * S);
		assert_true(spent >= SHARE * 1e9 && spent < SHARE * 1e9 / (1 - SHARE / costs[i]) + 5e6 * costs[i] + 1);
		assert_true(credit.rate > 0.999 * costs[i] && credit.rate < 1.001 * costs[i]);
	}
}

static void test_within_the_share(void **state)
{
	struct credit credit;

	(void)state;
	credit_begin(&credit, SHARE, 0, S);
	assert_true(spend(&credit, 0.99 * SHARE, 1000 * S) == 0);
}

/* The account holds no more than the budget of a second, however long nothing was spent. */
static void test_after_a_rest(void **state)
{
	struct credit credit;

	(void)state;
	credit_begin(&credit, SHARE, 0, S);
	spend(&credit, 0, 1000 * S);
	assert_true(spend(&credit, 0.1, S) < 2 * SHARE * 1e9);
	assert_true(credit.saved_ns < 0);
}

/* A burst that costs less than the budget of a second passes, and so does the next one if there was time enough. */
static void test_bursts(void **state)
{
	struct credit credit;
	int i;

	(void)state;
	credit_begin(&credit, SHARE, 0, S);
	for (i = 0; i < 100; i++) {
		assert_true(spend(&credit, 0.09, 100 * MS) == 0);
		assert_true(spend(&credit, 0, S) == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_second), cmocka_unit_test(test_within_the_share), cmocka_unit_test(test_after_a_rest),
		cmocka_unit_test(test_bursts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
