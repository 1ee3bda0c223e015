/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* live_view.h - what the keys of the live table have chosen: the order of the sections, the first one shown, pause, help. */
#ifndef RENDER_LIVE_LIVE_VIEW_H
#define RENDER_LIVE_LIVE_VIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "render/live/live_interval.h"

enum live_sort { LIVE_BY_TOTAL, LIVE_BY_SELF, LIVE_BY_CALLS, LIVE_BY_MEAN, LIVE_BY_P99, LIVE_BY_LAST, LIVE_SORTS };

struct live_view {
	enum live_sort sort;
	size_t first;		/* sections above the first one that is shown */
	bool paused, help, quit;
	bool changed;		/* by a key since live_view_take_change() */
};

enum live_key { LIVE_UP = 0x1000, LIVE_DOWN, LIVE_PAGE_UP, LIVE_PAGE_DOWN };	/* besides characters */

/* page: lines of a page. */
void live_view_key(struct live_view *view, int key, size_t page);

/* The word for the order. */
const char *live_view_sort_word(const struct live_view *view);

/* Returns the sections in their order, "(outside)" last; to be freed. NULL: no memory. */
const struct dcbs_section **live_view_order(const struct live_view *view, const struct dcbs_report *report,
					    const struct live_interval *interval);

/* Line i of the help. NULL: there is none. */
const char *live_view_help(size_t i);

#endif
