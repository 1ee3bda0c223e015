/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * image.h - a program or library that a process has mapped: where in it an address lies, and which function is there.
 *
 * Nothing of a file is read before an address in it is asked for.
 */
#ifndef SYMBOL_NATIVE_IMAGE_H
#define SYMBOL_NATIVE_IMAGE_H

#include "symbol/memory_map.h"
#include "symbol/native/symtab.h"
#include "symbol/store/intern.h"
#include "symbol/symbol.h"
#include "symbol/unwind/unwind.h"

struct image;

/* fd: of the file, taken over; -1 if it could not be opened. NULL: no memory. */
struct image *image_open(pid_t pid, const struct memory_mapping *map, int fd);

/* Another process has it, too: from now on what belongs to the file is looked for as that one sees it. */
void image_see_by(struct image *image, pid_t pid);

bool image_is(const struct image *image, const struct memory_mapping *map);

/*
 * The functions at an address of the process's in a mapping of this file, innermost first, at least one, as in
 * symbols_native(). Where neither function nor source is known, the file is the library's.
 */
size_t image_find(struct image *image, const struct memory_mapping *map, __u64 address, struct intern *strings, struct symbol *to, size_t max);

/* The linkers' name for the function there, a copy or a part of it counts: name.part.0. */
bool image_symbol(struct image *image, const struct memory_mapping *map, __u64 address, char name[SYMTAB_NAME_BYTES]);

/* How to get from there to the caller; none if the file does not tell, or is too large to be asked. */
struct unwind_rule image_unwind(struct image *image, const struct memory_mapping *map, __u64 address);

/* Memory that its debug information takes, and giving that back until the next question. */
size_t image_debug_bytes(const struct image *image);
void image_release(struct image *image);

void image_close(struct image *image);

#endif
