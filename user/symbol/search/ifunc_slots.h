/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * ifunc_slots.h - the words in a process's memory that hold the address of the function which an IFUNC has chosen.
 *
 * The symbol of an IFUNC leads to a function that is called once, while the program is loaded, and returns the address of the
 * implementation for this machine. Calls go through words that the loader has filled with it.
 */
#ifndef SYMBOL_SEARCH_IFUNC_SLOTS_H
#define SYMBOL_SEARCH_IFUNC_SLOTS_H

#include <gelf.h>
#include <linux/types.h>
#include <stddef.h>

#define IFUNC_SLOTS 8

struct ifunc_slots {
	const char *name;	/* of the IFUNC, without a version */
	__u64 resolver;		/* the address of the symbol, as linked; 0: the file is not the one that defines it */
	__u64 slots[IFUNC_SLOTS];	/* addresses as linked */
	size_t nr;
};

/* Finds the words of one file. */
void ifunc_slots_find(struct ifunc_slots *slots, Elf *elf);

#endif
