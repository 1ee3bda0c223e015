/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* symbol.h - the function at one place in a program. */
#ifndef SYMBOL_SYMBOL_H
#define SYMBOL_SYMBOL_H

#include <linux/types.h>
#include <stdbool.h>

#include "symbol/library_kind.h"

/* The strings belong to the symbols that named the function and live as long as they do. They are raw bytes, not sanitised. */
struct symbol {
	const char *function;	/* qualname where there is one, demangled; NULL: unknown */
	const char *file;	/* of the source, or the library where the source is unknown; NULL: unknown */
	__u32 line;		/* 0: unknown */
	__u32 first_line;	/* of its definition; of a Python function, that of its first decorator. 0: unknown */
	__u32 body_line;	/* of a Python function: the first line behind first_line that has code. 0: unknown */
	bool bare;		/* `function` is the last part of a qualname; the classes and functions around it are unknown */
	enum library_kind library;	/* that its code is in */
	bool python;
	bool suspends;		/* of an `async def`: a coroutine or an asynchronous generator, which runs in pieces */
	bool internal;		/* the interpreter's own code, which tracebacks do not show */
};

#endif
