/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* find_object.h - finds data objects in an ELF file by their names. */
#ifndef SYMBOL_FIND_OBJECT_H
#define SYMBOL_FIND_OBJECT_H

#include <linux/types.h>
#include <stddef.h>

struct elf_object {
	const char *name;	/* the symbol */
	const char *section;	/* holds only this object, for files without symbols; NULL: there is none */
	__u64 address, size;	/* as linked; size 0: not found */
};

/*
 * Searches the dynamic symbols. If they lack the first object, searches the full symbol table, and then for the first
 * object's section. Returns 0; -ENOENT if the first object was not found; -EAGAIN if
 * there is no time for it now. The file may be hostile.
 */
int find_objects(int fd, struct elf_object *objects, size_t n);

#endif
