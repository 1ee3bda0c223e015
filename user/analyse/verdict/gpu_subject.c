// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * gpu_subject.c - what a section does with a GPU.
 *
 * Names of functions, or timed calls, tell a wait from a launch, but not a launch that waits for a place in the full queue from one that
 * works. If a section does little else than launch, both are possible, and the verdict says so, unless the GPU was seen to run dry.
 */
#include <math.h>
#include <string.h>

#include "analyse/verdict/gpu_subject.h"

#define QUEUED_SHARE 0.7	/* of the running time, in launches: from there on the queue may be full */
#define QUEUED_LEAST 0.3	/* of the total */
#define LAUNCH_SHARE 0.1	/* of the total: launches from there on make a section one that launches ... */
#define LITTLE_WAIT_SHARE 0.1	/* ... if it waits less than that */
#define STEP_LAUNCH_SHARE 0.02	/* of the total: a section that reads results also launches what it reads */
#define MOST_SHARE 0.5		/* of the wait, or of the calls that wait */
#define RESULT_BYTES 4096	/* of one copy to the host: a larger one is more than the result of a step */
#define MANY_LAUNCHES_PER_S 5000	/* at some 5 us each, with as much work around them: a good part of the host's time */
#define UNSURE_SIGMA 2		/* some ticks in the driver are its start and its end */
#define HANG_S 10.0
#define HANG_SHARE 0.95

/* An unknown time counts as 0. No part is above the running time that is judged. */
static double running_part_s(const struct subject *s, double part_s)
{
	return isnan(part_s) ? 0 : fmin(part_s, fmax(s->wall.cpu_s, 0));
}

static bool is_timed(const struct subject *s)
{
	return s->section->gpu_calls.level > 0;
}

/* If waits are timed, a call without a name is none: it launches, or does some such work. */
static double launch_s(const struct subject *s)
{
	const struct dcbs_gpu *gpu = &s->section->gpu;

	return running_part_s(s, is_timed(s) && !isnan(gpu->unknown_s) ? gpu->launch_s + gpu->unknown_s : gpu->launch_s);
}

/* The GPU had nothing left to do at most of the calls that wait for it. */
static bool runs_dry(const struct subject *s)
{
	const struct dcbs_gpu_calls *calls = &s->section->gpu_calls;

	return calls->syncs > 0 && (double)calls->syncs_idle >= MOST_SHARE * (double)calls->syncs;
}

bool gpu_subject_may_be_queued(const struct subject *s)
{
	double part_s = launch_s(s);

	return part_s > 0 && !runs_dry(s) && part_s >= QUEUED_SHARE * s->wall.cpu_s && part_s >= QUEUED_LEAST * s->total_s;
}

double gpu_subject_queued_s(const struct subject *s)
{
	return gpu_subject_may_be_queued(s) ? launch_s(s) : 0;
}

double gpu_subject_unknown_s(const struct subject *s)
{
	return is_timed(s) ? 0 : running_part_s(s, s->section->gpu.unknown_s);
}

/* A time that is unknown stays unknown. */
double gpu_subject_computing_s(const struct subject *s)
{
	double rest_s = s->wall.cpu_s - gpu_subject_unknown_s(s) - gpu_subject_queued_s(s);

	return rest_s < 0 ? 0 : rest_s;
}

/* The census tells it, too, where no sample does. */
static bool launches_often(const struct subject *s)
{
	const struct dcbs_gpu_calls *calls = &s->section->gpu_calls;

	return calls->launches_per_s - UNSURE_SIGMA * calls->launches_error_per_s >= MANY_LAUNCHES_PER_S;
}

bool gpu_subject_launches(const struct subject *s)
{
	return (launch_s(s) >= LAUNCH_SHARE * s->total_s || launches_often(s)) && s->total_s > 0 && !gpu_subject_may_be_queued(s) &&
	       s->wall.gpu_s < LITTLE_WAIT_SHARE * s->total_s;
}

