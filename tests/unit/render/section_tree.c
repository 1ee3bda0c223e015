// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* section_tree.c - the order of the tree, and documents whose sections contain one another. */
#include "fixture.h"
#include "render/section_tree.h"

#define ROOM 16
#define MANY 200000

/* Sections in the order of their time, each with the name of the one around it; NULL: none. */
static struct dcbs_report make_report(struct dcbs_section *sections, size_t nr, const char *const (*names)[2])
{
	size_t i;

	for (i = 0; i < nr; i++)
		sections[i] = (struct dcbs_section) {
			.name = (char *)names[i][0], .parent = (char *)names[i][1], .count = 1, .total_s = (double)(nr - i),
		};
	return (struct dcbs_report) {.sections = sections, .nr_sections = nr};
}

static void check_tree(const char *const (*names)[2], size_t nr, const char *want)
{
	struct dcbs_section sections[ROOM];
	struct dcbs_report r = make_report(sections, nr, names);
	struct section_tree tree;
	char text[512] = "";
	size_t i, at = 0;

	assert_true(section_tree_build(&tree, &r, false));
	assert_int_equal(tree.nr, nr);
	for (i = 0; i < nr; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%d ", tree.nodes[i].section->name, tree.nodes[i].depth);
	assert_string_equal(text, want);
	section_tree_free(&tree);
}

static void test_order(void **state)
{
	static const char *const names[][2] = {{"a", NULL}, {"x", NULL}, {"b", "a"}, {"c", "b"}, {"d", "a"}, {"y", "x"}};

	(void)state;
	check_tree(names, 6, "a0 b1 c2 d1 x0 y1 ");
}

/* Circles, a section around itself, and a section that there is not. */
static void test_documents_of_anyone(void **state)
{
	static const char *const circle[][2] = {{"a", "c"}, {"b", "a"}, {"c", "b"}, {"d", "c"}};
	static const char *const self[][2] = {{"a", "a"}, {"b", "nobody"}, {"b", "a"}};

	(void)state;
	check_tree(circle, 4, "b0 c1 a2 d2 ");
	check_tree(self, 3, "a0 b1 b0 ");
}

static void check_nests(const char *const (*names)[2], size_t nr, bool want)
{
	struct dcbs_section sections[ROOM];
	struct dcbs_report r = make_report(sections, nr, names);
	struct section_tree tree;

	assert_true(section_tree_build(&tree, &r, false));
	assert_int_equal(section_tree_nests(&tree), want);
	section_tree_free(&tree);
}

static void test_nests(void **state)
{
	static const char *const side_by_side[][2] = {{"a", NULL}, {"b", NULL}}, *const nested[][2] = {{"a", NULL}, {"b", "a"}};

	(void)state;
	check_nests(side_by_side, 2, false);
	check_nests(nested, 2, true);
	check_nests(nested, 0, false);
}

static void test_slowest(void **state)
{
	static const char *const names[][2] = {{"run", NULL}, {"question", "run"}, {"forward", "question"}, {"score", "question"}};
	struct dcbs_section sections[ROOM];
	struct dcbs_report r = make_report(sections, 4, names);
	struct section_tree tree;

	(void)state;
	sections[3].total_s = 0.9;
	assert_true(section_tree_build(&tree, &r, false));
	assert_string_equal(tree.nodes[section_tree_slowest(&tree)].section->name, "forward");
	assert_true(section_tree_is_within(&tree, section_tree_find(&tree, "forward"), section_tree_find(&tree, "run")));
	assert_false(section_tree_is_within(&tree, section_tree_find(&tree, "score"), section_tree_find(&tree, "forward")));
	sections[2].total_s = 1.2;
	assert_string_equal(tree.nodes[section_tree_slowest(&tree)].section->name, "question");
	section_tree_free(&tree);
	assert_true(section_tree_build(&tree, &r, true));
	assert_int_equal(tree.nodes[3].depth, 0);
	section_tree_free(&tree);
}

/* One chain of very many sections: the time must not grow with the square of their number. */
static void test_deep(void **state)
{
	struct dcbs_section *sections = calloc(MANY, sizeof(*sections));
	char (*names)[16] = calloc(MANY, sizeof(*names));
	struct dcbs_report r = {.sections = sections, .nr_sections = MANY};
	struct section_tree tree;
	size_t i;

	(void)state;
	assert_true(sections && names);
	for (i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "%zu", i);
		sections[i] = (struct dcbs_section) {.name = names[i], .parent = i ? names[i - 1] : NULL, .total_s = 1};
	}
	assert_true(section_tree_build(&tree, &r, false));
	assert_int_equal(tree.nodes[MANY - 1].depth, MANY - 1);
	assert_int_equal(section_tree_slowest(&tree), MANY - 1);
	section_tree_free(&tree);
	free(names);
	free(sections);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order), cmocka_unit_test(test_documents_of_anyone), cmocka_unit_test(test_nests), cmocka_unit_test(test_slowest),
		cmocka_unit_test(test_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
