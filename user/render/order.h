/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* order.h - the order in which the functions of a section are shown. */
#ifndef RENDER_ORDER_H
#define RENDER_ORDER_H

#include <stdbool.h>

#include "dcbs/profiler.h"

enum order_key { ORDER_CUMULATIVE, ORDER_SELF, ORDER_CALLS, ORDER_NAME, ORDER_FILE, ORDER_LINE };

/* Finds the key for a word of --sort-by; cProfile's words are accepted, too. Returns false if there is no such word. */
bool order_by_name(const char *name, enum order_key *key);

/* The report's functions: sections as in the report, functions sorted within each. The caller frees it; NULL: no memory. */
const struct dcbs_function **order_functions(const struct dcbs_report *report, enum order_key key);

/* Returns true for "(N more)", which stands for all functions that have no row of their own. */
bool order_is_rest(const struct dcbs_function *function);

#endif
