/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* function_words.h - the name and the place of a function, as the report shows them. */
#ifndef RENDER_TEXT_FUNCTION_WORDS_H
#define RENDER_TEXT_FUNCTION_WORDS_H

#include <stddef.h>

#include "dcbs/profiler.h"

/*
 * "file:line", or the name of a native function's image without folders; and the function's hottest line. The result is in `to`,
 * which has room for 128 bytes or more, or is a part of f.
 */
const char *function_words_place(const struct dcbs_function *f, char *to, size_t size);

/* The name of a native function without the types of its parameters, which are long and seldom of interest. */
const char *function_words_name(const struct dcbs_function *f, char *to, size_t size);

#endif
