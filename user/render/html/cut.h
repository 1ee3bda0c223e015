/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* cut.h - a report that is small enough for a page: of long lists the most important elements. */
#ifndef RENDER_HTML_CUT_H
#define RENDER_HTML_CUT_H

#include "dcbs/profiler.h"

/* How many elements of each list were left out. */
struct cut_counts {
	size_t targets, sections, bottlenecks, functions, operators, stacks, caches, threads, event_loops, notes;
	double stacks_s;	/* the time of those stacks */
};

struct cut_report {
	struct dcbs_report report;	/* refers to the whole report; not to be freed as a report */
	uint32_t *stack_frames;		/* of all its stacks */
	struct cut_counts left_out;
};

/* Returns 0 or -ENOMEM. cut_report_free() must be called in either case, and before the whole report is freed. */
int cut_report_make(struct cut_report *cut, const struct dcbs_report *whole);
void cut_report_free(struct cut_report *cut);

#endif
