/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* python_match.h - matches a Python function against the name that the user gave for it. */
#ifndef SYMBOL_PYTHON_MATCH_H
#define SYMBOL_PYTHON_MATCH_H

#include "symbol/symbol.h"

enum python_match {
	PYTHON_MATCH_NO,
	PYTHON_MATCH_YES,
	PYTHON_MATCH_PERHAPS,	/* the last part of the name fits; the classes around the function are unknown */
};

/*
 * Returns whether `wanted` names this Python function. It is FUNCTION, MODULE.FUNCTION or FILE:LINE.
 *
 * FUNCTION is the qualname. The end of the file's path gives the module: .../pkg/mod.py and .../pkg/mod/__init__.py are pkg.mod.
 * Module __main__ matches any file. FILE is a path or the end of one, and LINE a line of the function's head: from its first
 * decorator to the last line before its body.
 */
enum python_match python_match(const char *wanted, const struct symbol *function);

#endif
