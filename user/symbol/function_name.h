/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* function_name.h - matches the name that the user gives for a native function against symbols and demangled names. */
#ifndef SYMBOL_FUNCTION_NAME_H
#define SYMBOL_FUNCTION_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum function_match {
	FUNCTION_OTHER,
	FUNCTION_PART,		/* a part that the compiler has split off the function */
	FUNCTION_WHOLE,		/* the function, or a copy of it that the compiler has made for some callers */
};

/*
 * symbol: as the linker has it, without a version, or demangled already. It matches by itself, and by its demangled form: with or without parameters, with
 * or without the return type and arguments of a template. So "ns::f" names all overloads and instances of ns::f; "f" does not.
 */
enum function_match function_name_match(const char *symbol, const char *wanted);

/* Returns the length without the suffix of a cold part, which is jumped to, not called; 0: the symbol does not end in one. */
size_t function_name_without_cold(const char *symbol);

/* Returns true if the symbol is that of a part that was split off a function: a cold one, or ".part.N". */
bool function_name_is_part(const char *symbol);

#endif
