/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * debug_info.h - what the DWARF of one file says of an address: the functions that were inlined there, files, lines.
 *
 * The file may be hostile. libdw checks what it reads; what it would open by itself is not asked for (split DWARF),
 * or opened before (what dwz has moved out); and all work on one file together is bounded.
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
	bool linkage;		/* that is what linkers call it: C++ has the scope and the parameters in it, a plain name neither */
	const char *file;	/* NULL: unknown */
	__u32 line;
};

/* fd stays the caller's and open meanwhile. NULL: it has no DWARF that could be used. */
struct debug_info *debug_info_open(int fd, pid_t pid);

/*
 * Innermost first, the last one is the function that they are inlined in; its name may be unknown while the line is not.
 * 0: nothing is known. The strings are valid until the next call.
 */
size_t debug_info_find(struct debug_info *info, __u64 address, struct debug_place *to, size_t max);

/* Bytes of memory, about. */
size_t debug_info_bytes(const struct debug_info *info);

/* Gives the memory back until the next question. */
void debug_info_release(struct debug_info *info);

void debug_info_close(struct debug_info *info);

#endif
