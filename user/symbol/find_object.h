/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* find_object.h - finds data objects in an ELF file by their names. */
#ifndef SYMBOL_FIND_OBJECT_H
#define SYMBOL_FIND_OBJECT_H

#include <linux/types.h>
#include <stddef.h>

struct elf_object {
	const char *name;	/* the symbol */
	const char *section;	/* that holds it and nothing else, for files without symbols; NULL: there is none */
	__u64 address, size;	/* as in the file; size 0: not found */
};

/*
 * Looks for the objects among the dynamic symbols; if the first is not there, among the others, too, and
 * then for the first's section. 0, or -ENOENT if the first was not found. The file may be hostile.
 */
int find_objects(int fd, struct elf_object *objects, size_t n);

#endif
