// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * section_tree.c - the sections of a report in the order of a tree.
 *
 * The report may be a document that anyone has written: a section may be around itself, and there may be very many of them. So
 * circles are cut, and the time grows with the number of sections and no faster, but for the sorting of their names.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "render/section_tree.h"

#define NONE SECTION_TREE_NONE
#define MOST_OF_TIME 0.5

/* The tree while it is built. All fields are indexes of the report's sections. */
struct tree_links {
	const struct dcbs_report *report;
	size_t *parent;
	size_t *first, *next;	/* child, sibling */
	size_t *by_name;
	size_t *walk;		/* number of the walk that was here, plus 1 */
};

bool section_tree_is_outside(const struct dcbs_section *s)
{
	return s->count == DCBS_UNKNOWN && !strcmp(s->name, DCBS_OUTSIDE);
}

/* ---- parents ---- */

static int compare_names(const void *a, const void *b, void *arg)
{
	const struct dcbs_report *r = arg;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return strcmp(r->sections[x].name, r->sections[y].name) ?: (x > y) - (x < y);
}

/* The first section of that name. */
static size_t index_by_name(const struct tree_links *l, const char *name)
{
	size_t low = 0, high = l->report->nr_sections;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(l->report->sections[l->by_name[middle]].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < l->report->nr_sections && !strcmp(l->report->sections[l->by_name[low]].name, name) ? l->by_name[low] : NONE;
}

/* Walks from each section to its root. A walk that meets itself has found a circle, which is cut there. */
static void cut_circles(struct tree_links *l)
{
	size_t i, at, before;

	for (i = 0; i < l->report->nr_sections; i++) {
		for (at = i, before = NONE; at != NONE && !l->walk[at]; before = at, at = l->parent[at])
			l->walk[at] = i + 1;
		if (at != NONE && before != NONE && l->walk[at] == i + 1)
			l->parent[before] = NONE;
	}
}

static void find_parents(struct tree_links *l, bool flat)
{
	const struct dcbs_report *r = l->report;
	size_t i;

	for (i = 0; i < r->nr_sections; i++) {
		l->parent[i] = l->first[i] = l->next[i] = NONE;
		l->by_name[i] = i;
	}
	if (flat)
		return;
	qsort_r(l->by_name, r->nr_sections, sizeof(*l->by_name), compare_names, (void *)r);
	for (i = 0; i < r->nr_sections; i++)
		if (r->sections[i].parent && !section_tree_is_outside(&r->sections[i]))
			l->parent[i] = index_by_name(l, r->sections[i].parent);
	cut_circles(l);
}

/* From the last to the first, so that each list of siblings is in the order of the report. */
static void link_children(struct tree_links *l)
{
	size_t i;

	for (i = l->report->nr_sections; i-- > 0;) {
		if (l->parent[i] == NONE)
			continue;
		l->next[i] = l->first[l->parent[i]];
		l->first[l->parent[i]] = i;
	}
}

/* ---- nodes ---- */

static size_t add_node(struct section_tree *tree, const struct tree_links *l, size_t section, size_t parent)
{
	assert(tree->nr < l->report->nr_sections);
	tree->nodes[tree->nr] = (struct section_tree_node) {
		.section = &l->report->sections[section], .parent = parent,
		.depth = parent == NONE ? 0 : tree->nodes[parent].depth + 1,
	};
	return tree->nr++;
}

/* Adds a root and all below it. `node` is always the node of the section `at`. */
static void add_root(struct section_tree *tree, const struct tree_links *l, size_t root)
{
	size_t at = root, node = add_node(tree, l, at, NONE);

	for (;;) {
		if (l->first[at] != NONE) {
			at = l->first[at];
			node = add_node(tree, l, at, node);
			continue;
		}
		while (at != root && l->next[at] == NONE) {
			at = l->parent[at];
			node = tree->nodes[node].parent;
		}
		if (at == root)
			return;
		at = l->next[at];
		node = add_node(tree, l, at, tree->nodes[node].parent);
	}
}

static void add_nodes(struct section_tree *tree, const struct tree_links *l)
{
	size_t i;

	for (i = 0; i < l->report->nr_sections; i++)
		if (l->parent[i] == NONE)
			add_root(tree, l, i);
	for (i = tree->nr; i-- > 0;) {
		struct section_tree_node *n = &tree->nodes[i];

		n->end = n->end > i ? n->end : i + 1;
		if (n->parent != NONE && tree->nodes[n->parent].end < n->end)
			tree->nodes[n->parent].end = n->end;
	}
}

bool section_tree_build(struct section_tree *tree, const struct dcbs_report *report, bool flat)
{
	size_t nr = report->nr_sections + 1, *memory = calloc(nr, 5 * sizeof(*memory));
	struct tree_links l = {report, memory, memory + nr, memory + 2 * nr, memory + 3 * nr, memory + 4 * nr};

	*tree = (struct section_tree) {.nodes = calloc(nr, sizeof(*tree->nodes))};
	if (memory && tree->nodes) {
		find_parents(&l, flat);
		link_children(&l);
		add_nodes(tree, &l);
	}
	free(memory);
	if (tree->nr == report->nr_sections)
		return true;
	section_tree_free(tree);
	return false;
}

void section_tree_free(struct section_tree *tree)
{
	free(tree->nodes);
	*tree = (struct section_tree) {0};
}

/* ---- questions ---- */

/* Stores for each node, and behind them for all roots, the child with the largest known total. */
static void find_largest(const struct section_tree *tree, size_t *largest)
{
	size_t i;

	for (i = 0; i <= tree->nr; i++)
		largest[i] = NONE;
	for (i = 0; i < tree->nr; i++) {
		const struct section_tree_node *n = &tree->nodes[i];
		size_t *of_parent = &largest[n->parent == NONE ? tree->nr : n->parent];

		if (!section_tree_is_outside(n->section) && n->section->total_s > 0 &&
		    (*of_parent == NONE || n->section->total_s > tree->nodes[*of_parent].section->total_s))
			*of_parent = i;
	}
}

size_t section_tree_slowest(const struct section_tree *tree)
{
	size_t *largest = calloc(tree->nr + 1, sizeof(*largest)), at = NONE, inside;

	if (!largest)
		return NONE;
	find_largest(tree, largest);
	for (inside = largest[tree->nr]; inside != NONE; inside = largest[at]) {
		if (at != NONE && tree->nodes[inside].section->total_s < MOST_OF_TIME * tree->nodes[at].section->total_s)
			break;
		at = inside;
	}
	free(largest);
	return at;
}

bool section_tree_nests(const struct section_tree *tree)
{
	size_t i;

	for (i = 0; i < tree->nr; i++)
		if (tree->nodes[i].depth)
			return true;
	return false;
}

bool section_tree_is_within(const struct section_tree *tree, size_t inside, size_t around)
{
	assert(inside < tree->nr && around < tree->nr);
	return inside >= around && inside < tree->nodes[around].end;
}

size_t section_tree_find(const struct section_tree *tree, const char *name)
{
	size_t i;

	for (i = 0; i < tree->nr; i++)
		if (!strcmp(tree->nodes[i].section->name, name))
			return i;
	return NONE;
}
