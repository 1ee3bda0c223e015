/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* section_tree.h - the sections of a report in the order of a tree: each below the section around it. */
#ifndef RENDER_SECTION_TREE_H
#define RENDER_SECTION_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "dcbs/profiler.h"

#define SECTION_TREE_NONE ((size_t)-1)

struct section_tree_node {
	const struct dcbs_section *section;
	size_t parent;	/* index of the nodes; SECTION_TREE_NONE: a root */
	size_t end;	/* the index behind the last node below it */
	int depth;
};

/* Siblings stand in the order of the report; DCBS_OUTSIDE, if it is known, is last. */
struct section_tree {
	struct section_tree_node *nodes;
	size_t nr;
};

/* flat: all sections are roots, in the order of the report. Returns false if there is no memory. */
bool section_tree_build(struct section_tree *tree, const struct dcbs_report *report, bool flat);

/*
 * The innermost section with most of the time: from the root with the largest total down to the section whose children do not
 * have half of its time. SECTION_TREE_NONE: there is no section with a known time but DCBS_OUTSIDE.
 */
size_t section_tree_slowest(const struct section_tree *tree);

/* Returns true if some section lies within another one. If none does, it may be that this is not known. */
bool section_tree_nests(const struct section_tree *tree);

/* Returns true if node `inside` lies below node `around`, or is it. */
bool section_tree_is_within(const struct section_tree *tree, size_t inside, size_t around);

/* The node of the first section of that name; SECTION_TREE_NONE: there is none. */
size_t section_tree_find(const struct section_tree *tree, const char *name);

/* Returns true for DCBS_OUTSIDE, and false for a section to which a target gave that name. */
bool section_tree_is_outside(const struct dcbs_section *section);

void section_tree_free(struct section_tree *tree);

#endif
