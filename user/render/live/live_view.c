// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* live_view.c - see live_view.h. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "render/live/live_view.h"

struct sort_key {
	char key;
	const char *word;
};

static const struct sort_key sort_keys[LIVE_SORTS] = {
	[LIVE_BY_TOTAL] = {'t', "total"}, [LIVE_BY_SELF] = {'f', "self"}, [LIVE_BY_CALLS] = {'c', "calls"},
	[LIVE_BY_MEAN] = {'m', "mean"}, [LIVE_BY_P99] = {'9', "p99"}, [LIVE_BY_LAST] = {'l', "the last interval"},
};

static const char *const help_lines[] = {
	"q     stop, and write the report",
	"p     pause; again: go on",
	"s     the next order of the sections, or at once by",
	"      t total  f self  c calls  m mean  9 p99  l the last interval",
	"j k   scroll; also with the arrows and page keys",
	"?     this help; again: the sections",
	"",
	"now/s and now are calls a second and the share of the last interval,",
	"all other columns are of the whole window. * means: open now.",
	"A terminal of 100 x 30 or more also has hot functions, memory and GPU.",
};

const char *live_view_help(size_t i)
{
	return i < ARRAY_SIZE(help_lines) ? help_lines[i] : NULL;
}

const char *live_view_sort_word(const struct live_view *view)
{
	return sort_keys[view->sort].word;
}

static bool choose_sort(struct live_view *view, int key)
{
	int i;

	if (key == 's') {
		view->sort = (view->sort + 1) % LIVE_SORTS;
		return true;
	}
	for (i = 0; i < LIVE_SORTS; i++)
		if (key == sort_keys[i].key) {
			view->sort = (enum live_sort)i;
			return true;
		}
	return false;
}

static bool scroll(struct live_view *view, int key, size_t page)
{
	bool up = key == 'k' || key == LIVE_UP || key == LIVE_PAGE_UP, down = key == 'j' || key == LIVE_DOWN || key == LIVE_PAGE_DOWN;
	size_t by = key == LIVE_PAGE_UP || key == LIVE_PAGE_DOWN ? page : 1;

	if (up)
		view->first -= by < view->first ? by : view->first;
	if (down)
		view->first += by;
	return up || down;
}

void live_view_key(struct live_view *view, int key, size_t page)
{
	if (key == 'q' || key == 'Q')
		view->quit = true;
	else if (key == 'p' || key == ' ')
		view->paused = !view->paused;
	else if (key == '?' || key == 'h')
		view->help = !view->help;
	else if (!choose_sort(view, key) && !scroll(view, key, page))
		return;
	view->changed = true;
}

/* ---- order ---- */

struct ordered_section {
	const struct dcbs_section *section;
	double key;
	size_t at;		/* in the report */
};

static double known_or_least(double value)
{
	return isnan(value) ? -1 : value;
}

static double sort_value(enum live_sort sort, const struct dcbs_section *s, const struct live_interval *interval)
{
	const struct live_figures *recent = live_interval_of(interval, s);

	switch (sort) {
	case LIVE_BY_SELF: return known_or_least(s->self_s);
	case LIVE_BY_CALLS: return s->count == DCBS_UNKNOWN ? -1 : (double)s->count;
	case LIVE_BY_MEAN: return known_or_least(s->mean_s);
	case LIVE_BY_P99: return known_or_least(s->p99_s);
	case LIVE_BY_LAST: return recent ? known_or_least(recent->new_total_s) : -1;
	default: return 0;	/* the report's order */
	}
}

static int compare_ordered(const void *a, const void *b)
{
	const struct ordered_section *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? 1 : -1;
	return x->at < y->at ? -1 : x->at > y->at;
}

const struct dcbs_section **live_view_order(const struct live_view *view, const struct dcbs_report *r, const struct live_interval *interval)
{
	struct ordered_section *list = calloc(r->nr_sections + 1, sizeof(*list));
	const struct dcbs_section **order = calloc(r->nr_sections + 1, sizeof(*order));
	size_t i;

	for (i = 0; list && i < r->nr_sections; i++) {
		const struct dcbs_section *s = &r->sections[i];
		bool outside = i + 1 == r->nr_sections && !strcmp(s->name, DCBS_OUTSIDE);

		list[i] = (struct ordered_section){s, outside ? -2 : sort_value(view->sort, s, interval), i};
	}
	if (list)
		qsort(list, r->nr_sections, sizeof(*list), compare_ordered);
	for (i = 0; list && order && i < r->nr_sections; i++)
		order[i] = list[i].section;
	if (!list) {
		free(order);
		order = NULL;
	}
	free(list);
	return order;
}
