// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* order.c - functions by time, by name, by place. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "render/order.h"

/* The words of cProfile's users (pstats.Stats.sort_stats), and ours. */
static const struct {
	const char *name;
	enum order_key order;
} names[] = {
	{"cumulative", ORDER_CUMULATIVE}, {"cumtime", ORDER_CUMULATIVE},
	{"self", ORDER_SELF}, {"tottime", ORDER_SELF}, {"time", ORDER_SELF},
	{"calls", ORDER_CALLS}, {"ncalls", ORDER_CALLS}, {"pcalls", ORDER_CALLS},
	{"name", ORDER_NAME}, {"nfl", ORDER_NAME}, {"stdname", ORDER_NAME},
	{"file", ORDER_FILE}, {"filename", ORDER_FILE}, {"module", ORDER_FILE},
	{"line", ORDER_LINE},
};

bool order_by_name(const char *name, enum order_key *order)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(names[i].name, name))
			continue;
		*order = names[i].order;
		return true;
	}
	return false;
}

bool order_is_rest(const struct dcbs_function *f)
{
	return isnan(f->cumulative_s);
}

/* The largest first, what is unknown last. */
static int by_time(double x, double y)
{
	if (isnan(x) || isnan(y))
		return isnan(x) - isnan(y);
	return (x < y) - (x > y);
}

static int by_text(const char *x, const char *y)
{
	return x && y ? strcmp(x, y) : (x == NULL) - (y == NULL);
}

/* The smallest first, what is unknown last. */
static int by_line(int64_t x, int64_t y)
{
	if (x == DCBS_UNKNOWN || y == DCBS_UNKNOWN)
		return (x == DCBS_UNKNOWN) - (y == DCBS_UNKNOWN);
	return (x > y) - (x < y);
}

static int by_key(const struct dcbs_function *x, const struct dcbs_function *y, enum order_key order)
{
	switch (order) {
	case ORDER_SELF: return by_time(x->self_s, y->self_s);
	case ORDER_CALLS: return (x->calls < y->calls) - (x->calls > y->calls);
	case ORDER_NAME: return by_text(x->function, y->function) ?: by_text(x->file, y->file) ?: by_line(x->line, y->line);
	case ORDER_FILE: return by_text(x->file, y->file) ?: by_line(x->line, y->line);
	case ORDER_LINE: return by_line(x->line, y->line) ?: by_text(x->file, y->file);
	default: return 0;
	}
}

/* Equal ones stay in the order of the report, which has callers before what they call. */
static int compare(const void *a, const void *b, void *order)
{
	const struct dcbs_function *x = *(const struct dcbs_function *const *)a;
	const struct dcbs_function *y = *(const struct dcbs_function *const *)b;
	int rest = order_is_rest(x) - order_is_rest(y);

	return rest ?: by_key(x, y, *(const enum order_key *)order) ?: by_time(x->cumulative_s, y->cumulative_s) ?:
	       (x > y) - (x < y);
}

const struct dcbs_function **order_functions(const struct dcbs_report *r, enum order_key order)
{
	const struct dcbs_function **sorted = calloc(r->nr_functions + 1, sizeof(*sorted));
	size_t i, start = 0;

	if (!sorted)
		return NULL;
	for (i = 0; i < r->nr_functions; i++) {
		if (strcmp(r->functions[i].section, r->functions[start].section)) {
			qsort_r(&sorted[start], i - start, sizeof(*sorted), compare, &order);
			start = i;
		}
		sorted[i] = &r->functions[i];
	}
	qsort_r(&sorted[start], i - start, sizeof(*sorted), compare, &order);
	return sorted;
}
