/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* similar.h - the word that a misspelt one may stand for. */
#ifndef CLI_SIMILAR_H
#define CLI_SIMILAR_H

#include <stddef.h>

#include "cli/options/option_table.h"

/*
 * The edits that make one word of the other, at most `most` + 1. An edit inserts, leaves out or replaces a letter, or exchanges two
 * neighbours.
 */
size_t similar_distance(const char *a, const char *b, size_t most);

/* The long option of the table that `name` may stand for, without dashes; NULL: none is similar. */
const char *similar_option(const struct option_row *table, const char *name);

#endif
