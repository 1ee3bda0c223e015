// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* functions.c - the functions and stacks of a section: recursion, names, order and limits. */
#include "analyse/stacks/functions.h"
#include "analyse/stacks/stacks.h"
#include "sampled_report.h"

/* ---- functions ---- */

static void test_recursion_counts_once(void **state)
{
	struct snapshot *snap = sampled_report_section(9 * SEC);
	__u32 f = stacks_frame(snap, "f", "a.py", 4, true), f2 = stacks_frame(snap, "f", "a.py", 2, true);
	__u32 g = stacks_frame(snap, "g", "a.py", 9, true);
	struct dcbs_report *r;

	(void)state;
	stacks_ran(STACK(snap, 0, f, g, f2, g, f, f), 2);
	stacks_ran(STACK(snap, 0, g, f2), 1);
	r = sampled_report(snap);
	assert_int_equal(r->nr_functions, 2);
	near(sampled_report_function(r, "work", "f")->cumulative_s, 9);
	near(sampled_report_function(r, "work", "f")->self_s, 9);
	assert_int_equal(sampled_report_function(r, "work", "f")->cumulative_samples, 3);
	assert_int_equal(sampled_report_function(r, "work", "f")->line, 4);
	assert_int_equal(sampled_report_function(r, "work", "f")->nr_lines, 2);
	assert_int_equal(sampled_report_function(r, "work", "f")->lines[0].line, 2);	/* on each stack; line 4 on two of three */
	assert_int_equal(sampled_report_function(r, "work", "f")->lines[0].samples, 3);
	assert_int_equal(sampled_report_function(r, "work", "f")->lines[1].line, 4);
	assert_int_equal(sampled_report_function(r, "work", "f")->lines[1].samples, 2);
	near(sampled_report_function(r, "work", "g")->cumulative_s, 9);
	near(sampled_report_function(r, "work", "g")->self_s, 0);
	assert_int_equal(r->stacks[0].nr_frames, 6);
	assert_int_equal(r->frames[r->stacks[0].frames[0]].line, 4);	/* outermost first */
	assert_string_equal(r->frames[r->stacks[0].frames[1]].function, "g");
	dcbs_report_free(r);
}

static void test_same_name_in_two_files(void **state)
{
	struct snapshot *snap = sampled_report_section(3 * SEC);
	struct dcbs_report *r;

	(void)state;
	stacks_ran(STACK(snap, 0, stacks_frame(snap, "f", "a.py", 0, true), stacks_frame(snap, "f", "b.py", 7, true)), 1);
	stacks_ran(STACK(snap, 0, stacks_frame(snap, "f", NULL, 0, false)), 2);
	r = sampled_report(snap);
	assert_int_equal(r->nr_functions, 3);
	assert_null(r->functions[0].file);
	near(r->functions[0].self_s, 2);
	assert_string_equal(r->functions[1].file, "a.py");
	assert_int_equal(r->functions[1].line, DCBS_UNKNOWN);
	assert_string_equal(r->functions[2].file, "b.py");
	dcbs_report_free(r);
}

static void test_unknown_frames(void **state)
{
	struct snapshot *snap = sampled_report_section(4 * SEC);
	__u32 nameless = stacks_frame(snap, NULL, NULL, 0, false), empty = stacks_frame(snap, "", "", 0, false);
	__u32 library = stacks_frame(snap, NULL, "libx.so", 0, false);
	struct dcbs_report *r;

	(void)state;
	stacks_ran(STACK(snap, 0, nameless), 1);
	stacks_ran(STACK(snap, 0, empty), 1);
	stacks_ran(STACK(snap, 0, library, 4711), 1);	/* no such frame */
	STACK(snap, 0, library)->nr_frames = 0;		/* a stack without frames */
	stacks_ran(&snap->stacks[3], 1);
	r = sampled_report(snap);
	assert_int_equal(r->nr_functions, 2);
	assert_string_equal(r->functions[0].function, "(unknown)");
	assert_null(r->functions[0].file);
	near(r->functions[0].self_s, 4);
	near(sampled_report_function(r, "work", "(unknown)")->cumulative_s, 4);
	assert_string_equal(r->functions[1].function, "(unknown)");
	assert_string_equal(r->functions[1].file, "libx.so");
	near(r->functions[1].cumulative_s, 1);
	assert_string_equal(r->frames[r->stacks[3].frames[0]].function, "(unknown)");
	dcbs_report_free(r);
}

/* A function on every stack has the same time as its callers: the callers come first. */
static void test_callers_come_first(void **state)
{
	static const char *const want[] = {"zebra", "middle", "apple", "leaf", "twig"};
	struct snapshot *snap = sampled_report_section(3333 * MS);
	__u32 a = stacks_frame(snap, "zebra", "z.py", 1, true), b = stacks_frame(snap, "middle", "z.py", 2, true);
	__u32 c = stacks_frame(snap, "apple", "z.py", 3, true), leaf = stacks_frame(snap, "leaf", "z.py", 4, true);
	struct dcbs_report *r;
	size_t i;

	(void)state;
	stacks_ran(STACK(snap, 0, a, b, c, leaf), 101);
	stacks_ran(STACK(snap, 0, a, b, c, stacks_frame(snap, "twig", "z.py", 5, true)), 3);
	stacks_ran(STACK(snap, 0, a, b, c), 7);
	r = sampled_report(snap);
	assert_int_equal(r->nr_functions, 5);
	for (i = 0; i < 5; i++)
		assert_string_equal(r->functions[i].function, want[i]);
	dcbs_report_free(r);
}

