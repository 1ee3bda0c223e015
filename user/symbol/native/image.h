/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * image.h - a program or library that a process has mapped: names the functions at its addresses and finds their unwind rules.
 *
 * Symbols, debug information and unwind tables are read at the first query for which the budget has time.
 */
#ifndef SYMBOL_NATIVE_IMAGE_H
#define SYMBOL_NATIVE_IMAGE_H

#include "symbol/memory_map.h"
#include "symbol/native/symtab.h"
#include "symbol/store/intern.h"
#include "symbol/symbol.h"
#include "symbol/unwind/unwind.h"

struct image;

/* fd: of the file, owned by the image from now on; negative: it could not be opened. Returns NULL if there is no memory. */
struct image *image_open(pid_t pid, const struct memory_mapping *mapping, int fd);

/* From now on the file's debug information is searched as process pid sees it. */
void image_see_by(struct image *image, pid_t pid);

/* Returns true if the mapping is of this file. */
bool image_is(const struct image *image, const struct memory_mapping *mapping);

/*
 * Names the functions at a process's address in a mapping of this file, innermost first, as symbols_native() does. Returns
 * their number, at least 1; max must not be 0. Where the source is unknown, the symbol's file is the mapped one.
 */
size_t image_find(struct image *image, const struct memory_mapping *mapping, __u64 address, struct intern *intern,
		  struct symbol *to, size_t max);

/* The linker's name of the function at an address, with a suffix such as .part.0 or .cold. Returns false if none is known. */
bool image_symbol(struct image *image, const struct memory_mapping *mapping, __u64 address, char name[SYMTAB_NAME_BYTES]);

/* The rule that leads from the address to the caller; not known if the file has none, or none of a kind that is supported. */
struct unwind_rule image_unwind(struct image *image, const struct memory_mapping *mapping, __u64 address);

/* Bytes of memory that the debug information takes, about. */
size_t image_debug_bytes(const struct image *image);

/* Frees the debug information. The next query reads it again. */
void image_release(struct image *image);

void image_close(struct image *image);

#endif
