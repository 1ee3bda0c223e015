// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* merge_ledgers.c - see merge_ledgers.h. */
#include <errno.h>

#include "analyse/merge/merge_histogram.h"
#include "analyse/merge/merge_ledgers.h"
#include "analyse/merge/sums.h"
#include "bpfprof/hist.h"

#define BYTES_PER_GB 1e9

void merge_wall_add(struct dcbs_wall *to, const struct dcbs_wall *more)
{
	double *sums = (double *)to;	/* all members are doubles */
	size_t i;

	for (i = 0; i < DCBS_WALL_FIELDS; i++)
		sums[i] += ((const double *)more)[i];
}

/* ---- GPU ---- */

void merge_gpu_add(struct dcbs_gpu *to, const struct dcbs_gpu *more)
{
	to->driver_s += more->driver_s;
	to->wait_s += more->wait_s;
	to->copy_s += more->copy_s;
	to->d2h_s += more->d2h_s;
	to->h2d_s += more->h2d_s;
	to->launch_s += more->launch_s;
	to->alloc_s += more->alloc_s;
	to->other_s += more->other_s;
	to->unknown_s += more->unknown_s;
	to->spin_s += more->spin_s;
	to->runqueue_s += more->runqueue_s;
	to->throttled_s += more->throttled_s;
	to->steal_s += more->steal_s;
	to->driver_error_s = hypot(to->driver_error_s, more->driver_error_s);
	to->wait_error_s = hypot(to->wait_error_s, more->wait_error_s);
	to->copy_error_s = hypot(to->copy_error_s, more->copy_error_s);
	to->launch_error_s = hypot(to->launch_error_s, more->launch_error_s);
	to->alloc_error_s = hypot(to->alloc_error_s, more->alloc_error_s);
	to->other_error_s = hypot(to->other_error_s, more->other_error_s);
	to->unknown_error_s = hypot(to->unknown_error_s, more->unknown_error_s);
}

void merge_gpu_calls_add(struct dcbs_gpu_calls *to, const struct dcbs_gpu_calls *more)
{
	to->level = to->level == more->level ? to->level : DCBS_UNKNOWN;
	to->syncs = sums_count(to->syncs, more->syncs);
	to->syncs_idle = sums_count(to->syncs_idle, more->syncs_idle);
	to->h2d_bytes = sums_count(to->h2d_bytes, more->h2d_bytes);
	to->d2h_bytes = sums_count(to->d2h_bytes, more->d2h_bytes);
	to->untimed_s = sums_present(to->untimed_s, more->untimed_s);
	to->open_s = fmax(to->open_s, more->open_s);
	to->copy_gb_per_s = isnan(to->copy_gb_per_s) || isnan(more->copy_gb_per_s) ? NAN : 0;	/* known in both: see the end */
}

void merge_gpu_calls_finish(struct dcbs_gpu_calls *calls, const struct dcbs_gpu *gpu)
{
	int64_t bytes = sums_count(calls->h2d_bytes, calls->d2h_bytes);

	if (!isnan(calls->copy_gb_per_s))
		calls->copy_gb_per_s = bytes != DCBS_UNKNOWN && gpu->copy_s > 0 ? (double)bytes / BYTES_PER_GB / gpu->copy_s : NAN;
}

/* ---- memory ---- */

void merge_memory_add(struct dcbs_memory *to, const struct dcbs_memory *more)
{
	to->rss_delta_bytes = sums_count(to->rss_delta_bytes, more->rss_delta_bytes);
	to->anon_delta_bytes = sums_count(to->anon_delta_bytes, more->anon_delta_bytes);
	to->file_delta_bytes = sums_count(to->file_delta_bytes, more->file_delta_bytes);
	to->shmem_delta_bytes = sums_count(to->shmem_delta_bytes, more->shmem_delta_bytes);
	to->grown_bytes = sums_count(to->grown_bytes, more->grown_bytes);
	to->shrunk_bytes = sums_count(to->shrunk_bytes, more->shrunk_bytes);
	to->peak_delta_bytes = sums_largest(to->peak_delta_bytes, more->peak_delta_bytes);
	to->minor_faults = sums_count(to->minor_faults, more->minor_faults);
	to->major_faults = sums_count(to->major_faults, more->major_faults);
	to->mapped_bytes = sums_count(to->mapped_bytes, more->mapped_bytes);
	to->unmapped_bytes = sums_count(to->unmapped_bytes, more->unmapped_bytes);
	to->copied_bytes = sums_count(to->copied_bytes, more->copied_bytes);
	to->grown_error_bytes = sums_error_count(to->grown_error_bytes, more->grown_error_bytes);
	to->shrunk_error_bytes = sums_error_count(to->shrunk_error_bytes, more->shrunk_error_bytes);
	to->mapped_error_bytes = sums_error_count(to->mapped_error_bytes, more->mapped_error_bytes);
	to->unmapped_error_bytes = sums_error_count(to->unmapped_error_bytes, more->unmapped_error_bytes);
	to->minor_faults_error = sums_error_count(to->minor_faults_error, more->minor_faults_error);
	to->major_faults_error = sums_error_count(to->major_faults_error, more->major_faults_error);
}

int merge_spread_add(struct dcbs_spread *to, const struct dcbs_spread *more)
{
	to->calls = sums_count(to->calls, more->calls);
	to->max = fmax(to->max, more->max);
	return merge_histogram_add(&to->histogram, &more->histogram);
}

/* zero_count is of calls that have no value: the percentiles are of the others. */
void merge_spread_finish(struct dcbs_spread *s)
{
	struct dcbs_histogram above = {.nr_buckets = s->histogram.nr_buckets, .buckets = s->histogram.buckets};
	bool known = s->calls != DCBS_UNKNOWN && s->calls > 0;

	s->p50 = known ? merge_histogram_percentile(&above, 0.5, 1 << COARSE_SCALE, NAN, s->max) : NAN;
	s->p90 = known ? merge_histogram_percentile(&above, 0.9, 1 << COARSE_SCALE, NAN, s->max) : NAN;
	s->p99 = known ? merge_histogram_percentile(&above, 0.99, 1 << COARSE_SCALE, NAN, s->max) : NAN;
	s->max = known ? s->max : NAN;
}
