// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* limit.c - the text of --fail-if. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/array.h"
#include "compare/limit.h"

static void test_limits(void **state)
{
	static const struct { const char *text, *subject; enum metric_kind kind; bool is_above,
		is_share; double amount; } table[] = {
		{"forward_pass:p99>+10%", "forward_pass", METRIC_P99, true, true, 0.1},
		{"rss>+50MiB", "", METRIC_RSS, true, false, 50 * 1048576.0},
		{"*:mean>+5%", "*", METRIC_MEAN, true, true, 0.05},
		{"mean>+5%", "", METRIC_MEAN, true, true, 0.05},
		{"decode:items_per_s<-5%", "decode", METRIC_ITEMS_PER_S, false, true, -0.05},
		{"a:b:p50>+2ms", "a:b", METRIC_P50, true, false, 0.002},
		{"x:wait:gil>+1us", "x", METRIC_WAIT, true, false, 1e-6},
		{"wait:disk>+1%", "", METRIC_WAIT, true, true, 0.01},
		{"a>b:max>+1s", "a>b", METRIC_MAX, true, false, 1},
		{"clusters:hit_rate<-0.1", "clusters", METRIC_HIT_RATE, false, false, -0.1},
		{"x:calls>+3", "x", METRIC_CALLS, true, false, 3},
	};
	struct limit limit;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(table); i++) {
		if (limit_parse(&limit, table[i].text))
			fail_msg("%s: %s", table[i].text, dcbs_profiler_error());
		assert_string_equal(limit.subject, table[i].subject);
		assert_int_equal(limit.metric.kind, table[i].kind);
		assert_int_equal(limit.is_above, table[i].is_above);
		assert_int_equal(limit.is_share, table[i].is_share);
		assert_true(fabs(limit.amount - table[i].amount) < 1e-12 * fabs(table[i].amount));
	}
}

static void test_no_limits(void **state)
{
	static const char *const texts[] = {
		"", ">", "<", "p99", "p99>", "p99>10%", "p99>+", "p99>+x", "p99>+10", "p99>+10MiB", "rss>+10ms", "p98>+10%",
			"x:>+10%", ":p99>+10%",
		"p99>+10%%", "p99>+nan%", "p99>+inf%", "wait:nothing>+1%", "wait>+1%", "x>+10%", "p99>+1e999%", ">+10%",
	};
	struct limit limit;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (!limit_parse(&limit, texts[i]))
			fail_msg("%s is taken for a limit", texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_limits), cmocka_unit_test(test_no_limits)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
