/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* python_match.h - is a Python function the one that is meant by module.qualname? */
#ifndef SYMBOL_PYTHON_MATCH_H
#define SYMBOL_PYTHON_MATCH_H

#include <stdbool.h>

/*
 * function: as its code object has it, a qualname or, before Python 3.11, its last part; file: of its source. The
 * module is known by the end of the file's path: pkg.mod is .../pkg/mod.py or .../pkg/mod/__init__.py; __main__ is any.
 */
bool python_match_function(const char *wanted, const char *function, const char *file);

#endif
