// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text.c - the report for people: its layout, that every line fits, and that hostile names are harmless. */
#include <errno.h>
#include <locale.h>
#include <time.h>

#include "analyse/report.h"
#include "golden.h"
#include "render/text/display.h"
#include "render/render.h"
#include "sampled_stacks.h"

static char *render_snapshot(const struct snapshot *snap, int width)
{
	struct dcbs_report *r = NULL;
	char *text;

	assert_int_equal(report_build(&r, snap, 1), 0);
	golden_version(r);
	text = dcbs_report_text(r, width);
	assert_non_null(text);
	dcbs_report_free(r);
	return text;
}

/* Checks that every line fits and that there are no control characters but newlines. */
static void check_lines(const char *text, int width)
{
	char *copy = strdup(text), *line, *rest = copy;
	locale_t before = utf8_locale_begin();
	const char *c;

	while ((line = strsep(&rest, "\n"))) {
		if (display_width(line) > width)
			fail_msg("%d columns instead of %d: %s", display_width(line), width, line);
		for (c = line; *c; c++)
			assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
	}
	utf8_locale_end(before);
	free(copy);
}

static void check_golden(struct snapshot *snap, int width, const char *name)
{
	char *text = render_snapshot(snap, width);

	check_lines(text, width);
	golden_check(name, text);
	free(text);
	snapshot_free(snap);
}

static void test_evaluation(void **state)
{
	(void)state;
	check_golden(fixture_evaluation(), 80, "evaluation.txt");
	check_golden(fixture_evaluation(), 60, "evaluation-60.txt");
	check_golden(fixture_evaluation(), 120, "evaluation-120.txt");
}

static void test_ledgers(void **state)
{
	(void)state;
	check_golden(fixture_measured(), 80, "measured.txt");
	check_golden(fixture_measured(), 60, "measured-60.txt");
	check_golden(fixture_measured(), 120, "measured-120.txt");
	check_golden(fixture_unmarked(), 80, "unmarked.txt");
}

static void test_functions(void **state)
{
	(void)state;
	check_golden(stacks_evaluation(), 80, "functions.txt");
	check_golden(stacks_evaluation(), 60, "functions-60.txt");
}

static void test_no_data(void **state)
{
	struct snapshot *snap = fixture_empty();

	(void)state;
	fixture_target(snap, 4242, "python3", "python3 other.py");
	fixture_note(snap, "process 4242 (python3) has not loaded the markers: there are no sections to time. They are "
		     "picked up as soon as it does.");
	snap->ended_by = DCBS_ENDED_TARGET_EXIT;
	check_golden(snap, 80, "no-data.txt");
}

static void test_everything_lost(void **state)
{
	struct snapshot *snap = fixture_evaluation();

	(void)state;
	fixture_target(snap, 4243, "worker", "");
	snap->counters.lost_too_deep = 12;
	snap->counters.lost_overwritten = 3456;
	snap->counters.lost_section_ids = 7;
	snap->counters.exits_unread = 2;
	snap->counters.calls = 1;
	check_golden(snap, 80, "lost.txt");
}

static void test_long_and_wide_names(void **state)
{
	struct snapshot *snap = fixture_empty();
	static const char *const names[] = {
		"evaluation/category_based_sampling/cluster_token_embeddings/k_means",
		"\350\251\225\344\276\241\343\201\256\345\205\250\344\275\223\343\201\250\345\210\206\351\241\236\343\201\256\346\231\202\351\226\223",
		"cafe\314\201 combining marks e\314\201e\314\201e\314\201e\314\201e\314\201e\314\201e\314\201",
		"\033[2J\033]0;owned\a", "\303\050 broken \377\376",
		"\360\237\246\231\360\237\246\231 llama",
	};
	size_t i;

	(void)state;
	fixture_target(snap, 1, "x", "\033[31m");
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		fixture_call(fixture_section(snap, names[i], DCBS_NAME_SECTION), (i + 1) * SEC, SEC);
	fixture_count(&fixture_section(snap, names[0], DCBS_NAME_CACHE)->stat, 90 * SEC);
	check_golden(snap, 80, "names.txt");
}

static void check_every_width(struct snapshot *snap)
{
	char *text;
	int width;

	for (width = 40; width < 200; width++) {
		text = render_snapshot(snap, width);
		check_lines(text, width);
		free(text);
	}
	snapshot_free(snap);
}

static void test_every_width(void **state)
{
	(void)state;
	check_every_width(fixture_evaluation());
	check_every_width(fixture_measured());
	check_every_width(fixture_unmarked());
	check_every_width(stacks_evaluation());
}

static void test_absurd_values(void **state)
{
	struct snapshot *snap = stacks_evaluation();
	struct dcbs_report *r = NULL;
	char *text;

	(void)state;
	assert_int_equal(report_build(&r, snap, 1), 0);
	r->duration_s = r->started_at = 1e300;
	r->sections[0].total_s = 1e18;
	r->sections[1].count = INT64_MAX;
	r->sections[2].p50_s = -1;
	r->bottlenecks[0].cause = 99;
	r->bottlenecks[0].share = 1e200;
	r->overhead.ns_per_section = INFINITY;
	r->functions[0].self_s = -1e300;
	r->functions[1].cumulative_s = 1e300;
	r->functions[2].self_samples = INT64_MAX;
	r->functions[3].line = INT64_MAX;
	text = dcbs_report_text(r, 80);
	assert_non_null(text);
	check_lines(text, 80);
	free(text);
	dcbs_report_free(r);
	snapshot_free(snap);
}

