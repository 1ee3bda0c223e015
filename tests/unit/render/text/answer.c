// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* answer.c - the first lines of the report: what is slowest, why, and what to do about it. */
#include <time.h>

#include "analyse/report.h"
#include "golden.h"
#include "sampled_stacks.h"

/* The lines of the answer, in a wide terminal. */
static void check_answer(struct snapshot *snap, double threshold_s, const char *const *want, const char *never)
{
	struct dcbs_report *r = NULL;
	char *text, *answer, *end;

	assert_int_equal(report_build(&r, snap, threshold_s), 0);
	text = dcbs_report_text(r, 1000);
	answer = strstr(text, "\n\n");
	end = answer ? strstr(answer, "\n\nSECTIONS\n") : NULL;
	assert_non_null(end);
	end[1] = 0;
	for (; *want; want++)
		if (!strstr(answer, *want))
			fail_msg("no %s in %s", *want, answer);
	if (never && strstr(answer, never))
		fail_msg("%s in %s", never, answer);
	free(text);
	dcbs_report_free(r);
	snapshot_free(snap);
}

#define ANSWER(snap, threshold_s, never, ...) check_answer(snap, threshold_s, (const char *const[]) {__VA_ARGS__, NULL}, never)

static void test_chain(void **state)
{
	(void)state;
	ANSWER(stacks_evaluation(), 1, NULL,
	       "\nslowest  evaluation > answer_question > forward_pass: 27.8 s, 44.5% of the window; 412 calls, "
	       "mean 67.4 ms, p99 302 ms; 128 tokens/s\n",
	       "\nwhy      memory that is kept after every call: 1.43 MiB a call, 33.2 GiB an hour\n", "\nto do    a leak, perhaps: ",
	       "\nmemory   +388 MiB (812 MiB at the start, 1.17 GiB at the end), peak 1.22 GiB; most growth in forward_pass: +589 MiB\n",
	       "\ncaches   clusters 25.0% hits, embeddings 80.0% hits\n",
	       "\ncost     of profiling: <0.1% of one CPU; nothing was lost\n");
}

/* Below the threshold there is no verdict, but causes. */
static void test_no_verdict(void **state)
{
	struct snapshot *snap = fixture_empty();
	struct snapshot_section *work = fixture_section(snap, "work", DCBS_NAME_SECTION);

	(void)state;
	snap->wall_known = true;
	fixture_call(work, 10 * SEC, 10 * SEC);
	fixture_off(work, CAUSE_GIL, 3 * SEC, 3 * SEC);
	ANSWER(snap, 1000, "to do", "\nwhy      computing 70.0%, GIL 30.0%\n");
}

/* The threads have more to do outside of sections than in them. */
static void test_outside(void **state)
{
	struct snapshot *snap = fixture_unmarked();

	(void)state;
	fixture_call(fixture_section(snap, "short", DCBS_NAME_SECTION), SEC / 10, SEC / 10);
	fixture_thread(snap, 5000, "busy", 62400 * MS);
	ANSWER(snap, 1, "short", "\nslowest  outside of all sections: 2m23s, 229% of the window\n",
	       "\nwhy      computing ", "\nto do    make sections");
}

/* A function that is known from samples lies in the time outside of sections, and so is not less than it. */
static void test_function_outside(void **state)
{
	struct snapshot *snap = stacks_begin(fixture_empty());
	__u32 f = stacks_frame(snap, "f", "a.py", 1, true);

	(void)state;
	snap->wall_known = true;
	fixture_section(snap, "F", DCBS_NAME_SECTION)->stat.sampled = SAMPLED;
	fixture_thread(snap, 4242, "main", 10 * SEC);
	stacks_ran(STACK(snap, SNAPSHOT_OUTSIDE, f), 10);
	stacks_within(stacks_ran(STACK(snap, SNAPSHOT_OUTSIDE, f), 90), 0);
	ANSWER(snap, 1, "outside of all sections", "\nslowest  F: 9.0 s ± ");
}

static void test_several_at_a_time(void **state)
{
	struct snapshot *snap = fixture_empty();
	struct snapshot_section *facts = fixture_section(snap, "request", DCBS_NAME_SECTION);
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		fixture_call(facts, 50 * SEC, 50 * SEC);
	ANSWER(snap, 1, "of the window", "\nslowest  request: 3m20s, 3.21 at a time on average; 4 calls, ");
}

static void test_no_sections(void **state)
{
	(void)state;
	ANSWER(fixture_unmarked(), 1, "slowest", "\nbusiest  thread answers 4244, ran 21.4 s: lock 62.5%, computing 34.3%, disk 3.2%\n",
	       "\nwhy      waiting for other threads", "\nto do    hold the lock for less");
}

/* A cache whose misses take longest has the name of a section. */
static void test_cache_of_that_name(void **state)
{
	struct snapshot *snap = fixture_evaluation();

	(void)state;
	fixture_count(&fixture_section(snap, "sample", DCBS_NAME_CACHE)->stat, 90 * SEC);
	ANSWER(snap, 1, "look up by a key", "\nslowest  evaluation: 1m02s, 100% of the window");
}

static void test_losses(void **state)
{
	struct snapshot *snap = fixture_evaluation();

	(void)state;
	snap->counters.lost_too_deep = 12;
	snap->counters.lost_section_ids = 7;
	ANSWER(snap, 1, "nothing was lost", "; lost: 12 calls, 7 names: see the end\n");
}

/* A saved session without counters of losses. */
static void test_unknown_losses(void **state)
{
	struct snapshot *snap = fixture_evaluation();
	struct dcbs_report *r = NULL;
	char *text;

	(void)state;
	assert_int_equal(report_build(&r, snap, 1), 0);
	r->lost.samples = DCBS_UNKNOWN;
	text = dcbs_report_text(r, 100);
	assert_non_null(strstr(text, "; losses are unknown\n"));
	free(text);
	dcbs_report_free(r);
	snapshot_free(snap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain), cmocka_unit_test(test_no_verdict), cmocka_unit_test(test_outside), cmocka_unit_test(test_function_outside), cmocka_unit_test(test_several_at_a_time),
		cmocka_unit_test(test_no_sections), cmocka_unit_test(test_cache_of_that_name), cmocka_unit_test(test_losses),
		cmocka_unit_test(test_unknown_losses),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
