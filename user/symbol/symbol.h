/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* symbol.h - the function at one place in a program. */
#ifndef SYMBOL_SYMBOL_H
#define SYMBOL_SYMBOL_H

#include <linux/types.h>
#include <stdbool.h>

/* The strings belong to the symbols that named the function and live as long as they do. They are raw bytes, not sanitised. */
struct symbol {
	const char *function;	/* qualname where there is one, demangled; NULL: unknown */
	const char *file;	/* of the source, or the library where the source is unknown; NULL: unknown */
	__u32 line;		/* 0: unknown */
	bool python;
	bool internal;		/* the interpreter's own code, which tracebacks do not show */
};

#endif