/* Renames the first native function of a report and checks how the report writes it in a wide terminal. */
static void check_native_name(const char *name, const char *want)
{
	struct snapshot *snap = stacks_evaluation();
	struct dcbs_report *r = NULL;
	char line[128], *text;
	size_t i;

	assert_int_equal(report_build(&r, snap, 1), 0);
	for (i = 0; strcmp(r->functions[i].function, "sgemm_kernel") || strcmp(r->functions[i].section, "forward_pass"); i++)
		;
	free(r->functions[i].function);
	r->functions[i].function = strdup(name);
	text = dcbs_report_text(r, 160);
	snprintf(line, sizeof(line), " %s ", want);
	if (!strstr(text, line))
		fail_msg("%s is not written as%s", name, line);
	free(text);
	dcbs_report_free(r);
	snapshot_free(snap);
}

static void test_native_names(void **state)
{
	(void)state;
	check_native_name("sgemm_", "sgemm_");
	check_native_name("at::_ops::sort::call(at::Tensor const&, long, bool)", "at::_ops::sort::call");
	check_native_name("Pool::run(std::function<void (int)>) const", "Pool::run");
	check_native_name("(anonymous namespace)::f(int (*)(int))", "(anonymous namespace)::f");
	check_native_name("Less::operator()(int, int)", "Less::operator()");
	check_native_name("(unknown)", "(unknown)");
	check_native_name(")", ")");
	check_native_name("f)) const", "f)) const");
}

/* Text from a report whose strings were not sanitised. */
static void test_raw_bytes_in_a_report(void **state)
{
	struct snapshot *snap = stacks_evaluation();
	struct dcbs_report *r = NULL;
	char *text;

	(void)state;
	assert_int_equal(report_build(&r, snap, 1), 0);
	strcpy(r->sections[0].name, "\033[2J\233");
	strcpy(r->bottlenecks[0].section, "\033[2J");
	strcpy(r->targets[0].command, "a\tb\033c\n");
	strcpy(r->version, "\033");
	strcpy(r->functions[0].function, "\033[2J");
	strcpy(r->functions[0].file, "a\n\233");
	text = dcbs_report_text(r, 80);
	check_lines(text, 80);
	assert_null(strchr(text, '\033'));
	free(text);
	dcbs_report_free(r);
	snapshot_free(snap);
}

static void check_shortened(const char *s, int columns, const char *want)
{
	locale_t before = utf8_locale_begin();
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	display_short(f, s, columns);
	fclose(f);
	assert_string_equal(text, want);
	assert_true(display_width(text) <= columns);
	utf8_locale_end(before);
	free(text);
}

static void test_shortening(void **state)
{
	(void)state;
	check_shortened("abcdef", 6, "abcdef");
	check_shortened("abcdefg", 6, "abc\342\200\246fg");
	check_shortened("abcdefg", 1, "\342\200\246");
	check_shortened("abcdefg", 0, "");
	check_shortened("\346\227\245\346\234\254\350\252\236", 6, "\346\227\245\346\234\254\350\252\236");
	check_shortened("\346\227\245\346\234\254\350\252\236", 5, "\346\227\245\342\200\246\350\252\236");
	check_shortened("abe\314\201e\314\201", 4, "abe\314\201e\314\201");
	check_shortened("abcde\314\201", 3, "a\342\200\246e\314\201");
}

static void test_formats(void **state)
{
	(void)state;
	assert_ptr_equal(render_by_name("text")->write, text_write);
	assert_ptr_equal(render_by_suffix("/a/b.json")->write, json_write);
	assert_null(render_by_name("tex"));
	assert_null(render_by_suffix("json"));
	assert_null(render_by_suffix(".json"));
	assert_null(render_by_suffix("a.htm"));
	assert_ptr_equal(render_by_suffix("a.html")->write, html_write);
	assert_ptr_equal(render_by_suffix("a.speedscope.json")->write, speedscope_write);
	assert_ptr_equal(render_by_suffix("speedscope.json")->write, json_write);
	assert_ptr_equal(render_by_suffix("a.json.svg")->write, svg_write);
	assert_ptr_equal(render_by_suffix("a.folded")->write, folded_write);
}

static void test_full_disk(void **state)
{
	struct snapshot *snap = stacks_evaluation();
	const struct render_options options = {0};
	const struct render_format *f;
	struct dcbs_report *r = NULL;
	FILE *full;

	(void)state;
	assert_int_equal(report_build(&r, snap, 1), 0);
	for (f = render_formats; f->name; f++) {
		full = fopen("/dev/full", "w");
		assert_non_null(full);
		assert_int_equal(render_write(f, full, r, &options), -ENOSPC);
		fclose(full);
	}
	dcbs_report_free(r);
	snapshot_free(snap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_evaluation), cmocka_unit_test(test_ledgers), cmocka_unit_test(test_functions),
		cmocka_unit_test(test_native_names), cmocka_unit_test(test_no_data),
		cmocka_unit_test(test_everything_lost), cmocka_unit_test(test_long_and_wide_names),
		cmocka_unit_test(test_every_width), cmocka_unit_test(test_absurd_values),
		cmocka_unit_test(test_raw_bytes_in_a_report), cmocka_unit_test(test_shortening),
		cmocka_unit_test(test_formats), cmocka_unit_test(test_full_disk),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