bool gpu_subject_calls_driver(const struct subject *s)
{
	return gpu_subject_unknown_s(s) >= LAUNCH_SHARE * s->total_s && s->total_s > 0 && !gpu_subject_launches(s);
}

/* ---- waits ---- */

/* A call of the driver that has not returned for so long, or, if samples alone tell, a section in which nothing else was seen. */
bool gpu_subject_hangs(const struct subject *s)
{
	const struct dcbs_section *section = s->section;
	double mean_s = section->open > 0 ? s->total_s / (double)section->open : 0;

	if (section->gpu_calls.open_s >= HANG_S)
		return true;
	return !section->count && !section->open_at_start && section->gpu_calls.syncs <= 0 && mean_s >= HANG_S &&
	       s->wall.gpu_s >= HANG_SHARE * s->total_s;
}

static bool launches_steps(const struct subject *s)
{
	return launch_s(s) >= STEP_LAUNCH_SHARE * s->total_s && launch_s(s) > 0;
}

/* The size of copies tells results of steps from data, where it is known. */
static bool copies_results(const struct subject *s)
{
	const struct dcbs_gpu_calls *calls = &s->section->gpu_calls;

	if (calls->syncs > 0 && calls->d2h_bytes >= 0)
		return calls->d2h_bytes <= RESULT_BYTES * calls->syncs;
	return launches_steps(s);
}

bool gpu_subject_reads_each_step(const struct subject *s)
{
	const struct dcbs_gpu *gpu = &s->section->gpu;

	return !gpu_subject_hangs(s) && gpu->d2h_s > 0 && gpu->d2h_s >= MOST_SHARE * s->wall.gpu_s && copies_results(s);
}

bool gpu_subject_copies_unknown(const struct subject *s)
{
	const struct dcbs_gpu *gpu = &s->section->gpu;
	double unknown_s = gpu->copy_s - gpu->d2h_s - gpu->h2d_s;

	return !gpu_subject_hangs(s) && unknown_s > 0 && unknown_s >= MOST_SHARE * s->wall.gpu_s && launches_steps(s);
}

bool gpu_subject_copies(const struct subject *s)
{
	const struct dcbs_gpu *gpu = &s->section->gpu;

	return !gpu_subject_hangs(s) && gpu->copy_s > 0 && gpu->copy_s >= MOST_SHARE * s->wall.gpu_s &&
	       !gpu_subject_reads_each_step(s) && !gpu_subject_copies_unknown(s);
}

static bool is_in_copies(const struct subject *s)
{
	return gpu_subject_copies(s) || gpu_subject_copies_unknown(s) || gpu_subject_reads_each_step(s);
}

bool gpu_subject_spins(const struct subject *s)
{
	const struct dcbs_gpu *gpu = &s->section->gpu;

	return !gpu_subject_hangs(s) && gpu->spin_s > 0 && gpu->spin_s >= MOST_SHARE * s->wall.gpu_s && !is_in_copies(s);
}

bool gpu_subject_blocks(const struct subject *s)
{
	return !gpu_subject_hangs(s) && !gpu_subject_spins(s) && !gpu_subject_reads_each_step(s) && !gpu_subject_copies_unknown(s);
}

double gpu_subject_copy_s(const struct subject *s)
{
	return gpu_subject_copies(s) ? fmin(s->section->gpu.copy_s, s->wall.gpu_s) : 0;
}

double gpu_subject_wait_s(const struct subject *s)
{
	return s->wall.gpu_s - gpu_subject_copy_s(s);
}

/* ---- the whole report ---- */

/* A runtime may be linked into programs that run without a GPU; the driver is there where a GPU is. */
bool gpu_subject_is_unused(const struct dcbs_report *r)
{
	bool mapped = false;
	size_t i;

	for (i = 0; i < r->nr_gpu_libraries; i++)
		mapped |= !strcmp(r->gpu_libraries[i], "libcuda");
	for (i = 0; i < r->nr_sections; i++)
		if (r->sections[i].gpu.driver_s > UNSURE_SIGMA * r->sections[i].gpu.driver_error_s)
			return false;
	return mapped;
}
