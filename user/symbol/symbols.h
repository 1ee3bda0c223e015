/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * symbols.h - the functions of one process by their addresses: Python functions by code objects, native ones by symbols.
 *
 * The process is not trusted and runs while it is read: every length and pointer is bounded, strings are copied, and a Python
 * function is named only if its code object was the same before and after it was read. A name that is not certain is
 * "unknown", never a guess.
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
 * read(ctx, address, to, size) reads the process's memory and returns 0 or -errno. layout: of its interpreter, copied; NULL or
 * minor 0: it has none. Nothing is read before the first query. Returns NULL if there is no memory.
 */
struct symbols *symbols_open(pid_t pid, const struct python_layout *layout,
			     int (*read)(void *ctx, __u64 address, void *to, size_t size), void *ctx);

/*
 * Names a Python frame. Returns false if its code object was freed, changed or damaged when its name was read; *symbol is
 * unknown then.
 */
bool symbols_python(struct symbols *symbols, const struct python_frame *frame, struct symbol *symbol);

/*
 * Names the functions at a native address, innermost first: the inlined ones, then the function that they are inlined in.
 * Returns their number, at least 1; max must not be 0. return_address: names the call before the address instead.
 */
size_t symbols_native(struct symbols *symbols, __u64 address, bool return_address, struct symbol *to, size_t max);

/*
 * Unwinds a copied stack: by .eh_frame, and by frame pointers where the file has no rule. Stores the addresses, innermost
 * first, and returns their number, at least 1; max must not be 0.
 */
size_t symbols_unwind(struct symbols *symbols, struct unwind_stack *stack, __u64 *to, size_t max);

/* Returns true if the address is in the interpreter's evaluation loop, in whose place a native stack shows the Python frames. */
bool symbols_is_interpreter(struct symbols *symbols, __u64 address);

/* Returns true if a thread or a process begins in the function at a return address: nothing has called it. */
bool symbols_is_outermost(struct symbols *symbols, __u64 address);

/* The drivers of GPUs that were mapped when the mappings were read: a bit for each enum library_kind. */
unsigned int symbols_gpu_libraries(const struct symbols *symbols);

/* Reads the mappings again, after the process has loaded or unloaded libraries or called execve(). */
void symbols_refresh(struct symbols *symbols, const struct python_layout *layout);

/* Returns true if the process lists more functions that it compiled than are kept: some of them have no names. */
bool symbols_generated_cut(const struct symbols *symbols);

void symbols_close(struct symbols *symbols);

#endif
