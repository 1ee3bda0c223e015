/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* similar.h - the word that a misspelt one may stand for. */
#ifndef CLI_SIMILAR_H
#define CLI_SIMILAR_H

#include <stddef.h>

/* The edits that make one word of the other: a letter inserted, left out, replaced, or two neighbours exchanged. At most `most` + 1. */
size_t similar_distance(const char *a, const char *b, size_t most);

/* The long option that `name` may stand for, without dashes; NULL: none is similar. */
const char *similar_option(const char *name);

#endif
