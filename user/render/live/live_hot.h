/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* live_hot.h - the functions that took most time themselves, from the stacks of all sections. */
#ifndef RENDER_LIVE_LIVE_HOT_H
#define RENDER_LIVE_LIVE_HOT_H

#include <stddef.h>

#include "dcbs/profiler.h"

struct live_hot {
	const struct dcbs_frame *function;
	const char *section;	/* in which it took most of the time */
	double self_s, off_s;	/* in itself; the part of it that it waited */
};

/*
 * Stores the `most` hottest functions, the hottest first, and returns their number. *whole_s is the time of all stacks that count: those
 * in sections, or all if there is no section. Without memory there are none.
 */
size_t live_hot_find(struct live_hot *hot, size_t most, const struct dcbs_report *report, double *whole_s);

#endif
