/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* python_match.h - matches a Python function against the name that the user gave for it. */
#ifndef SYMBOL_PYTHON_MATCH_H
#define SYMBOL_PYTHON_MATCH_H

#include <stdbool.h>

/*
 * Returns true if `wanted`, FUNCTION or MODULE.FUNCTION, names this function. function: the name in its code object, a
 * qualname or, before Python 3.11, the last part of one; NULL: unknown. file: its source; NULL: unknown. The end of the file's
 * path gives the module: .../pkg/mod.py and .../pkg/mod/__init__.py are pkg.mod. Module __main__ matches any file.
 */
bool python_match_function(const char *wanted, const char *function, const char *file);

#endif
