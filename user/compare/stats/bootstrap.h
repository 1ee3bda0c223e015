/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * bootstrap.h - how much the mean of one run may differ by chance from that of another, by the slices of time of both runs.
 *
 * Neighbouring slices are alike, so whole blocks of them are drawn (the moving-block bootstrap). The interval covers what varies
 * within the two runs; how much one run differs from the next is not in it.
 */
#ifndef COMPARE_STATS_BOOTSTRAP_H
#define COMPARE_STATS_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>

#define BOOTSTRAP_SLICES 1024	/* of a run, at most */
#define BOOTSTRAP_LEAST 8	/* slices; fewer do not show how a run varies */

/* A run as slices: what was measured in each, and by what it is divided, such as seconds and calls. */
struct bootstrap_run {
	const double *amount, *divisor;
	size_t nr;
};

/* Stores the interval of log(NEW / OLD), both ratios of sums. Returns false if the slices do not carry one. */
bool bootstrap_interval(const struct bootstrap_run *old_run, const struct bootstrap_run *new_run, double confidence,
			double *low, double *high);

#endif
