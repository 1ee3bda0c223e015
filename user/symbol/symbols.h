/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * symbols.h - the functions of one process by their addresses: Python's by code objects, native ones by symbols.
 *
 * The process is not trusted and goes on while it is read: every length and pointer is bounded, strings are
 * copied, and a name is only given if the code object was the same before and after it was read. What cannot
 * be told is "unknown", never a guess.
 */
#ifndef SYMBOL_SYMBOLS_H
#define SYMBOL_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "bpfprof/abi.h"
#include "symbol/symbol.h"
#include "symbol/unwind/unwind.h"

struct symbols;

/*
 * read(ctx, address, to, size) reads the process's memory: 0, or -errno. layout: of its interpreter, copied;
 * minor 0 where there is none. NULL: no memory. Nothing is read before it is asked for.
 */
struct symbols *symbols_open(pid_t pid, const struct python_layout *layout,
			     int (*read)(void *ctx, __u64 address, void *to, size_t size), void *ctx);

/* A Python frame. False: its code object was gone, changed or damaged when its name was read; *symbol is then unknown. */
bool symbols_python(struct symbols *symbols, const struct python_frame *frame, struct symbol *symbol);

/*
 * The functions at a native address, innermost first: those that were inlined there, and the one they were
 * inlined in. Returns how many, at least 1. return_address: it is one, and the call before it is what counts.
 */
size_t symbols_native(struct symbols *symbols, __u64 address, bool return_address, struct symbol *to, size_t max);

/*
 * The addresses on a stack, innermost first, of which there is a copy: as good as what the programs note for exceptions,
 * and by frame pointers where they do not. Returns how many, at least 1.
 */
size_t symbols_unwind(struct symbols *symbols, struct unwind_stack *stack, __u64 *to, size_t max);

/* The interpreter's own loop, at whose place the Python frames stand in a native stack? */
bool symbols_is_interpreter(struct symbols *symbols, __u64 address);

/* The process has loaded or unloaded libraries, or executed another image: look at its maps again. */
void symbols_refresh(struct symbols *symbols, const struct python_layout *layout);

void symbols_close(struct symbols *symbols);

#endif
