// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text_processes.c - several processes in one report: the time of each, the slowest and the fastest, the JSON and the text. */
#include <time.h>

#include "document.h"
#include "render/text/display.h"

static void add_part(struct snapshot *snap, __u32 target, __u16 section, __u64 count, __u64 mean_ns)
{
	snap->parts[snap->nr_parts++] = (struct snapshot_part) {
		.target = target, .section_id = section,
		.sum = {.count = count, .sum_ns = count * mean_ns, .total_ns = count * mean_ns, .self_ns = count * mean_ns / 2},
	};
}

/*
 * A parent and `n` children. Only the parent ran the first section, and only the children the second one, whose calls are
 * longer the later a child was forked.
 */
static struct snapshot *parent_and_children(unsigned int n)
{
	struct snapshot *snap = fixture_empty();
	char comm[16];
	unsigned int i, k;

	free(snap->targets);
	snap->targets = calloc(n + 1, sizeof(*snap->targets));
	snap->parts = calloc(n + 2, sizeof(*snap->parts));
	assert_non_null(snap->targets);
	assert_non_null(snap->parts);
	fixture_target(snap, 4242, "python3", "python3 evaluate.py --workers");
	fixture_call(fixture_section(snap, "evaluate", DCBS_NAME_SECTION), 60 * SEC, 60 * SEC);
	fixture_section(snap, "read", DCBS_NAME_SECTION);
	add_part(snap, 0, 0, 1, 60 * SEC);
	for (i = 1; i <= n; i++) {
		snprintf(comm, sizeof(comm), "pt_data_%u", i);
		fixture_target(snap, 4242 + (pid_t)i, comm, "python3 evaluate.py --workers");
		snap->targets[i].parent = 4242;
		snap->targets[i].started_at = snap->started_at + i;
		snap->targets[i].ended_at = i % 2 ? snap->started_at + i + 10.5 : 0;
		snap->targets[i].exit_known = i % 2;
		snap->targets[i].exit_code = i == 1 ? 9 : 0;
		for (k = 0; k < 10; k++)
			fixture_call(snap->sections[1], i * MS, i * MS);
		add_part(snap, i, 1, 10, i * MS);
	}
	return snap;
}

static void test_skew(void **state)
{
	struct dcbs_report *r = document_report(parent_and_children(4));
	const struct dcbs_skew *skew = &dcbs_report_section(r, "read")->skew;

	(void)state;
	assert_int_equal(skew->processes, 4);
	assert_int_equal(skew->slowest.pid, 4246);
	assert_int_equal(skew->fastest.pid, 4243);
	assert_int_equal(skew->slowest.count, 10);
	assert_true(skew->ratio > 3.999 && skew->ratio < 4.001);
	assert_int_equal(dcbs_report_section(r, "evaluate")->skew.processes, 1);
	assert_int_equal(r->targets[0].sections, 1);
	assert_int_equal(r->targets[4].sections, 10);
	assert_true(r->targets[4].sections_s > 0.0199 && r->targets[4].sections_s < 0.0201);
	assert_true(isnan(r->targets[2].ended_at));
	assert_false(isnan(r->targets[1].ended_at));
	dcbs_report_free(r);
}

/* The codes are those of wait(): status times 256, or the signal, plus 128 if it left a core dump. */
static void test_ends(void **state)
{
	static const struct { int code; int64_t status, signal; } ends[] = {
		{0, 0, DCBS_UNKNOWN}, {3 << 8, 3, DCBS_UNKNOWN}, {255 << 8, 255, DCBS_UNKNOWN}, {9, DCBS_UNKNOWN, 9},
		{11 | 128, DCBS_UNKNOWN, 11}, {64, DCBS_UNKNOWN, 64},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct snapshot *snap = fixture_evaluation();
		struct dcbs_report *r;

		snap->targets[0].exit_known = true;
		snap->targets[0].exit_code = ends[i].code;
		r = document_report(snap);
		assert_int_equal(r->targets[0].exit_status, ends[i].status);
		assert_int_equal(r->targets[0].signal, ends[i].signal);
		dcbs_report_free(r);
	}
}

