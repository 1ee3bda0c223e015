/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * debug_dwarf.h - the DWARF of one file in memory, ready for libdw: nothing is left for it to open by itself.
 *
 * Dwarf_CU's split units are the exception: dwarf_cu_info() and dwarf_get_units() open them, and are not to be called.
 */
#ifndef SYMBOL_DEBUG_DEBUG_DWARF_H
#define SYMBOL_DEBUG_DEBUG_DWARF_H

#include <elfutils/libdw.h>
#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define DEBUG_DWARF_BYTES (64 << 20)	/* a file with more is done without: all of it would have to be in memory */

struct debug_dwarf {
	Elf *elf;
	Dwarf *main;
	Elf *shared_elf;	/* of what dwz has moved out; NULL: nothing */
	Dwarf *shared;
	int shared_fd;
	size_t bytes;		/* all sections together */
};

/* fd stays the caller's. False: there is none, it is too large, or a part of it is missing. */
bool debug_dwarf_open(struct debug_dwarf *dwarf, int fd, pid_t pid);

/* The section of the line programs, as it is when it is not compressed; NULL: none. */
Elf_Data *debug_dwarf_lines(const struct debug_dwarf *dwarf);

/* One that was never opened, but is all zeros, is fine, too. */
void debug_dwarf_close(struct debug_dwarf *dwarf);

#endif
