/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * governor.h - decides which lever to turn down so that profiling costs the target no more than --max-overhead.
 *
 * The cost of each lever is examined some times a second. Over budget, the lever that costs most is turned down. The markers,
 * and the ticks that serve them, cannot be turned down: sections may be flushed less often, and if that is not enough the run
 * ends. The governor only decides. levers.h measures and acts.
 */
#ifndef COLLECT_OVERHEAD_GOVERNOR_H
#define COLLECT_OVERHEAD_GOVERNOR_H

#include <stdbool.h>

/* Event sources by their costs. The earlier ones are missed less. */
enum lever {
	LEVER_SAMPLES,
	LEVER_FAULTS,
	LEVER_CALLS,
	LEVER_GPU,
	LEVER_WAITS,
	LEVER_MARKERS,
	LEVERS,
};

struct governor {
	double budget;			/* of one CPU; INFINITY: there is no limit */
	double share[LEVERS];		/* of one CPU, when last examined */
	unsigned int spare;		/* consecutive examinations with budget to spare, ... */
	unsigned int over;		/* ... over budget, ... */
	unsigned int markers_over;	/* ... and over budget by the markers alone */
};

enum governor_markers {
	GOVERNOR_MARKERS_FIT,
	GOVERNOR_MARKERS_FLUSH_LESS,	/* they have been over budget for a while: to be flushed less often, if possible */
	GOVERNOR_MARKERS_OVER,		/* they still are over budget: nothing more can be reduced */
};

enum governor_step { GOVERNOR_STAY, GOVERNOR_DOWN, GOVERNOR_UP };

/* max_percent: of one CPU; 100 and above: no limit. */
void governor_init(struct governor *g, double max_percent);

/* Takes the cost of each lever during `elapsed_ns`. A lever that a duty cycle keeps within its share counts as 0. */
void governor_take(struct governor *g, const double *cost_ns, const bool *in_duty_cycle, double elapsed_ns);

/* To be called after governor_take(). Returns the step for the markers. */
enum governor_markers governor_check_markers(struct governor *g);

/* Sections are flushed less often from now on, or are measured again: the markers' cost is judged anew. */
void governor_markers_reduced(struct governor *g);

/*
 * To be called after governor_check_markers(). Returns whether another lever is to be turned down or up. For GOVERNOR_DOWN,
 * *lever is the one that costs most among those for which can[lever] is true (LEVER_MARKERS: none), and *allowed is the share
 * that it may cost.
 */
enum governor_step governor_decide(struct governor *g, const bool *can, enum lever *lever, double *allowed);

#endif
