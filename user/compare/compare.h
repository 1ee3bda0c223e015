/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* compare.h - compares the sessions of two sides. No I/O. */
#ifndef COMPARE_COMPARE_H
#define COMPARE_COMPARE_H

#include "compare/comparison.h"

/*
 * Compares. The comparison refers to the options, reports and names that it was given. Returns a negative errno and a message if
 * the sides cannot be compared; the comparison need not be freed then.
 */
int compare_sessions(struct comparison **comparison, const struct comparison_options *options,
		     const struct comparison_side *old_side, const struct comparison_side *new_side);

/* NULL is allowed. */
void compare_free(struct comparison *comparison);

#endif
