/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * symtab.h - the functions in a symbol table of an ELF file, by address.
 *
 * Only addresses and sizes are kept, 16 bytes a function. A name is read from the file on demand: the names of a large
 * library take tens of megabytes.
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
	__u32 name;	/* offset in the string table */
};

struct symtab {
	struct symtab_entry *list;	/* by ascending address */
	size_t nr, room;
	__u64 names, names_bytes;	/* place of the string table in the file */
};

/*
 * Reads the first table of the type, SHT_SYMTAB or SHT_DYNSYM, that has a function. symtab is empty if there is none. fd: of
 * the file. The search ends early when the budget is used up.
 */
void symtab_read(struct symtab *symtab, Elf *elf, int fd, __u32 type);

/* Names the function at an address as linked. fd: of the file that the table was read from. Returns false if none is known. */
bool symtab_find(const struct symtab *symtab, int fd, __u64 address, char name[SYMTAB_NAME_BYTES]);

void symtab_free(struct symtab *symtab);

#endif
