/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * sample_weights.h - how much time one sample of a section stands for.
 *
 * The ledger of a section has its exact running time and its exact waits by cause; samples only show where that time
 * was spent. So the exact time of each kind is divided among the samples of that kind: the times of all samples of a
 * section add up to the section's own, whatever their number, and only the proportions carry a sampling error.
 */
#ifndef ANALYSE_STACKS_SAMPLE_WEIGHTS_H
#define ANALYSE_STACKS_SAMPLE_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* A section that at least one sample was taken in. */
struct weighted_section {
	__u16 section;		/* index of the snapshot's sections, or SNAPSHOT_OUTSIDE */
	char *name;		/* as the report shows it */
};

/* In the order of the report's sections, DCBS_OUTSIDE last. The result is freed with sample_weights_free_sections(). */
int sample_weights_sections(struct weighted_section **sections, size_t *nr, const struct snapshot *snap);
void sample_weights_free_sections(struct weighted_section *sections, size_t nr);

/* The total time of a section, or its self time: that in which it was the innermost open section of its thread. */
enum sample_scope { SAMPLE_SCOPE_TOTAL, SAMPLE_SCOPE_SELF };

/* Returns true if the time of `stack` counts for that section. DCBS_OUTSIDE excludes idle threads, see threads_mark_idle(). */
bool sample_weights_covers(const struct snapshot_stack *stack, __u16 section, enum sample_scope scope);

/* The seconds that each unit of a section's samples stands for, and the seconds without any sample. */
struct sample_weights {
	double tick_s;			/* a tick that found the thread running: running time ... */
	double steal_s;			/* ... and the time in which a hypervisor had its CPU: it took the CPU where the thread ran */
	double off_s[CAUSES];		/* a nanosecond of a sampled wait, by cause; the run-queue wait after it included */
	double cpu_missing_s;		/* running time without a tick; 0 if all that is missing is below 1 % of the section */
	double off_missing_s[CAUSES];	/* the same for waits */
};

void sample_weights_compute(struct sample_weights *weights, const struct snapshot *snap, __u16 section, enum sample_scope scope);

/*
 * The standard deviation of a share: `ticks` of `all` ticks. all2: the sum of the squares of the ticks' weights, which is `all`
 * if each tick counts once. A share of 0 or 1 of few ticks is not certain either: half a tick on each side stands for that, the
 * prior of Jeffreys. NAN: there are no ticks.
 */
double sample_weights_share_error(double ticks, double all, double all2);

/*
 * The part of a section's own running time cpu_s (self time) that its ticks found in page faults, and its standard deviation.
 * Both are NAN without a tick.
 */
double sample_weights_fault_s(const struct snapshot *snap, __u16 section, double cpu_s, double *error_s);

/* Any share of these ticks is within that much of the truth in 19 of 20 cases; NAN: there are no ticks. */
double sample_weights_share_bound(double all, double all2);

/* The running time that a stack stands for, the part of its other time that a hypervisor took, and all its other time. */
double sample_weights_cpu_s(const struct sample_weights *weights, const struct snapshot_stack *stack);
double sample_weights_steal_s(const struct sample_weights *weights, const struct snapshot_stack *stack);
double sample_weights_off_s(const struct sample_weights *weights, const struct snapshot_stack *stack);

#endif
