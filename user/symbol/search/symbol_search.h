/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* symbol_search.h - finds all functions of a name in the symbol tables of a file, and of its debug file. */
#ifndef SYMBOL_SEARCH_SYMBOL_SEARCH_H
#define SYMBOL_SEARCH_SYMBOL_SEARCH_H

#include <gelf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "symbol/function_name.h"

#define SYMBOL_SEARCH_MAX 64
#define SYMBOL_SEARCH_NAME 256

struct symbol_match {
	__u64 address, size;		/* as linked; size 0: unknown */
	enum function_match match;
	bool ifunc;			/* the address is that of a function which chooses the function that is called */
	bool old_version;		/* a version that only programs call that were linked before the present one existed */
	char name[SYMBOL_SEARCH_NAME];	/* the symbol, with its version */
};

struct symbol_search {
	const char *wanted;
	struct symbol_match list[SYMBOL_SEARCH_MAX];
	size_t nr;
	bool any;		/* the file has symbols of functions */
	bool full;		/* there are more */
};

/* Adds what one file has. Aliases, which have the same address, are kept once. */
void symbol_search_add(struct symbol_search *search, Elf *elf);

#endif
