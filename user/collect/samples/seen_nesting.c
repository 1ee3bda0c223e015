// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* seen_nesting.c - see seen_nesting.h. */
#include "collect/samples/seen_nesting.h"

static bool is_in(const __u16 *ids, size_t nr, __u16 id)
{
	size_t i;

	for (i = 0; i < nr; i++)
		if (ids[i] == id)
			return true;
	return false;
}

static void meet_first(struct seen_around *a, const __u16 *behind, size_t nr)
{
	size_t i;

	for (i = 0; i < nr && a->nr < SEEN_NESTING_DEEPEST; i++)
		a->ids[a->nr++] = behind[i];
}

static void meet_later(struct seen_around *a, const __u16 *behind, size_t nr)
{
	__u8 i, kept = 0;

	for (i = 0; i < a->nr; i++)
		if (is_in(behind, nr, a->ids[i]))
			a->ids[kept++] = a->ids[i];
	a->nr = kept;
}

/* The outermost one of several calls of a section counts, so that two sections are never around each other in one list. */
void seen_nesting_add(struct seen_nesting *seen, const __u16 *ids, size_t nr)
{
	struct seen_around *a;
	size_t i;

	for (i = 0; i < nr; i++) {
		if (ids[i] >= BPFPROF_SECTIONS || is_in(ids + i + 1, nr - i - 1, ids[i]))
			continue;
		a = &seen->of[ids[i]];
		if (a->met)
			meet_later(a, ids + i + 1, nr - i - 1);
		else
			meet_first(a, ids + i + 1, nr - i - 1);
		a->met += a->met < SEEN_NESTING_LEAST;
	}
}

void seen_nesting_copy(const struct seen_nesting *seen, struct snapshot *snap, const __u16 *section_index)
{
	size_t i, inside, around;

	for (i = SECTION_FIRST; i < BPFPROF_SECTIONS; i++) {
		if (seen->of[i].met < SEEN_NESTING_LEAST || !seen->of[i].nr || seen->of[i].ids[0] >= BPFPROF_SECTIONS)
			continue;
		inside = section_index[i];
		around = section_index[seen->of[i].ids[0]];
		if (inside < snap->nr_sections && around < snap->nr_sections && inside != around)
			snap->sections[inside]->seen_within = (__u16)(around + 1);
	}
}
