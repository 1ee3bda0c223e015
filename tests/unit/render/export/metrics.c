// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* metrics.c - figures for scrapers: counters that never fall, gauges that may, and values that are unknown. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "render/render.h"

static struct dcbs_section section_named(char *name, double total_s)
{
	struct dcbs_section s = {.name = name, .kind = 1, .count = 1, .total_s = total_s, .self_s = total_s, .mean_s = total_s, .error_s = NAN,
				 .cpu_error_s = NAN, .items = DCBS_UNKNOWN};

	s.self_wall.cpu_s = total_s;
	s.self_memory.grown_bytes = s.self_memory.shrunk_bytes = DCBS_UNKNOWN;
	s.self_memory.grown_error_bytes = s.self_memory.shrunk_error_bytes = DCBS_UNKNOWN;
	return s;
}

/* Returns the value in the line of the metric; NAN: there is none. */
static double value_of(const char *text, const char *metric)
{
	const char *line = strstr(text, metric);

	return line ? strtod(line + strlen(metric), NULL) : NAN;
}

static char *written(struct metrics_memory *memory, struct dcbs_section *sections, size_t nr, int64_t rss)
{
	struct dcbs_report r = {.version = (char *)"1", .sections = sections, .nr_sections = nr, .rss_end_bytes = rss, .kernel_cpu_s = NAN};
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	assert_int_equal(metrics_memory_write(memory, f, &r, false), 0);
	fclose(f);
	return text;
}

#define OPEN(name) "dcbs_section_open_seconds_total{section=\"" name "\"} "
#define CPU(name) "dcbs_section_self_seconds_total{section=\"" name "\",cause=\"cpu\"} "
#define RSS "\ndcbs_rss_bytes "

/* The order of the sections changes with their times. */
static void test_counters_never_fall(void **state)
{
	struct dcbs_section first[] = {section_named((char *)"a", 3), section_named((char *)"b", 2)};
	struct dcbs_section second[] = {section_named((char *)"b", 4), section_named((char *)"a", 2.5)};
	struct metrics_memory *memory = metrics_memory_new();
	char *text;

	(void)state;
	free(written(memory, first, 2, 1000));
	text = written(memory, second, 2, 500);
	assert_true(value_of(text, OPEN("a")) == 3);
	assert_true(value_of(text, CPU("a")) == 3);
	assert_true(value_of(text, OPEN("b")) == 4);
	assert_true(value_of(text, CPU("b")) == 4);
	assert_true(value_of(text, RSS) == 500);
	free(text);
	metrics_memory_free(memory);
}

/* A section that was away for a while is not new. */
static void test_absent_section(void **state)
{
	struct dcbs_section a = section_named((char *)"a", 3), less = section_named((char *)"a", 1);
	struct metrics_memory *memory = metrics_memory_new();
	char *text;

	(void)state;
	free(written(memory, &a, 1, 0));
	text = written(memory, NULL, 0, 0);
	assert_null(strstr(text, "section="));
	free(text);
	text = written(memory, &less, 1, 0);
	assert_true(value_of(text, OPEN("a")) == 3);
	free(text);
	metrics_memory_free(memory);
}

/* A family without values has no lines. */
static void test_unknown(void **state)
{
	struct dcbs_section s = section_named((char *)"a", 1);
	struct metrics_memory *memory = metrics_memory_new();
	char *text;

	(void)state;
	s.self_wall.cpu_s = s.total_s = NAN;
	text = written(memory, &s, 1, DCBS_UNKNOWN);
	assert_null(strstr(text, "dcbs_rss_bytes"));
	assert_null(strstr(text, "dcbs_cpu_seconds_total"));
	assert_null(strstr(text, "dcbs_section_open_seconds_total"));
	assert_null(strstr(text, "grown"));
	assert_true(value_of(text, "dcbs_section_self_seconds_total{section=\"a\",cause=\"unknown\"} ") == 1);
	free(text);
	metrics_memory_free(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counters_never_fall), cmocka_unit_test(test_absent_section), cmocka_unit_test(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
