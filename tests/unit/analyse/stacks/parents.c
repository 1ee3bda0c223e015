// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* parents.c - which section contains which, from samples that list the open sections. */
#include "sampled_report.h"

#define LIST(snap, ...) list_sections(snap, (const char *const[]) {__VA_ARGS__, NULL})

static struct snapshot *begin(void)
{
	static const char *const names[] = {"run", "question", "forward", "score", "lone", "decode"};
	struct snapshot *snap = stacks_begin(fixture_empty());
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		fixture_call(fixture_section(snap, names[i], DCBS_NAME_SECTION), (10 - i) * SEC, SEC);
	return snap;
}

/* A sample of a stack in sections, innermost first. */
static void list_sections(struct snapshot *snap, const char *const *names)
{
	struct snapshot_stack *s;
	__u32 frame = stacks_frame(snap, "f", "f.py", 1, true);

	s = stacks_ran(STACK(snap, stacks_section(snap, *names), frame), 1);
	while (*++names)
		stacks_within(s, stacks_section(snap, *names));
}

static void check_parent(const struct dcbs_report *r, const char *name, const char *parent)
{
	const struct dcbs_section *s = dcbs_report_section(r, name);

	assert_non_null(s);
	if (!parent)
		assert_null(s->parent);
	else
		assert_string_equal(s->parent, parent);
}

static void test_nested(void **state)
{
	struct snapshot *snap = begin();
	struct dcbs_report *r;

	(void)state;
	LIST(snap, "run");
	LIST(snap, "forward", "question", "run");
	LIST(snap, "question", "run");
	r = sampled_report(snap);
	check_parent(r, "run", NULL);
	check_parent(r, "question", "run");
	check_parent(r, "forward", "question");
	check_parent(r, "lone", NULL);
	dcbs_report_free(r);
}

/* `forward` is called by two sections, which have one around them; `score` is called with and without one. */
static void test_several_callers(void **state)
{
	struct snapshot *snap = begin();
	struct dcbs_report *r;

	(void)state;
	LIST(snap, "forward", "question", "run");
	LIST(snap, "forward", "score", "run");
	LIST(snap, "score");
	r = sampled_report(snap);
	check_parent(r, "forward", "run");
	check_parent(r, "score", NULL);
	dcbs_report_free(r);
}

/* Two sections that call each other. */
static void test_recursion(void **state)
{
	struct snapshot *snap = begin();
	struct dcbs_report *r;

	(void)state;
	LIST(snap, "question", "score", "run");
	LIST(snap, "score", "question", "run");
	r = sampled_report(snap);
	check_parent(r, "question", "run");
	check_parent(r, "score", "run");
	dcbs_report_free(r);
}

/* A sample lists functions behind the marked sections, whatever contains what. */
static void test_functions(void **state)
{
	struct snapshot *snap = begin();
	struct dcbs_report *r;

	(void)state;
	fixture_find(snap, "decode")->is_function = fixture_find(snap, "lone")->is_function = true;
	LIST(snap, "forward", "run", "decode", "lone");
	r = sampled_report(snap);
	check_parent(r, "forward", "run");
	check_parent(r, "run", NULL);
	check_parent(r, "decode", "lone");
	check_parent(r, "lone", NULL);
	dcbs_report_free(r);
}

/* Sections of different kinds may have one name. Then it is not known which of them is meant. */
static void test_equal_names(void **state)
{
	struct snapshot *snap = begin();
	struct dcbs_report *r;

	(void)state;
	fixture_call(fixture_section(snap, "question", DCBS_NAME_GENERATION), SEC, SEC);
	LIST(snap, "forward", "question", "run");
	r = sampled_report(snap);
	check_parent(r, "forward", NULL);
	check_parent(r, "question", NULL);
	dcbs_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nested), cmocka_unit_test(test_several_callers), cmocka_unit_test(test_recursion),
		cmocka_unit_test(test_functions), cmocka_unit_test(test_equal_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
