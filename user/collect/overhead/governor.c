// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* governor.c - decides which lever to turn down so that profiling costs the target no more than --max-overhead. */
#include <math.h>

#include "collect/overhead/governor.h"

#define NO_LIMIT 100		/* percent */
#define SPARE 0.25		/* part of the budget below which a lever is turned up ... */
#define SPARE_TIMES 25		/* ... after that many consecutive examinations */
#define WORTH 0.1		/* part of the budget: a lever that costs less is not turned down */
#define OVER_TIMES 4		/* examinations over budget until a lever is turned down: a burst passes */
#define MARKERS_TIMES 4		/* the same until the markers count as over budget */

void governor_init(struct governor *g, double max_percent)
{
	*g = (struct governor){.budget = max_percent < NO_LIMIT ? max_percent / 100 : INFINITY};
}

void governor_take(struct governor *g, const double *cost_ns, const bool *in_duty_cycle, double elapsed_ns)
{
	int i;

	for (i = 0; i < LEVERS; i++)
		g->share[i] = elapsed_ns > 0 && !in_duty_cycle[i] ? cost_ns[i] / elapsed_ns : 0;
}

static double total_share(const struct governor *g)
{
	double sum = 0;
	int i;

	for (i = 0; i < LEVERS; i++)
		sum += g->share[i];
	return sum;
}

enum governor_markers governor_check_markers(struct governor *g)
{
	g->markers_over = g->share[LEVER_MARKERS] > g->budget ? g->markers_over + 1 : 0;
	if (g->markers_over >= MARKERS_TIMES)
		return GOVERNOR_MARKERS_OVER;
	return g->markers_over == MARKERS_TIMES / 2 ? GOVERNOR_MARKERS_FLUSH_LESS : GOVERNOR_MARKERS_FIT;
}

void governor_markers_reduced(struct governor *g)
{
	g->markers_over = 0;
}

static enum lever most_expensive_lever(const struct governor *g, const bool *can)
{
	int i, best = LEVER_MARKERS;

	for (i = 0; i < LEVER_MARKERS; i++)
		if (can[i] && g->share[i] > WORTH * g->budget && (best == LEVER_MARKERS || g->share[i] > g->share[best]))
			best = i;
	return (enum lever)best;
}

/* The cost of markers that cannot be reduced is no reason to turn down other levers. */
static double reducible_share(const struct governor *g)
{
	return total_share(g) - (g->markers_over ? g->share[LEVER_MARKERS] : 0);
}

enum governor_step governor_decide(struct governor *g, const bool *can, enum lever *lever, double *allowed)
{
	g->spare = total_share(g) < SPARE * g->budget ? g->spare + 1 : 0;
	g->over = reducible_share(g) > g->budget ? g->over + 1 : 0;
	if (g->over >= OVER_TIMES) {
		g->over = OVER_TIMES - 2;
		*lever = most_expensive_lever(g, can);
		*allowed = g->budget - (total_share(g) - g->share[*lever]);
		return GOVERNOR_DOWN;
	}
	if (g->spare < SPARE_TIMES)
		return GOVERNOR_STAY;
	g->spare = 0;
	return GOVERNOR_UP;
}
