// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* debug_walk.c - goes from an entry of DWARF to the next one beside it, in steps that can be interrupted. */
#include <dwarf.h>
#include <stdint.h>
#include <string.h>

#include "symbol/debug/debug_walk.h"

#define MAX_DEPTH 64

/* Returns true if libdw finds the sibling without a walk. */
static bool is_one_step(Dwarf_Die *die)
{
	return dwarf_haschildren(die) <= 0 || dwarf_hasattr(die, DW_AT_sibling);
}

static Dwarf_Off unit_end(Dwarf_Die *die)
{
	Dwarf_Off unit = dwarf_dieoffset(die) - dwarf_cuoffset(die), next;
	Dwarf *dwarf = dwarf_cu_getdwarf(die->cu);
	size_t header;

	return dwarf_nextcu(dwarf, unit, &next, &header, NULL, NULL, NULL) ? 0 : next;
}

/*
 * The entry behind the children of a parent. last: where dwarf_siblingof() has met the end of the children, a zero byte. Returns as
 * debug_walk_sibling().
 */
static int step_out(const Dwarf_Die *last, Dwarf_Die *parent, Dwarf_Off end)
{
	const unsigned char *at = (const unsigned char *)last->addr + 1;
	Dwarf_Off offset = dwarf_dieoffset(parent) + (Dwarf_Off)(at - (const unsigned char *)parent->addr);

	if (!last->addr || at[-1] || offset >= end)
		return -1;
	*parent = (Dwarf_Die){.addr = (void *)(uintptr_t)at, .cu = parent->cu};
	return *at ? 0 : 1;
}

static int pass_children(const struct debug_walk *walk, Dwarf_Die *parent, Dwarf_Off end, int depth);

/* *next: the sibling, or the end of the siblings. */
static int next_of(const struct debug_walk *walk, const Dwarf_Die *die, Dwarf_Die *next, Dwarf_Off end, int depth)
{
	Dwarf_Die from = *die;

	if (!walk->count(walk->ctx))
		return -1;
	if (is_one_step(&from))
		return dwarf_siblingof(&from, next);
	*next = from;
	return pass_children(walk, next, end, depth + 1);
}

static int pass_children(const struct debug_walk *walk, Dwarf_Die *parent, Dwarf_Off end, int depth)
{
	Dwarf_Die child, next;
	int found;

	if (depth == MAX_DEPTH)
		return -1;
	found = dwarf_child(parent, &child);
	if (found)	/* it says that it has children, but the first is the end of them */
		return found < 0 ? -1 : dwarf_siblingof(parent, parent);
	while (!(found = next_of(walk, &child, &next, end, depth)))
		child = next;
	return found < 0 ? -1 : step_out(&next, parent, end);
}

int debug_walk_sibling(const struct debug_walk *walk, Dwarf_Die *die)
{
	if (is_one_step(die))
		return dwarf_siblingof(die, die);
	return pass_children(walk, die, unit_end(die), 0);
}
