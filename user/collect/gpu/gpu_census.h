/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * gpu_census.h - counts launches of work on GPUs for some milliseconds now and then: level 3.
 *
 * A launch may take less time than a probe on it, so no probe stays there. A census ends after CENSUS_HITS launches, and the next one
 * begins so much later that together they cost CENSUS_SHARE of the time. They give rates: the launches that probes delayed are made up
 * for by what a hit costs, half of which counts as an error.
 */
#ifndef COLLECT_GPU_GPU_CENSUS_H
#define COLLECT_GPU_GPU_CENSUS_H

#include "collect/gpu/gpu_probes.h"
#include "collect/overhead/calibrate.h"

struct census_rate {
	double sum, sum2;	/* of launches a second, and their squares, by census */
	__u64 launches;		/* gpu_sum.launches at the end of the last one */
};

struct gpu_census {
	struct census_rate *rates;	/* by section id; NULL: there was none yet */
	unsigned int nr;
	__u64 next_ns, hits;		/* when the next one begins; counters.gpu_launches when the last one began */
	double launches, on_ns;		/* all of them, and the time in censuses */
	double hit_ns;			/* what one costs */
};

/* Holds a census, if one is due, which takes some milliseconds. */
void gpu_census_poll(struct gpu_census *census, struct gpu_probes *probes, const struct programs *bpf, const struct calibration *costs);

/* Returns when after `now` the next one is due, or `next` if that is earlier. */
__u64 gpu_census_due(const struct gpu_census *census, __u64 now, __u64 next);

/* Adds the rates to a snapshot whose sections are there. */
void gpu_census_copy(const struct gpu_census *census, const struct programs *bpf, struct snapshot *snap, const __u16 *section_index);

/* The sums of BPF are 0 from now on. */
void gpu_census_clear(struct gpu_census *census);

#endif
