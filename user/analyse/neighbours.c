// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* neighbours.c - see neighbours.h. */
#include <errno.h>
#include <stdlib.h>

#include "analyse/neighbours.h"
#include "base/sanitize.h"

#define MOST_NEIGHBOURS 16
#define LEAST_SHARE 0.005

static bool is_a_target(const struct dcbs_report *r, pid_t pid)
{
	size_t i;

	for (i = 0; i < r->nr_targets; i++)
		if (pid && r->targets[i].pid == pid)
			return true;
	return false;
}

/* The whole has the waits behind processes for which the map had no room. The entries are read later than it and may exceed it. */
static double whole_ns(const struct snapshot *snap)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < snap->nr_neighbours; i++)
		sum += (double)snap->neighbours[i].ns;
	return sum > (double)snap->counters.neighbours_ns ? sum : (double)snap->counters.neighbours_ns;
}

int neighbours_fill(struct dcbs_report *r, const struct snapshot *snap)
{
	double whole = whole_ns(snap);
	size_t i;

	r->neighbours = calloc(MOST_NEIGHBOURS, sizeof(*r->neighbours));
	if (!r->neighbours)
		return -ENOMEM;
	for (i = 0; i < snap->nr_neighbours && i < MOST_NEIGHBOURS; i++) {
		const struct snapshot_neighbour *from = &snap->neighbours[i];
		struct dcbs_neighbour *to = &r->neighbours[i];

		if (!((double)from->ns >= LEAST_SHARE * whole))
			break;
		r->nr_neighbours++;
		*to = (struct dcbs_neighbour) {
			.pid = from->pid, .comm = sanitize(from->comm, sizeof(from->comm)), .cpu_share = (double)from->ns / whole,
			.is_target = is_a_target(r, from->pid),
		};
		if (!to->comm)
			return -ENOMEM;
	}
	return 0;
}

void neighbours_free(struct dcbs_report *r)
{
	size_t i;

	for (i = 0; i < r->nr_neighbours; i++)
		free(r->neighbours[i].comm);
	free(r->neighbours);
}
