/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * debug_walk.h - goes from an entry of DWARF to the next one beside it, in steps that can be interrupted.
 *
 * Where an entry does not tell where its children end, dwarf_siblingof() walks all of them, which may be millions.
 */
#ifndef SYMBOL_DEBUG_DEBUG_WALK_H
#define SYMBOL_DEBUG_DEBUG_WALK_H

#include <elfutils/libdw.h>
#include <stdbool.h>

/* count(ctx) is called for each entry that is passed, and returns false to stop. */
struct debug_walk {
	bool (*count)(void *ctx);
	void *ctx;
};

/* As dwarf_siblingof(die, die). Returns 0; 1 if there is none; -1 if the walk was stopped or the entries make no sense. */
int debug_walk_sibling(const struct debug_walk *walk, Dwarf_Die *die);

#endif
