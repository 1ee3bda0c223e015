/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* function_rows.h - which functions of a section the report shows. */
#ifndef RENDER_PARTS_FUNCTION_ROWS_H
#define RENDER_PARTS_FUNCTION_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "dcbs/profiler.h"
#include "render/order.h"

/*
 * The functions of a section, in order.
 *
 * A caller is on every stack of the section and has no self time, so its row would repeat the section's total. Of the callers,
 * only `frame` is shown, the innermost one; or, if there are callers in Python, the innermost one in Python and `enters`, the
 * first caller with a name that it calls outside of Python.
 */
struct function_rows {
	const char *section;
	const struct dcbs_function **functions;
	size_t nr;
	double total_s;		/* sum of the self times */
	double samples;
	double bound;		/* of shares; NAN: no sample found it computing */
	const struct dcbs_function *hot;	/* that with the most time in itself; NULL: none is certain */
	const struct dcbs_function *frame, *enters;	/* NULL: none */
	size_t callers;		/* callers that are not shown */
	size_t wrappers;	/* native functions without self time that only call others of the same time, or have no name */
};

/*
 * Finds the functions of a section among those of the report, sorted. Returns true if any has self time. rows->functions is to be
 * freed in either case.
 */
bool function_rows_collect(struct function_rows *rows, const struct dcbs_report *report, const struct dcbs_function **sorted,
			   const char *section);

/* The time that the share of a row is computed from, and its error. */
double function_rows_time(const struct dcbs_function *function, enum order_key order);
double function_rows_error(const struct dcbs_function *function, enum order_key order);

/* Keeps `most` rows to show; the hot function is among them. Returns the number of others, without callers and wrappers. */
size_t function_rows_keep(struct function_rows *rows, enum order_key order, size_t most);

#endif
