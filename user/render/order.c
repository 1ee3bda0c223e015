// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* order.c - sorts the functions of each section by time, calls, name or place. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "render/order.h"

/* The words of cProfile (pstats.Stats.sort_stats), and our own. */
static const struct {
	const char *name;
	enum order_key key;
} key_names[] = {
	{"cumulative", ORDER_CUMULATIVE}, {"cumtime", ORDER_CUMULATIVE},
	{"self", ORDER_SELF}, {"tottime", ORDER_SELF}, {"time", ORDER_SELF},
	{"calls", ORDER_CALLS}, {"ncalls", ORDER_CALLS}, {"pcalls", ORDER_CALLS},
	{"name", ORDER_NAME}, {"nfl", ORDER_NAME}, {"stdname", ORDER_NAME},
	{"file", ORDER_FILE}, {"filename", ORDER_FILE}, {"module", ORDER_FILE},
	{"line", ORDER_LINE},
};

bool order_by_name(const char *name, enum order_key *key)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(key_names); i++) {
		if (strcmp(key_names[i].name, name))
			continue;
		*key = key_names[i].key;
		return true;
	}
	return false;
}

bool order_is_rest(const struct dcbs_function *f)
{
	return isnan(f->cumulative_s);
}

/* Largest first, unknown last. */
static int compare_time(double x, double y)
{
	if (isnan(x) || isnan(y))
		return isnan(x) - isnan(y);
	return (x < y) - (x > y);
}

static int compare_text(const char *x, const char *y)
{
	return x && y ? strcmp(x, y) : (x == NULL) - (y == NULL);
}

/* Smallest first, unknown last. */
static int compare_line(int64_t x, int64_t y)
{
	if (x == DCBS_UNKNOWN || y == DCBS_UNKNOWN)
		return (x == DCBS_UNKNOWN) - (y == DCBS_UNKNOWN);
	return (x > y) - (x < y);
}

static int compare_by_key(const struct dcbs_function *x, const struct dcbs_function *y, enum order_key key)
{
	switch (key) {
	case ORDER_SELF: return compare_time(x->self_s, y->self_s);
	case ORDER_CALLS: return (x->calls < y->calls) - (x->calls > y->calls);
	case ORDER_NAME:
		return compare_text(x->function, y->function) ?: compare_text(x->file, y->file) ?: compare_line(x->line, y->line);
	case ORDER_FILE: return compare_text(x->file, y->file) ?: compare_line(x->line, y->line);
	case ORDER_LINE: return compare_line(x->line, y->line) ?: compare_text(x->file, y->file);
	default: return 0;
	}
}

/* Equal functions stay in the order of the report, which has callers before callees. "(N more)" is last. */
static int compare_functions(const void *a, const void *b, void *key)
{
	const struct dcbs_function *x = *(const struct dcbs_function *const *)a;
	const struct dcbs_function *y = *(const struct dcbs_function *const *)b;
	int rest = order_is_rest(x) - order_is_rest(y);

	return rest ?: compare_by_key(x, y, *(const enum order_key *)key) ?: compare_time(x->cumulative_s, y->cumulative_s) ?:
	       (x > y) - (x < y);
}

const struct dcbs_function **order_functions(const struct dcbs_report *r, enum order_key key)
{
	const struct dcbs_function **sorted = calloc(r->nr_functions + 1, sizeof(*sorted));
	size_t i, start = 0;

	if (!sorted)
		return NULL;
	for (i = 0; i < r->nr_functions; i++) {
		if (strcmp(r->functions[i].section, r->functions[start].section)) {
			qsort_r(&sorted[start], i - start, sizeof(*sorted), compare_functions, &key);
			start = i;
		}
		sorted[i] = &r->functions[i];
	}
	qsort_r(&sorted[start], i - start, sizeof(*sorted), compare_functions, &key);
	return sorted;
}
