/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* symbol_versions.h - the versions of the symbols that a library exports. */
#ifndef SYMBOL_SEARCH_SYMBOL_VERSIONS_H
#define SYMBOL_SEARCH_SYMBOL_VERSIONS_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>

struct symbol_versions {
	Elf *elf;
	Elf_Data *numbers;	/* NULL: the symbols have no versions */
	Elf_Data *names;
	size_t strings;		/* index of the section that holds the names */
};

/* section: of the symbol table. */
void symbol_versions_open(struct symbol_versions *versions, Elf *elf, Elf_Scn *section);

/* Returns the version of the symbol at an index of the table; "": it has none. hidden: only old programs are bound to it. */
const char *symbol_versions_name(const struct symbol_versions *versions, size_t index, bool *hidden);

#endif
