/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* sampled_parts.h - the part that each process has in the samples of a section that is a function. */
#ifndef COLLECT_SAMPLES_SAMPLED_PARTS_H
#define COLLECT_SAMPLES_SAMPLED_PARTS_H

#include "bpfprof/samples.h"
#include "collect/facts.h"

struct sampled_parts {
	struct snapshot_sampled_part *list;	/* section_id is a section id here */
	size_t nr, room;
};

/* Counts a sample of a process. innermost: no other section that is a function lies inside. */
void sampled_parts_count(struct sampled_parts *parts, pid_t pid, __u16 section_id, bool innermost, const struct sample *sample);

/* Copies them to a snapshot. Returns 0 or -ENOMEM. */
int sampled_parts_copy(const struct sampled_parts *parts, struct snapshot *snap, const __u16 *section_index);

/* See sampler_most_ns(). */
double sampled_parts_most_ns(const struct sampled_parts *parts, __u16 section_id, double tick_ns);

void sampled_parts_clear(struct sampled_parts *parts);

#endif
