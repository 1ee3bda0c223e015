/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* live_interval.h - what each section did in the last interval: the difference of two reports. */
#ifndef RENDER_LIVE_LIVE_INTERVAL_H
#define RENDER_LIVE_LIVE_INTERVAL_H

#include "dcbs/profiler.h"

struct live_figures {
	char *name;
	int kind;
	int64_t calls;		/* so far, and in the interval; DCBS_UNKNOWN: unknown */
	double total_s;		/* likewise; NAN: unknown */
	int64_t new_calls;
	double new_total_s;
};

struct live_interval {
	struct live_figures *list;	/* as of the last report */
	size_t nr;
	double at_s, length_s;		/* end of the interval after the start of the window, and its length; 0: none so far */
};

/* The interval from the last report that was taken to this one becomes the last interval. Without memory it is unknown. */
void live_interval_take(struct live_interval *interval, const struct dcbs_report *report);

/* Returns what a section did in the last interval. NULL: that is not known, as before the second report. */
const struct live_figures *live_interval_of(const struct live_interval *interval, const struct dcbs_section *section);

void live_interval_free(struct live_interval *interval);

#endif
