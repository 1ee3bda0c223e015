/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* function_places.h - the places in a file at which probes see the begin and the ends of a function's calls. */
#ifndef SYMBOL_FUNCTION_PLACES_H
#define SYMBOL_FUNCTION_PLACES_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define FUNCTION_PLACES_MAX 256

struct function_places {
	__u64 entry;				/* offset in the file */
	__u64 exits[FUNCTION_PLACES_MAX];	/* offsets of returns and of jumps to other functions */
	size_t nr_exits;			/* 0: the function never returns */
	bool exits_known;			/* false: `reason` says why the exits cannot be found */
	bool is_empty;				/* a return instruction alone: there is nothing to time */
	bool is_go;				/* code of Go's compiler: its runtime moves stacks */
	bool unwinds;				/* code whose frames a runtime may leave or move: Go, Rust, C++ */
	char reason[128];
};

/* Returns true if the code at an exit, of which two bytes are given, is a return. Any other exit is a jump to another function. */
static inline bool function_places_is_return(const unsigned char *bytes)
{
	unsigned char code = bytes[0] == 0xf2 || bytes[0] == 0xf3 ? bytes[1] : bytes[0];

	return code == 0xc2 || code == 0xc3 || code == 0xca || code == 0xcb;
}

/* Loads what decodes code. To be called before function_places_find() is called in a process without rights, which cannot. */
void function_places_prepare(void);

/*
 * Finds the places of the function at `address` of an open ELF file. size: of its symbol; 0: unknown. Returns 0, or -errno with a
 * line if the file cannot be read. The file may be hostile.
 */
int function_places_find(struct function_places *places, int fd, __u64 address, __u64 size);

#endif