static void check_end_words(int code, const char *words)
{
	struct snapshot *snap = fixture_evaluation();
	struct dcbs_report *r;
	char *text;

	snap->targets[0].exit_known = true;
	snap->targets[0].exit_code = code;
	r = document_report(snap);
	text = dcbs_report_text(r, 80);
	assert_non_null(strstr(text, words));
	free(text);
	dcbs_report_free(r);
}

static void test_end_words(void **state)
{
	(void)state;
	check_end_words(3 << 8, "\nended    exit status 3\n");
	check_end_words(11 | 128, "\nended    killed by signal 11 (SIGSEGV)\n");
	check_end_words(64, "\nended    killed by signal 64\n");
}

/* A process that is alone has the times of all sections. */
static void test_alone(void **state)
{
	struct dcbs_report *r = document_report(fixture_evaluation());

	(void)state;
	assert_int_equal(r->nr_targets, 1);
	assert_int_equal(r->targets[0].sections, 3 * 412 + 412 + 2);
	assert_int_equal(dcbs_report_section(r, "forward_pass")->skew.processes, 0);
	dcbs_report_free(r);
}

static void test_golden_document(void **state)
{
	char *text = document_text(parent_and_children(3));

	(void)state;
	golden_check("processes.json", text);
	free(text);
}

static void test_round_trip(void **state)
{
	struct snapshot *snap = parent_and_children(40);

	(void)state;
	snap->more_targets = 17;
	snap->counters.lost_processes = 3;
	document_round_trip(document_report(snap));
}

static void test_damage(void **state)
{
	(void)state;
	document_damage_at_random(parent_and_children(3));
	assert_true(document_damage_all(parent_and_children(3)) > 100);
}

static void test_wrong_documents(void **state)
{
	static const char *const wrong[][2] = {
		{"\"parent\":4242", "\"parent\":-1"}, {"\"parent\":4242", "\"parent\":\"x\""}, {"\"ended_at\":null", "\"ended_at\":[]"},
		{"\"sections\":10", "\"sections\":-10"}, {"\"skew\":3.0", "\"skew\":\"3\""}, {"\"slowest\":{\"pid\":4245", "\"slowest\":{\"pid\":-5"},
	};
	char *text = document_text(parent_and_children(3)), *at, *changed;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		at = strstr(text, wrong[i][0]);
		if (!at)
			fail_msg("not there: %s", wrong[i][0]);
		assert_true(asprintf(&changed, "%.*s%s%s", (int)(at - text), text, wrong[i][1], at + strlen(wrong[i][0])) > 0);
		document_refuse(changed, "");
		free(changed);
	}
	free(text);
}

static void check_lines(const char *text, int width)
{
	char *copy = strdup(text), *line, *rest = copy;
	locale_t before = utf8_locale_begin();

	while ((line = strsep(&rest, "\n")))
		if (display_width(line) > width)
			fail_msg("%d columns instead of %d: %s", display_width(line), width, line);
	utf8_locale_end(before);
	free(copy);
}

static void test_text(void **state)
{
	struct snapshot *snap = parent_and_children(40);
	struct dcbs_report *r;
	char *text;
	int width;

	(void)state;
	snap->more_targets = 1234;
	snap->counters.lost_processes = 3;
	r = document_report(snap);
	golden_version(r);
	for (width = 40; width < 120; width++) {
		text = dcbs_report_text(r, width);
		check_lines(text, width);
		free(text);
	}
	text = dcbs_report_text(r, 80);
	golden_check("processes.txt", text);
	free(text);
	dcbs_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_skew), cmocka_unit_test(test_ends), cmocka_unit_test(test_end_words), cmocka_unit_test(test_alone), cmocka_unit_test(test_golden_document),
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_wrong_documents), cmocka_unit_test(test_text), cmocka_unit_test(test_damage),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, document_open, document_close);
}
