/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * flame_sections.h - which section lies within which in a flame graph, by numbers.
 *
 * Sections are numbered in the order of the tree that the report shows, see section_tree.h. A report may hold any tree: sections that
 * are nested more deeply than FLAME_SECTIONS_DEEPEST stand beside the deepest one.
 */
#ifndef RENDER_FLAME_FLAME_SECTIONS_H
#define RENDER_FLAME_FLAME_SECTIONS_H

#include "render/section_tree.h"

#define FLAME_SECTIONS_DEEPEST 64

struct flame_sections {
	struct section_tree tree;
	size_t *around;		/* by number: the section around it; SECTION_TREE_NONE: none is known */
	size_t *by_name;	/* numbers, by name */
};

/* Returns 0 or -ENOMEM. flame_sections_close() must be called in either case. */
int flame_sections_open(struct flame_sections *sections, const struct dcbs_report *report);
void flame_sections_close(struct flame_sections *sections);

/* The number of the first section of that name; SECTION_TREE_NONE: the report has none. */
size_t flame_sections_find(const struct flame_sections *sections, const char *name);

/* Stores the section and those around it in chain[], which has room for FLAME_SECTIONS_DEEPEST, outermost first. Returns their number. */
size_t flame_sections_chain(const struct flame_sections *sections, size_t section, size_t *chain);

#endif
