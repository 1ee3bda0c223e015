// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* flame_sections.c - see flame_sections.h. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "render/flame/flame_sections.h"

/* Sections with the same name are in the order of the report. */
static int compare_section_names(const void *a, const void *b, void *arg)
{
	const struct section_tree_node *nodes = arg, *x = &nodes[*(const size_t *)a], *y = &nodes[*(const size_t *)b];

	return strcmp(x->section->name, y->section->name) ?: (x->section > y->section) - (x->section < y->section);
}

/* A node comes after the node around it. */
static void number_sections(struct flame_sections *s)
{
	const struct section_tree_node *n;
	size_t i;

	for (i = 0; i < s->tree.nr; i++) {
		n = &s->tree.nodes[i];
		s->by_name[i] = i;
		s->around[i] = n->depth < FLAME_SECTIONS_DEEPEST ? n->parent : s->around[n->parent];
	}
	qsort_r(s->by_name, s->tree.nr, sizeof(*s->by_name), compare_section_names, s->tree.nodes);
}

int flame_sections_open(struct flame_sections *s, const struct dcbs_report *report)
{
	*s = (struct flame_sections) {0};
	if (!section_tree_build(&s->tree, report, false))
		return -ENOMEM;
	s->around = calloc(s->tree.nr + 1, sizeof(*s->around));
	s->by_name = calloc(s->tree.nr + 1, sizeof(*s->by_name));
	if (!s->around || !s->by_name)
		return -ENOMEM;
	number_sections(s);
	return 0;
}

void flame_sections_close(struct flame_sections *s)
{
	section_tree_free(&s->tree);
	free(s->around);
	free(s->by_name);
}

size_t flame_sections_find(const struct flame_sections *s, const char *name)
{
	size_t low = 0, high = s->tree.nr, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (strcmp(s->tree.nodes[s->by_name[middle]].section->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == s->tree.nr || strcmp(s->tree.nodes[s->by_name[low]].section->name, name))
		return SECTION_TREE_NONE;
	return s->by_name[low];
}

size_t flame_sections_chain(const struct flame_sections *s, size_t section, size_t *chain)
{
	size_t at, nr = 0, left;

	for (at = section; at != SECTION_TREE_NONE; at = s->around[at])
		nr++;
	assert(nr <= FLAME_SECTIONS_DEEPEST);
	for (at = section, left = nr; left; at = s->around[at])
		chain[--left] = at;
	return nr;
}
