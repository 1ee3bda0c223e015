// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* duty_cycle.c - over many periods an event source costs the share that it may cost, whatever its events cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collect/overhead/duty_cycle.h"

#define MS 1000000ULL
#define S (1000 * MS)
#define ALLOWED 0.003

/* An event source on a clock of its own. */
struct source {
	struct duty_cycle *duty;
	double cost;			/* of one CPU, while it is enabled */
	__u64 visit_ns;			/* cost of a look at threads */
	__u64 settled_ns, visits_ns;
	double spent_ns;		/* all of it */
	double weight;
	unsigned int enabled, disabled, extended;
	bool on;
};

static __u64 now;

static __u64 read_now(void)
{
	return now;
}

static void settle(void *ctx)
{
	struct source *source = ctx;
	double ns = source->on ? source->cost * (double)(now - source->settled_ns) : 0;

	source->settled_ns = now;
	source->duty->spent_ns += ns;
	source->spent_ns += ns;
}

static __u64 visits_ns(const void *ctx)
{
	return ((const struct source *)ctx)->visits_ns;
}

static void visit_threads(struct source *source)
{
	source->visits_ns += source->visit_ns;
	source->spent_ns += (double)source->visit_ns;
	now += source->visit_ns;
}

static void weigh(void *ctx, double weight)
{
	((struct source *)ctx)->weight = weight;
}

static void enable(void *ctx)
{
	struct source *source = ctx;

	source->enabled++;
	visit_threads(source);
	source->settled_ns = now;
	source->on = true;
}

static void extend(void *ctx)
{
	((struct source *)ctx)->extended++;
}

static void disable(void *ctx)
{
	struct source *source = ctx;

	source->disabled++;
	visit_threads(source);
	source->on = false;
}

static const struct duty_cycle_ops ops = {
	.on_ns = 50 * MS, .now_ns = read_now, .settle = settle, .visits_ns = visits_ns, .weigh = weigh,
	.enable = enable, .extend = extend, .disable = disable,
};

/* Runs for that long, and returns the share of one CPU that it cost. */
static double run_source(struct source *source, __u64 ns)
{
	struct duty_cycle duty;
	__u64 start = now = S, end = start + ns;

	source->duty = &duty;
	source->on = true;
	source->settled_ns = now;
	duty_cycle_init(&duty, &ops, source);
	duty_cycle_start(&duty);
	while (now < end) {
		now = duty.next_ns > now ? duty.next_ns : now;
		duty_cycle_poll(&duty, ALLOWED);
	}
	settle(source);
	return source->spent_ns / (double)(now - start);
}

/* A source that is known to cost too much begins with an off-period that makes up for the on-period before it. */
static void test_start_off(void **state)
{
	struct source source = {.cost = 0.2};
	struct duty_cycle duty;

	(void)state;
	now = S;
	source.duty = &duty;
	source.settled_ns = now;
	duty_cycle_init(&duty, &ops, &source);
	duty_cycle_start_off(&duty, 0.2, ALLOWED);
	assert_true(duty_cycle_is_started(&duty));
	assert_int_equal(source.disabled, 1);
	assert_in_range(duty.next_ns - S, (__u64)(0.7 * 3300) * MS, (__u64)(1.3 * 3300) * MS);
	duty_cycle_init(&duty, &ops, &source);
	duty_cycle_start_off(&duty, ALLOWED / 2, ALLOWED);
	assert_true(duty_cycle_is_started(&duty));
	assert_int_equal(source.disabled, 1);
	assert_int_equal(source.extended, 1);
}

static void test_not_started(void **state)
{
	struct source source = {.cost = 1};
	struct duty_cycle duty;

	(void)state;
	duty_cycle_init(&duty, &ops, &source);
	assert_false(duty_cycle_is_started(&duty));
	now += 100 * S;
	duty_cycle_poll(&duty, ALLOWED);
	assert_int_equal(source.enabled + source.disabled + source.extended, 0);
}

/* On-periods of 50 ms at 20 % of a CPU need off-periods of 3.3 s. */
static void test_share_is_kept(void **state)
{
	struct source source = {.cost = 0.2};
	double share = run_source(&source, 3600 * S);

	(void)state;
	assert_true(share > 0.9 * ALLOWED && share < 1.1 * ALLOWED);
	assert_in_range(source.enabled, 900, 1300);
}

/* Looks at threads count as well: an on-period is long enough to be worth them. */
static void test_visits_count(void **state)
{
	struct source source = {.cost = 0.02, .visit_ns = 20 * MS};
	double share = run_source(&source, 36000 * S);

	(void)state;
	assert_true(share > 0.85 * ALLOWED && share < 1.15 * ALLOWED);
}

/* A source that has become cheap stays enabled. */
static void test_cheap(void **state)
{
	struct source source = {.cost = ALLOWED / 2};

	(void)state;
	run_source(&source, 100 * S);
	assert_int_equal(source.disabled, 0);
	assert_in_range(source.extended, 100, 1000);
}

/* Events of an on-period stand for those of the off-period before it, too. */
static void test_weight(void **state)
{
	struct source source = {.cost = 0.2};

	(void)state;
	run_source(&source, 100 * S);
	assert_true(source.weight > 0.5 * 0.2 / ALLOWED && source.weight < 2 * 0.2 / ALLOWED);
}

/* However much it costs, it is enabled once a minute. */
static void test_longest_off_period(void **state)
{
	struct source source = {.cost = 100};

	(void)state;
	run_source(&source, 3600 * S);
	assert_in_range(source.enabled, 45, 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start_off), cmocka_unit_test(test_not_started), cmocka_unit_test(test_share_is_kept), cmocka_unit_test(test_visits_count),
		cmocka_unit_test(test_cheap), cmocka_unit_test(test_weight), cmocka_unit_test(test_longest_off_period),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
