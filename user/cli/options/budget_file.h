/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * budget_file.h - the file of --budget: limits for the values of the new side.
 *
 *     rss = "< 2GiB"
 *
 *     [forward_pass]
 *     p99 = "< 80ms"
 *     "wait:gil" = "< 1ms"
 *
 *     ["a name with spaces"]
 *     items_per_s = "> 100"
 *
 * It is a part of TOML: tables, keys with strings, and comments.
 */
#ifndef CLI_OPTIONS_BUDGET_FILE_H
#define CLI_OPTIONS_BUDGET_FILE_H

#include "compare/limit.h"

/*
 * Adds the limits of the file, at most until there are LIMIT_MOST. Errors have the name, the line and the column. name: that of the
 * file, safe to print.
 */
int budget_read(struct limit *limits, size_t *nr, const char *file, const char *name);

#endif
