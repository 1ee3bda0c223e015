/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* source_scopes.h - the functions and classes in a Python source, by indentation. */
#ifndef SYMBOL_PYTHON_SOURCE_SCOPES_H
#define SYMBOL_PYTHON_SOURCE_SCOPES_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Calls visit(ctx, first_line, qualname) for each `def` and `class`, in the order of the source, until it returns false.
 * first_line: of its first decorator, as co_firstlineno has it. The text may hold anything.
 */
void source_scopes_each(const char *text, size_t bytes, bool (*visit)(void *ctx, __u32 first_line, const char *qualname), void *ctx);

#endif
