// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* seen_nesting.c - which section is around each, by lists of open sections that were seen now and then. */
#include "collect/samples/seen_nesting.h"
#include "fixture.h"

enum { RUN = SECTION_FIRST, QUESTION, REVIEW, SHARED, LONE, IDS };

#define SEE(seen, ...) seen_nesting_add(seen, (const __u16[]) {__VA_ARGS__}, sizeof((const __u16[]) {__VA_ARGS__}) / sizeof(__u16))

static struct snapshot *copy(const struct seen_nesting *seen)
{
	struct snapshot *snap = fixture_empty();
	__u16 section_index[BPFPROF_SECTIONS];
	size_t i;

	for (i = 0; i < BPFPROF_SECTIONS; i++)
		section_index[i] = i >= SECTION_FIRST && i < IDS ? (__u16)(i - SECTION_FIRST) : SNAPSHOT_OUTSIDE;
	fixture_section(snap, "run", DCBS_NAME_SECTION);
	fixture_section(snap, "question", DCBS_NAME_SECTION);
	fixture_section(snap, "review", DCBS_NAME_SECTION);
	fixture_section(snap, "shared", DCBS_NAME_SECTION);
	fixture_section(snap, "lone", DCBS_NAME_SECTION);
	seen_nesting_copy(seen, snap, section_index);
	return snap;
}

static void check(const struct snapshot *snap, int section, int around)
{
	assert_int_equal(snap->sections[section - SECTION_FIRST]->seen_within, around ? around - SECTION_FIRST + 1 : 0);
}

/* A section in two places lies in what contains both; one that was seen alone lies in none. */
static void test_two_places(void **state)
{
	struct seen_nesting *seen = calloc(1, sizeof(*seen));
	struct snapshot *snap;
	int i;

	(void)state;
	assert_non_null(seen);
	for (i = 0; i < SEEN_NESTING_LEAST; i++) {
		SEE(seen, SHARED, QUESTION, RUN);
		SEE(seen, SHARED, REVIEW, RUN);
		SEE(seen, LONE, RUN);
	}
	SEE(seen, LONE);
	snap = copy(seen);
	check(snap, RUN, 0);
	check(snap, QUESTION, RUN);
	check(snap, REVIEW, RUN);
	check(snap, SHARED, RUN);
	check(snap, LONE, 0);
	snapshot_free(snap);
	free(seen);
}

/* One look may have met a section in one of its places by chance. */
static void test_few_looks(void **state)
{
	struct seen_nesting *seen = calloc(1, sizeof(*seen));
	struct snapshot *snap;
	int i;

	(void)state;
	assert_non_null(seen);
	for (i = 1; i < SEEN_NESTING_LEAST; i++)
		SEE(seen, SHARED, QUESTION, RUN);
	snap = copy(seen);
	check(snap, SHARED, 0);
	check(snap, QUESTION, 0);
	snapshot_free(snap);
	free(seen);
}

/* The outermost call of a section that calls itself counts. Ids beyond all sections are left out. */
static void test_recursion(void **state)
{
	struct seen_nesting *seen = calloc(1, sizeof(*seen));
	struct snapshot *snap;
	int i;

	(void)state;
	assert_non_null(seen);
	for (i = 0; i < SEEN_NESTING_LEAST; i++)
		SEE(seen, RUN, QUESTION, RUN);
	SEE(seen, BPFPROF_SECTIONS, LONE, 0xffff);
	snap = copy(seen);
	check(snap, RUN, 0);
	check(snap, QUESTION, RUN);
	check(snap, LONE, 0);
	snapshot_free(snap);
	free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_two_places), cmocka_unit_test(test_few_looks), cmocka_unit_test(test_recursion)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
