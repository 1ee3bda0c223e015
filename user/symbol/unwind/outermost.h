/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* outermost.h - functions in which a thread or a process begins, by their names. */
#ifndef SYMBOL_UNWIND_OUTERMOST_H
#define SYMBOL_UNWIND_OUTERMOST_H

#include <stdbool.h>

#include "symbol/symbol.h"

/*
 * Returns true if a thread or a process begins in the function. The C library's own beginnings have no names in its table of dynamic
 * symbols: a function of it without a name that calls others is taken for one of them.
 */
bool outermost_by_name(const struct symbol *caller);

#endif
