// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* text_options.c - the report for people with and without colours, as a tree and as a list, longer and without a width. */
#include "analyse/report.h"
#include "golden.h"
#include "render/render.h"
#include "sampled_stacks.h"

static char *render_report(const struct dcbs_report *r, const struct render_options *options)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	assert_int_equal(render_write(render_by_name("text"), f, r, options), 0);
	fclose(f);
	return text;
}

static char *render_with(const struct render_options *options)
{
	struct snapshot *snap = stacks_evaluation();
	struct dcbs_report *r = NULL;
	char *text;

	assert_int_equal(report_build(&r, snap, 1), 0);
	text = render_report(r, options);
	dcbs_report_free(r);
	snapshot_free(snap);
	return text;
}

/* A file has no width: no name is shortened in it. */
static void test_whole_names(void **state)
{
	static const char *const names[] = {
		"evaluation/category_based_sampling/cluster_token_embeddings/k_means/of_the_second_kind/with_all_questions_of_the_run",
		"/usr/bin/python3 evaluate.py --model tiny --questions 5000 --category-based-sampling",
		"/srv/evaluations/tiny/evaluate.py:141", "cluster_token_embeddings.<locals>.<listcomp>",
	};
	struct snapshot *snap = stacks_evaluation();
	struct dcbs_report *r = NULL;
	char *text;
	size_t i;

	(void)state;
	fixture_call(fixture_section(snap, names[0], DCBS_NAME_SECTION), 2 * SEC, 2 * SEC);
	assert_int_equal(report_build(&r, snap, 1), 0);
	text = render_report(r, &(struct render_options) {.width = 0});
	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strstr(text, names[i]))
			fail_msg("no %s in %s", names[i], text);
	assert_null(strstr(text, "\342\200\246"));
	free(text);
	dcbs_report_free(r);
	snapshot_free(snap);
}

/* The markers and other functions that say nothing have no row, unless they took time themselves. */
static void test_functions_that_say_nothing(void **state)
{
	const struct render_options options = {.width = 100, .verbose = true};
	struct snapshot *snap = stacks_evaluation();
	struct dcbs_report *r = NULL;
	char *before, *after;
	size_t i;

	(void)state;
	assert_int_equal(report_build(&r, snap, 1), 0);
	before = render_report(r, &options);
	for (i = 0; i < r->nr_functions; i++) {
		struct dcbs_function *f = &r->functions[i];

		if (strcmp(f->function, "pthread_cond_wait") && strcmp(f->function, "sgemm_kernel"))
			continue;
		free(f->file);
		f->file = strdup("/usr/lib/libdcbs-markers.so.1");
	}
	after = render_report(r, &options);
	assert_non_null(strstr(before, " pthread_cond_wait "));
	assert_null(strstr(after, " pthread_cond_wait "));
	assert_non_null(strstr(after, " sgemm_kernel "));
	assert_null(strstr(before, "_call_impl"));
	free(before);
	free(after);
	dcbs_report_free(r);
	snapshot_free(snap);
}

static void test_colour(void **state)
{
	char *plain = render_with(&(struct render_options) {.width = 100}), *to = plain, *from;
	char *coloured = render_with(&(struct render_options) {.width = 100, .colour = true});

	(void)state;
	assert_null(strchr(plain, '\033'));
	assert_non_null(strstr(coloured, "\033[1mSECTIONS\033[0m\n"));
	for (from = coloured; *from; from++)
		if (*from == '\033')
			from += strcspn(from, "m");
		else
			assert_int_equal(*from, *to++);
	assert_int_equal(*to, 0);
	free(plain);
	free(coloured);
}

/* Each section below the one around it, and with --flat in the order of their time. */
static void test_tree(void **state)
{
	char *tree = render_with(&(struct render_options) {.width = 100});
	char *flat = render_with(&(struct render_options) {.width = 100, .flat = true});

	(void)state;
	assert_non_null(strstr(tree, "slowest  evaluation > answer_question > forward_pass: 27.8 s, 44.5% of the window; 412 calls"));
	assert_non_null(strstr(tree, "\nevaluation "));
	assert_non_null(strstr(tree, "\n  answer_question "));
	assert_non_null(strstr(tree, "\n    forward_pass "));
	assert_non_null(strstr(flat, "\nforward_pass "));
	free(tree);
	free(flat);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_names), cmocka_unit_test(test_colour), cmocka_unit_test(test_tree),
		cmocka_unit_test(test_functions_that_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