static void test_hostile_names(void **state)
{
	struct snapshot *snap = sampled_report_section(SEC);
	char raw[5000];
	struct dcbs_report *r;

	(void)state;
	memset(raw, 0x1b, sizeof(raw) - 1);
	raw[sizeof(raw) - 1] = 0;
	stacks_ran(STACK(snap, 0, stacks_frame(snap, raw, "\377/\n.py", 0xffffffff, true)), 1);
	r = sampled_report(snap);
	assert_int_equal(strlen(r->functions[0].function), 4096);
	assert_string_equal(r->functions[0].file, "\\xFF/\\x0A.py");
	assert_int_equal(r->functions[0].line, 0xffffffff);
	dcbs_report_free(r);
}

/* ---- many ---- */

/* A snapshot of `nr` stacks, each with another innermost function, called by the same outer one. */
static struct snapshot *many_stacks(__u32 nr)
{
	struct snapshot *snap = sampled_report_section(60 * SEC);
	struct snapshot_stack *s;
	char name[32];
	__u32 i;

	free(snap->frames);
	free(snap->stacks);
	snap->frames = calloc(nr + 1, sizeof(*snap->frames));
	snap->stacks = calloc(nr, sizeof(*snap->stacks));
	assert_true(snap->frames && snap->stacks);
	for (i = 0; i <= nr; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		snap->frames[snap->nr_frames++].function = strdup(i < nr ? name : "common");
	}
	for (i = 0; i < nr; i++) {
		s = &snap->stacks[snap->nr_stacks++];
		s->nr_sections = 1;
		s->nr_frames = 2;
		s->frames = calloc(2, sizeof(*s->frames));
		s->frames[0] = i;
		s->frames[1] = nr;
		s->cpu_samples = i % 7 ? 1 : 2;
		s->off_ns[CAUSE_SLEEP] = i == 5;
	}
	fixture_off(snap->sections[0], CAUSE_SLEEP, SEC, SEC);
	return snap;
}

static void test_many_functions(void **state)
{
	struct dcbs_report *r = sampled_report(many_stacks(300));
	const struct dcbs_function *rest = sampled_report_function(r, "work", "(101 more)");

	(void)state;
	assert_int_equal(r->nr_functions, FUNCTIONS_MOST + 1);
	assert_ptr_equal(rest, &r->functions[FUNCTIONS_MOST]);
	assert_string_equal(r->functions[0].function, "common");
	near(r->functions[0].cumulative_s, 60);
	assert_true(isnan(rest->cumulative_s) && rest->cumulative_samples == DCBS_UNKNOWN && !rest->file);
	assert_int_equal(rest->self_samples, 101);
	near(sampled_report_self_s(r, "work"), 60);
	dcbs_report_free(r);
}

/* Most stacks have one tick: some of those with equal time are kept, too. */
static void test_many_stacks(void **state)
{
	const __u32 nr = STACKS_MOST + 5000;
	struct dcbs_report *r = sampled_report(many_stacks(nr));
	size_t i, more = 0;
	int64_t samples = 0;

	(void)state;
	assert_int_equal(r->nr_stacks, STACKS_MOST + 1);
	near(sampled_report_stack_s(r, "work"), 60);
	for (i = 0; i < r->nr_stacks; i++) {
		samples += r->stacks[i].samples;
		more += !strcmp(r->frames[r->stacks[i].frames[0]].function, "(more stacks)");
	}
	assert_int_equal(more, 1);
	assert_int_equal(samples, nr + (nr + 6) / 7);
	dcbs_report_free(r);
}

static void test_no_samples(void **state)
{
	struct snapshot *snap = sampled_report_section(SEC);
	struct dcbs_report *r;

	(void)state;
	stacks_frame(snap, "f", NULL, 0, false);
	r = sampled_report(snap);
	assert_true(!r->nr_functions && !r->nr_frames && !r->nr_stacks && r->frequency_hz == 99);
	dcbs_report_free(r);
	r = sampled_report(fixture_measured());
	assert_true(!r->nr_functions && !r->frequency_hz);
	dcbs_report_free(r);
}

static void test_evaluation(void **state)
{
	struct dcbs_report *r = sampled_report(stacks_evaluation());
	size_t i;

	(void)state;
	for (i = 0; i < r->nr_sections; i++)
		if (sampled_report_function(r, r->sections[i].name, "(function not sampled)") ||
		    sampled_report_function(r, r->sections[i].name, "Evaluation.run"))
			near(sampled_report_self_s(r, r->sections[i].name), r->sections[i].total_s);
	/* 4 s of run-queue wait belong to the stack that waited. */
	near(sampled_report_function(r, "forward_pass", "sgemm_kernel")->self_off_s, 4);
	near(sampled_report_function(r, "answer_question", "sgemm_kernel")->self_off_s, 4);
	near(sampled_report_stack_s(r, "forward_pass"), dcbs_report_section(r, "forward_pass")->self_s);
	near(sampled_report_stack_s(r, DCBS_OUTSIDE), dcbs_report_section(r, DCBS_OUTSIDE)->self_s);
	dcbs_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recursion_counts_once), cmocka_unit_test(test_same_name_in_two_files),
		cmocka_unit_test(test_unknown_frames), cmocka_unit_test(test_callers_come_first),
		cmocka_unit_test(test_hostile_names), cmocka_unit_test(test_many_functions),
		cmocka_unit_test(test_many_stacks), cmocka_unit_test(test_no_samples),
		cmocka_unit_test(test_evaluation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
