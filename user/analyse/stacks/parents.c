// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * parents.c - which section contains which, as far as samples of the stack show it.
 *
 * A sample lists the sections that were open, the innermost one first. The sections around X are those that every sample of X
 * lists behind it; the first of them is its parent. So a section that is called in two places has a parent that contains both
 * places, or none. Two sections cannot be around each other, because a sample lists each section once.
 *
 * Looks at the targets' memory may tell the same of a section that no sample met, see seen_nesting.h.
 *
 * A sample lists functions of --section behind the marked sections, whatever contains what. So each kind is compared
 * with its own.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/stacks/parents.h"
#include "analyse/sums/summary.h"

/* The sections around one section, innermost first. */
struct around {
	__u16 sections[SAMPLE_SECTIONS];
	__u32 nr;
	bool met;	/* by a sample */
};

static bool is_known(const struct snapshot *snap, __u16 section)
{
	return section < snap->nr_sections;
}

static bool same_kind(const struct snapshot *snap, __u16 a, __u16 b)
{
	return snap->sections[a]->is_function == snap->sections[b]->is_function;
}

static __u32 sections_of(const struct snapshot_stack *stack)
{
	return stack->nr_sections < SAMPLE_SECTIONS ? stack->nr_sections : SAMPLE_SECTIONS;
}

/* The sections that the stack lists behind the one at `at`. */
static struct around listed_behind(const struct snapshot *snap, const struct snapshot_stack *stack, __u32 at)
{
	struct around a = {.met = true};
	__u32 i;

	for (i = at + 1; i < sections_of(stack); i++)
		if (is_known(snap, stack->sections[i]) && same_kind(snap, stack->sections[i], stack->sections[at]))
			a.sections[a.nr++] = stack->sections[i];
	return a;
}

static bool contains(const struct around *a, __u16 section)
{
	__u32 i;

	for (i = 0; i < a->nr; i++)
		if (a->sections[i] == section)
			return true;
	return false;
}

/* Keeps those that are in `other`, too. Most samples of a section list the same. */
static void intersect(struct around *a, const struct around *other)
{
	__u32 i, nr = a->nr;

	if (nr == other->nr && !memcmp(a->sections, other->sections, nr * sizeof(*a->sections)))
		return;
	a->nr = 0;
	for (i = 0; i < nr; i++)
		if (contains(other, a->sections[i]))
			a->sections[a->nr++] = a->sections[i];
}

static void meet_stack(struct around *all, const struct snapshot *snap, const struct snapshot_stack *stack)
{
	struct around behind;
	__u32 i;

	for (i = 0; i < sections_of(stack); i++) {
		if (!is_known(snap, stack->sections[i]))
			continue;
		behind = listed_behind(snap, stack, i);
		if (all[stack->sections[i]].met)
			intersect(&all[stack->sections[i]], &behind);
		else
			all[stack->sections[i]] = behind;
	}
}

/* Sections of different kinds may have one name. That name says nothing: such a section has no parent and is none. */
static struct dcbs_section *only_section(struct dcbs_report *r, const char *name)
{
	struct dcbs_section *found = NULL;
	size_t i;

	for (i = 0; i < r->nr_sections; i++) {
		if (strcmp(r->sections[i].name, name))
			continue;
		if (found)
			return NULL;
		found = &r->sections[i];
	}
	return found;
}

static int set_parent(struct dcbs_report *r, const struct snapshot *snap, size_t section, __u16 parent)
{
	char *name = summary_name(snap->sections[section]), *around = summary_name(snap->sections[parent]);
	struct dcbs_section *to = name ? only_section(r, name) : NULL;
	int err = name && around ? 0 : -ENOMEM;

	free(name);
	if (!to || to->parent || !around || !only_section(r, around))
		free(around);
	else
		to->parent = around;
	return err;
}

int parents_fill(struct dcbs_report *r, const struct snapshot *snap)
{
	struct around *all = calloc(snap->nr_sections + 1, sizeof(*all));
	int err = all ? 0 : -ENOMEM;
	size_t i;

	for (i = 0; i < snap->nr_stacks && !err; i++)
		meet_stack(all, snap, &snap->stacks[i]);
	for (i = 0; i < snap->nr_sections && !err; i++) {
		if (!summary_is_section(snap->sections[i]))
			continue;
		if (all[i].nr)
			err = set_parent(r, snap, i, all[i].sections[0]);
		else if (!all[i].met && is_known(snap, (__u16)(snap->sections[i]->seen_within - 1)))
			err = set_parent(r, snap, i, (__u16)(snap->sections[i]->seen_within - 1));
	}
	free(all);
	return err;
}

/* NULL: it has none. */
static const struct dcbs_section *parent_of(const struct dcbs_report *r, const struct dcbs_section *s)
{
	size_t i;

	for (i = 0; i < r->nr_sections && s->parent; i++)
		if (!strcmp(r->sections[i].name, s->parent))
			return &r->sections[i];
	return NULL;
}

bool parents_may_contain(const struct dcbs_report *r, const struct dcbs_section *around, const struct dcbs_section *inside)
{
	const struct dcbs_section *s = parent_of(r, inside);
	size_t levels;

	if (!s)
		return true;
	for (levels = 0; s && s != around && levels < SAMPLE_SECTIONS; levels++)
		s = parent_of(r, s);
	return s == around;
}
