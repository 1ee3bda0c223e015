/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * debug_dwarf.h - opens the DWARF of one file in memory, for libdw, so that libdw opens no file by itself.
 *
 * Split units are the exception: dwarf_cu_info() and dwarf_get_units() open them, so they must not be called.
 */
#ifndef SYMBOL_DEBUG_DEBUG_DWARF_H
#define SYMBOL_DEBUG_DEBUG_DWARF_H

#include <elfutils/libdw.h>
#include <gelf.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define DEBUG_DWARF_BYTES (56 << 20)	/* a file with more is ignored: all of it would have to be in memory */

struct debug_dwarf {
	Elf *elf;
	Dwarf *main;
	Elf *shared_elf;	/* of the file with the DWARF that dwz moved out; NULL: none */
	Dwarf *shared;
	int shared_fd;		/* 0 or negative: none */
	size_t bytes;		/* of all sections together */
};

/*
 * Where libdw runs out of memory it would end the profiler. Instead it jumps to this place, which was set by setjmp() in a function
 * that has not returned. The struct can then only be closed.
 */
extern jmp_buf debug_dwarf_no_memory;

/* fd stays the caller's. Returns false if the file has no DWARF, too much of it, or a part of it is missing. */
bool debug_dwarf_open(struct debug_dwarf *dwarf, int fd, pid_t pid);

/* The section of the line programs, uncompressed; NULL: none. */
Elf_Data *debug_dwarf_lines(const struct debug_dwarf *dwarf);

/* Accepts a struct that is all zeros, too. */
void debug_dwarf_close(struct debug_dwarf *dwarf);

#endif
