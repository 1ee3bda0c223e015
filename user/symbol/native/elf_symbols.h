/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * elf_symbols.h - walks the symbol tables of an ELF file.
 *
 *     struct elf_symbols symbols = {.elf = elf};
 *     GElf_Sym symbol;
 *
 *     while (elf_symbols_next_table(&symbols, SHT_SYMTAB, max_bytes))
 *             while (elf_symbols_next(&symbols, &symbol))
 *                     ...
 *
 * The file belongs to the target and may be hostile. libelf checks each table before it returns it. The walk ends early when the
 * budget is used up.
 */
#ifndef SYMBOL_NATIVE_ELF_SYMBOLS_H
#define SYMBOL_NATIVE_ELF_SYMBOLS_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>

struct elf_symbols {
	Elf *elf;
	Elf_Scn *section;	/* holds the table; NULL: before the first table */
	Elf_Data *data;
	size_t nr, next;	/* entries of the table, and the one that is read next */
	unsigned int tables;	/* that were found so far */
	size_t strings;		/* index of the section that holds the names */
};

/*
 * Goes to the next table in the order of the file. type: SHT_SYMTAB, SHT_DYNSYM, or SHT_NULL for both. Tables of more than
 * max_bytes and compressed ones are passed over. Returns false after the last table.
 */
bool elf_symbols_next_table(struct elf_symbols *symbols, GElf_Word type, size_t max_bytes);

/* The next symbol of the table that the file defines. Returns false after the last one. */
bool elf_symbols_next(struct elf_symbols *symbols, GElf_Sym *symbol);

/* Returns NULL if the file has no such name. The name lives as long as the Elf. */
const char *elf_symbols_name(const struct elf_symbols *symbols, const GElf_Sym *symbol);

bool elf_symbols_is_function(const GElf_Sym *symbol);

#endif
