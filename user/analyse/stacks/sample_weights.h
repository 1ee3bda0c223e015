/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * sample_weights.h - what a sample of the stack stands for: samples share out the exact times of their section.
 *
 * The ledger knows to the nanosecond how long a section ran and how long it waited for what; samples only know
 * where. So a section of 10 s has 10 s whatever the number of ticks, and errors are of shares alone.
 */
#ifndef ANALYSE_STACKS_SAMPLE_WEIGHTS_H
#define ANALYSE_STACKS_SAMPLE_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "collect/facts.h"
#include "dcbs/profiler.h"

/* A section that was met in a sample. */
struct samples_section {
	__u16 section_id;		/* of the snapshot, or SNAPSHOT_OUTSIDE */
	char *name;
};

/* In the order of the report's sections, DCBS_OUTSIDE last. To be freed. */
int samples_sections(struct samples_section **sections, size_t *nr, const struct snapshot *snap);
void samples_free(struct samples_section *sections, size_t nr);

/* Whose time it is: that of a section with what it called, or only that in which it was the innermost one. */
enum samples_of { SAMPLES_INCLUSIVE, SAMPLES_SELF };

/* Idle threads are in no section, and what is outside of sections is without them: see threads_is_idle(). */
bool samples_in(const struct snapshot *snap, const struct snapshot_stack *stack, __u16 row, enum samples_of of);

/* What one unit of a section's samples is worth. */
struct samples_rate {
	double tick_s;			/* a tick */
	double off_s[CAUSES];		/* a nanosecond that was seen waiting */
	double queue_s;			/* a tick, of waiting for a CPU: that comes to who runs */
	double cpu_missing_s;		/* time of which there is no sample at all; 0 where it is too little to be told */
	double off_missing_s[CAUSES];
};

void samples_rate(struct samples_rate *rate, const struct snapshot *snap, __u16 row, enum samples_of of);

/* What a stack stands for. */
double samples_cpu_s(const struct samples_rate *rate, const struct snapshot_stack *stack);
double samples_off_s(const struct samples_rate *rate, const struct snapshot_stack *stack);

#endif
