// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* within_runs.c - a comparison of one session each, whose sections have slices of time. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compare/compare.h"
#include "compare/stats/random_numbers.h"

#define SLICES 60
#define CALLS 100	/* in a slice */
#define CPU_FIELD (offsetof(struct dcbs_wall, cpu_s) / sizeof(double))

struct sliced_session {
	struct dcbs_section section;
	struct dcbs_report report;
	struct dcbs_target target;
	int64_t count[SLICES];
	double total_s[SLICES], cpu_s[SLICES];
};

/* Calls of 10 ms, some percent more or less in each slice; half of the time is computing. */
static void fill_session(struct sliced_session *s, uint64_t seed, double factor)
{
	size_t i;

	memset(s, 0, sizeof(*s));
	s->section = (struct dcbs_section) {
		.name = (char *)"decode", .count = SLICES * CALLS, .error_s = NAN, .items = DCBS_UNKNOWN,
		.slices = {.nr = SLICES, .count = s->count, .total_s = s->total_s, .wall_s = {[CPU_FIELD] = s->cpu_s}},
	};
	for (i = 0; i < SLICES; i++) {
		s->count[i] = CALLS;
		s->total_s[i] = CALLS * 0.01 * factor * (1 + ((double)random_numbers_below(&seed, 201) - 100) / 1000);
		s->cpu_s[i] = s->total_s[i] / 2;
		s->section.total_s += s->total_s[i];
	}
	s->section.self_s = s->section.total_s;
	s->section.mean_s = s->section.total_s / (SLICES * CALLS);
	s->section.wall.cpu_s = s->section.total_s / 2;
	s->section.wall.lock_s = s->section.total_s / 2;
	s->target = (struct dcbs_target){.pid = (pid_t)seed, .comm = (char *)"x", .command = (char *)"x"};
	s->report = (struct dcbs_report) {
		.schema = DCBS_SCHEMA, .targets = &s->target, .nr_targets = 1, .duration_s = 100, .started_at = (double)seed,
		.sections = &s->section, .nr_sections = 1, .host = {.cpus = DCBS_UNKNOWN, .cpu_limit = NAN},
	};
}

static struct comparison_effect compare_two(struct sliced_session *old_session, struct sliced_session *new_session,
					    const char *metric)
{
	struct comparison_options options = {.confidence = 0.95, .min_effect = 0.05, .min_time = 0.01, .nr_metrics = 1};
	struct dcbs_report *reports[] = {&old_session->report, &new_session->report};
	const char *files[] = {"old.json", "new.json"};
	const struct comparison_side old_side = {files, reports, 1}, new_side = {files + 1, reports + 1, 1};
	struct comparison_effect e;
	struct comparison *c;

	assert_true(metric_parse(&options.metrics[0], metric, strlen(metric)));
	if (compare_sessions(&c, &options, &old_side, &new_side))
		fail_msg("%s", dcbs_profiler_error());
	assert_int_equal(c->nr_common, 2);
	e = c->subjects[0].effects[0];
	compare_free(c);
	return e;
}

static void test_interval_of_two_runs(void **state)
{
	static const char *const metrics[] = {"mean", "cpu"};
	struct sliced_session old_session, new_session;
	size_t i;

	(void)state;
	fill_session(&old_session, 1, 1);
	fill_session(&new_session, 2, 1.2);
	for (i = 0; i < 2; i++) {
		struct comparison_effect e = compare_two(&old_session, &new_session, metrics[i]);

		assert_int_equal(e.verdict, VERDICT_CANNOT_TELL);
		assert_int_equal(e.obstacle, OBSTACLE_ONE_EACH);
		assert_true(e.is_within_runs && isnan(e.p));
		assert_true(e.low < 0.2 && 0.2 < e.high && e.low > 0.1 && e.high < 0.3);
		assert_true(e.low < e.change && e.change < e.high);
	}
}

/* A cause that does not occur in the slices, a metric that slices do not have, and sessions without slices: no interval. */
static void test_no_interval(void **state)
{
	struct sliced_session old_session, new_session;

	(void)state;
	fill_session(&old_session, 1, 1);
	fill_session(&new_session, 2, 1.2);
	assert_false(compare_two(&old_session, &new_session, "wait:disk").is_within_runs);
	assert_false(compare_two(&old_session, &new_session, "self").is_within_runs);
	new_session.section.slices.nr = 0;
	assert_false(compare_two(&old_session, &new_session, "mean").is_within_runs);
	new_session.section.slices.nr = SLICES;
	new_session.total_s[7] = NAN;
	assert_true(compare_two(&old_session, &new_session, "mean").is_within_runs);
	memset(new_session.count, 0, sizeof(new_session.count));
	assert_false(compare_two(&old_session, &new_session, "mean").is_within_runs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_interval_of_two_runs), cmocka_unit_test(test_no_interval)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
