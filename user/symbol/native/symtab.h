/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * symtab.h - the functions that the symbol table of an ELF file names.
 *
 * Only addresses and sizes are kept, 16 bytes a function; a name is read from the file when it is asked for,
 * for those of a large library take tens of megabytes.
 */
#ifndef SYMBOL_NATIVE_SYMTAB_H
#define SYMBOL_NATIVE_SYMTAB_H

#include <gelf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define SYMTAB_NAME_BYTES 4096

struct symtab_entry {
	__u64 address;
	__u32 size;
	__u32 name;	/* in the string table */
};

struct symtab {
	struct symtab_entry *list;	/* ascending */
	size_t nr;
	__u64 names, names_bytes;	/* where in the file the string table lies */
};

/* type: SHT_SYMTAB or SHT_DYNSYM. Without any function, or damaged, the table is empty. */
void symtab_read(struct symtab *symtab, Elf *elf, __u32 type);

/* The function at an address of the file's; fd: of it. False: none is known to be there. */
bool symtab_find(const struct symtab *symtab, int fd, __u64 address, char name[SYMTAB_NAME_BYTES]);

void symtab_free(struct symtab *symtab);

#endif
