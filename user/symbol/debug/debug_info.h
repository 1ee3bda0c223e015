/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * debug_info.h - the functions, inlined ones included, and the source lines at an address, by the DWARF of one file.
 *
 * The file may be hostile. libdw checks its input, but opens further files by itself: so split DWARF is never requested, and
 * the DWARF that dwz moved out is opened beforehand. The work on one file is bounded in total.
 */
#ifndef SYMBOL_DEBUG_DEBUG_INFO_H
#define SYMBOL_DEBUG_DEBUG_INFO_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct debug_info;

struct debug_place {
	const char *function;	/* NULL: unknown */
	bool linkage;		/* `function` is a linkage name: in C++ it has the scope and the parameters */
	const char *file;	/* NULL: unknown */
	__u32 line;
	__u32 first_line;	/* of the function's definition; 0: unknown */
};

/* fd stays the caller's and must stay open. Returns NULL if the file has no DWARF that can be used. */
struct debug_info *debug_info_open(int fd, pid_t pid);

/*
 * Finds the functions at an address as linked, innermost first. The last one is the function that the others are inlined in;
 * its name may be unknown although its line is known. Returns their number; 0: nothing is known. The strings are valid until
 * the next call.
 */
size_t debug_info_find(struct debug_info *info, __u64 address, struct debug_place *to, size_t max);

/* Bytes of memory in use, about. */
size_t debug_info_bytes(const struct debug_info *info);

/* Frees the memory. The next query reads the file again. */
void debug_info_release(struct debug_info *info);

void debug_info_close(struct debug_info *info);

#endif
