// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* function_rows.c - which functions of a section the report shows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "render/parts/function_rows.h"

#define MINOR 0.05	/* of a section: with less self time, a function without a name and a wrapper say nothing */
#define SMALL 0.0005	/* of a section: a function with less time is not shown */
#define NEARLY_ALL 0.98	/* of a section: on the other stacks a caller was not found, or the section was entered in another way */
#define ALIKE 0.02	/* of a section: native functions that call one another differ by less in the stacks that a walk lost */
#define FEW_SAMPLES 3	/* fewer do not carry a row */
#define TWO_SIGMA 1.96

double function_rows_time(const struct dcbs_function *f, enum order_key order)
{
	return order == ORDER_SELF || order_is_rest(f) ? f->self_s : f->cumulative_s;
}

double function_rows_error(const struct dcbs_function *f, enum order_key order)
{
	return order == ORDER_SELF || order_is_rest(f) ? f->self_error_s : f->cumulative_error_s;
}

/*
 * Returns true if the samples carry the row: its time is more than nothing in 19 of 20 cases. Waits are timed, so the error of the
 * ticks does not matter to a row of waits.
 */
static bool is_certain(const struct dcbs_function *f, enum order_key order)
{
	bool self = order == ORDER_SELF || order_is_rest(f);
	int64_t samples = self ? f->self_samples : f->cumulative_samples;
	double off_s = self ? f->self_off_s : f->cumulative_off_s;

	if (off_s >= 0.5 * function_rows_time(f, order) || isnan(function_rows_error(f, order)))
		return true;
	return samples >= FEW_SAMPLES && function_rows_time(f, order) >= TWO_SIGMA * function_rows_error(f, order);
}

/* Returns true if the function itself took some of the section's time, by more samples than chance brings. */
static bool has_own_time(const struct function_rows *rows, const struct dcbs_function *f)
{
	return f->self_s >= SMALL * rows->total_s && is_certain(f, ORDER_SELF);
}

/* Returns true if f is on nearly every stack of the section and has no self time. */
static bool is_caller(const struct function_rows *rows, const struct dcbs_function *f)
{
	return f->cumulative_s >= NEARLY_ALL * rows->total_s && !has_own_time(rows, f);
}

static bool is_unnamed(const struct dcbs_function *f)
{
	return !strcmp(f->function, "(unknown)");
}

/* The report has callers before callees, so the innermost caller is the last one in memory. */
static void find_callers(struct function_rows *rows)
{
	const struct dcbs_function *f, *innermost = NULL, *python = NULL;
	size_t i;

	for (i = 0; i < rows->nr; i++) {
		f = rows->functions[i];
		if (!is_caller(rows, f))
			continue;
		rows->callers++;
		innermost = !innermost || f > innermost ? f : innermost;
		if (f->python)
			python = !python || f > python ? f : python;
	}
	for (i = 0; i < rows->nr && python; i++) {
		f = rows->functions[i];
		if (is_caller(rows, f) && f > python && !is_unnamed(f) && (!rows->enters || f < rows->enters))
			rows->enters = f;
	}
	rows->frame = python ? python : innermost;
	rows->callers -= (rows->frame != NULL) + (rows->enters != NULL);
}

static void sum_rows(struct function_rows *rows)
{
	size_t i;

	rows->bound = rows->nr ? rows->functions[0]->share_bound : NAN;
	for (i = 0; i < rows->nr; i++) {
		rows->total_s += fmax(rows->functions[i]->self_s, 0);
		rows->samples += fmax((double)rows->functions[i]->self_samples, 0);
	}
	find_callers(rows);
}

bool function_rows_collect(struct function_rows *rows, const struct dcbs_report *r, const struct dcbs_function **sorted,
			 const char *section)
{
	size_t i;

	*rows = (struct function_rows) {.section = section, .functions = calloc(r->nr_functions + 1, sizeof(*rows->functions))};
	if (!rows->functions)
		return false;
	for (i = 0; i < r->nr_functions; i++)
		if (!strcmp(sorted[i]->section, section))
			rows->functions[rows->nr++] = sorted[i];
	sum_rows(rows);
	return rows->nr && rows->total_s > 0;
}

/* Stands for callers that are missing, such as "(callers unknown)": it has no time of its own, as "(function not sampled)" has. */
static bool is_stand_in(const struct function_rows *rows, const struct dcbs_function *f)
{
	return !f->python && !f->file && f->function[0] == '(' && !(f->self_s >= SMALL * rows->total_s);
}

/* The markers themselves, and the wrapper around each module of PyTorch. */
static bool is_internal(const struct dcbs_function *f)
{
	if (!f->file)
		return false;
	return strstr(f->file, "libdcbs-markers.so") || strstr(f->file, "/dcbs_profiler/") ||
	       (strstr(f->function, "_call_impl") && strstr(f->file, "torch/nn/modules/module.py"));
}

static bool is_minor(const struct function_rows *rows, const struct dcbs_function *f)
{
	return is_stand_in(rows, f) || ((is_internal(f) || (is_unnamed(f) && !f->python)) && !(f->self_s >= MINOR * rows->total_s));
}

static bool is_shown_function(const struct function_rows *rows, const struct dcbs_function *f, enum order_key order)
{
	if (is_minor(rows, f))
		return false;
	if (is_caller(rows, f) && f != rows->frame && f != rows->enters)
		return false;
	return !order_is_rest(f) && function_rows_time(f, order) >= SMALL * rows->total_s && is_certain(f, order);
}

/* Returns true for a native function without self time that is not a caller. */
static bool does_nothing(const struct function_rows *rows, const struct dcbs_function *f)
{
	return !f->python && !order_is_rest(f) && !is_caller(rows, f) && !(f->self_s >= SMALL * rows->total_s);
}

/* Functions that call one another and have about the same time are shown as one: the first one with a name. */
static bool is_wrapped(const struct function_rows *rows, const struct dcbs_function *f)
{
	size_t i;

	if (!does_nothing(rows, f))
		return false;
	for (i = 0; i < rows->nr; i++)
		if (does_nothing(rows, rows->functions[i]) && fabs(rows->functions[i]->cumulative_s - f->cumulative_s) <= ALIKE * rows->total_s)
			return true;
	return is_unnamed(f);
}

static void find_hot(struct function_rows *rows)
{
	size_t i;

	for (i = 0; i < rows->nr; i++) {
		const struct dcbs_function *f = rows->functions[i];

		if (is_shown_function(rows, f, ORDER_SELF) && (!rows->hot || f->self_s > rows->hot->self_s))
			rows->hot = f;
	}
}

size_t function_rows_keep(struct function_rows *rows, enum order_key order, size_t most)
{
	size_t i, nr = rows->nr;
	bool hot = false;

	find_hot(rows);
	rows->nr = 0;
	for (i = 0; i < nr && rows->nr < most; i++) {
		const struct dcbs_function *f = rows->functions[i];

		if (is_shown_function(rows, f, order) && is_wrapped(rows, f))
			rows->wrappers++;
		else if (is_shown_function(rows, f, order) && (rows->nr + 1 < most || hot || !rows->hot || f == rows->hot)) {
			rows->functions[rows->nr++] = f;
			hot |= f == rows->hot;
		}
	}
	return nr - rows->callers - rows->wrappers - rows->nr;
}
