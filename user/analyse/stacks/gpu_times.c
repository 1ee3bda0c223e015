// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * gpu_times.c - the time of a section in the driver of a GPU.
 *
 * The time of timed calls is known exactly, and samples in them say nothing more. A section that is a function of --section has no such
 * times: there they count as samples in calls of a known purpose.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/stacks/gpu_calls.h"
#include "analyse/stacks/gpu_times.h"
#include "analyse/stacks/sample_weights.h"
#include "analyse/sums/summary.h"
#include "base/clock.h"

#define GPU_FIELDS (sizeof(struct dcbs_gpu) / sizeof(double))

_Static_assert(sizeof(struct dcbs_gpu) == GPU_FIELDS * sizeof(double), "all fields are doubles");

/* The sums of a section's samples, by what the driver was called for. */
struct gpu_sums {
	double ticks[GPU_CALLS], all, all2;	/* by weight; of all samples, and the squares */
	double off_ns[GPU_CALLS][CAUSES];	/* of sampled waits */
	double off_ns2;				/* the variance of those that are moved */
	struct sample_weights weights;
	const struct gpu_sum *timed;		/* the section's timed calls; NULL: it has none of its own */
	double queue_tick_s;			/* of a tick: run-queue waits, if none was sampled. A thread waits for its CPU where it runs */
};

int gpu_times_libraries(struct dcbs_report *r, const struct snapshot *snap)
{
	enum library_kind kind;

	r->gpu_libraries = calloc(LIBRARY_KINDS, sizeof(*r->gpu_libraries));
	if (!r->gpu_libraries)
		return -ENOMEM;
	for (kind = 0; kind < LIBRARY_KINDS; kind++) {
		if (!(snap->gpu_libraries & 1U << kind))
			continue;
		r->gpu_libraries[r->nr_gpu_libraries] = strdup(library_kind_name(kind));
		if (!r->gpu_libraries[r->nr_gpu_libraries++])
			return -ENOMEM;
	}
	return 0;
}

/* ---- sums ---- */

static bool is_copy(enum gpu_call call)
{
	return call == GPU_CALL_COPY || call == GPU_CALL_READ || call == GPU_CALL_WRITE;
}

static bool is_wait(enum gpu_call call)
{
	return call == GPU_CALL_WAIT || is_copy(call);
}

/* While a probe at the entry of a timed call runs, the thread is at the first instruction of the function, and no call is open yet. */
static bool is_in_probe(const struct gpu_sums *sums, const struct snapshot *snap, const struct snapshot_stack *stack)
{
	const struct snapshot_frame *f = stack->nr_frames && stack->frames[0] < snap->nr_frames ? &snap->frames[stack->frames[0]] : NULL;

	return sums->timed && sums->timed->syncs && snap->gpu_timed && f && f->function && library_kind_is_gpu(f->library);
}

static enum gpu_call call_of_stack(const struct gpu_sums *sums, const struct snapshot *snap, const struct snapshot_stack *stack)
{
	enum gpu_call call = gpu_calls_of_kind(stack->gpu_kind);

	if (call != GPU_CALL_UNKNOWN)
		return sums->timed ? GPU_CALL_TIMED : call;
	call = gpu_calls_of_stack(snap, stack);
	return is_wait(call) && is_in_probe(sums, snap, stack) ? GPU_CALL_OTHER : call;
}

static void add_gpu_stack(struct gpu_sums *sums, const struct snapshot *snap, const struct snapshot_stack *stack)
{
	enum gpu_call call = call_of_stack(sums, snap, stack);
	int c;

	sums->all += (double)stack->cpu_samples;
	sums->all2 += stack->cpu_samples2;
	sums->ticks[call] += (double)stack->cpu_samples;
	for (c = 0; c < CAUSES; c++)
		sums->off_ns[call][c] += (double)stack->off_ns[c];
	if (is_wait(call))
		sums->off_ns2 += stack->off_ns2;
}

static const struct gpu_sum *timed_calls(const struct snapshot *snap, __u16 section)
{
	const struct snapshot_section *facts = section < snap->nr_sections ? snap->sections[section] : NULL;

	if (!snap->gpu_probes)
		return NULL;
	if (!facts)
		return &snap->outside_gpu;
	return facts->function[0] || facts->stat.sampled ? NULL : &facts->gpu;
}

static struct gpu_sums sum_samples(const struct snapshot *snap, __u16 section, enum sample_scope scope)
{
	struct gpu_sums sums = {.timed = timed_calls(snap, section)};
	size_t i;

	for (i = 0; i < snap->nr_stacks; i++)
		if (sample_weights_covers(&snap->stacks[i], section, scope))
			add_gpu_stack(&sums, snap, &snap->stacks[i]);
	sample_weights_compute(&sums.weights, snap, section, scope);
	if (sums.all > 0)
		sums.queue_tick_s = sums.weights.off_missing_s[CAUSE_RUNQUEUE] / sums.all;
	return sums;
}

static double running_s(const struct gpu_sums *sums, enum gpu_call call)
{
	return sums->ticks[call] * sums->weights.tick_s;
}

static double off_s(const struct gpu_sums *sums, enum gpu_call call, int cause)
{
	double s = sums->off_ns[call][cause] * sums->weights.off_s[cause];

	return cause == CAUSE_RUNQUEUE ? s + sums->ticks[call] * sums->queue_tick_s : s;
}

/* The time in calls that wait, but for what the kernel knows as a wait for the GPU. */
static void add_moved(struct dcbs_gpu *gpu, const struct gpu_sums *sums, enum gpu_call call)
{
	gpu->spin_s += running_s(sums, call);
	gpu->runqueue_s += off_s(sums, call, CAUSE_RUNQUEUE);
	gpu->throttled_s += off_s(sums, call, CAUSE_THROTTLED);
	gpu->steal_s += sums->ticks[call] * sums->weights.steal_s;
}

static void set_unknown(struct dcbs_gpu *gpu)
{
	double *fields = (double *)gpu;
	size_t i;

	for (i = 0; i < GPU_FIELDS; i++)
		fields[i] = NAN;
}

static void add_timed(struct dcbs_gpu *gpu, const __u64 *ns)
{
	gpu->spin_s += (double)ns[GPU_RAN] * S_PER_NS;
	gpu->runqueue_s += (double)ns[GPU_QUEUED] * S_PER_NS;
	gpu->throttled_s += (double)ns[GPU_THROTTLED] * S_PER_NS;
	gpu->steal_s += (double)ns[GPU_STOLEN] * S_PER_NS;
}

static struct dcbs_gpu moved_waits(const struct gpu_sums *sums, enum sample_scope scope)
{
	struct dcbs_gpu gpu;
	enum gpu_call call;

	set_unknown(&gpu);
	gpu.wait_s = gpu.spin_s = gpu.runqueue_s = gpu.throttled_s = gpu.steal_s = 0;
	for (call = 0; call < GPU_CALLS; call++)
		if (is_wait(call))
			add_moved(&gpu, sums, call);
	if (sums->timed)
		add_timed(&gpu, scope == SAMPLE_SCOPE_SELF ? sums->timed->self_ns : sums->timed->ns);
	return gpu;
}

static double moved_s(const struct dcbs_gpu *gpu)
{
	return gpu->spin_s + gpu->runqueue_s + gpu->throttled_s + gpu->steal_s;
}

/* ---- errors ---- */

/* The standard deviation of the time of some ticks. A section that is known from samples has an error of its own, which is shared. */
static double ticks_error_s(const struct gpu_sums *sums, double ticks, double s, const struct dcbs_section *section)
{
	double share = sample_weights_share_error(ticks, sums->all, sums->all2) * sums->all * sums->weights.tick_s;
	double total = section->total_s > 0 && !isnan(section->error_s) ? section->error_s * s / section->total_s : 0;

	return hypot(share, total);
}

static double ticks_of_copies(const struct gpu_sums *sums)
{
	return sums->ticks[GPU_CALL_COPY] + sums->ticks[GPU_CALL_READ] + sums->ticks[GPU_CALL_WRITE];
}

static double ticks_of_waits(const struct gpu_sums *sums)
{
	return sums->ticks[GPU_CALL_WAIT] + ticks_of_copies(sums);
}

/* The same with the waits that are moved. Those that a tick stands for have the same relative error as its running time has. */
static double waits_error_s(const struct gpu_sums *sums, double ticks, double s, const struct dcbs_section *section)
{
	double by_ticks_s = sums->weights.tick_s + sums->queue_tick_s + sums->weights.steal_s;
	double scale = sums->weights.tick_s > 0 ? by_ticks_s / sums->weights.tick_s : 1;
	double sampled_s = sqrt(sums->off_ns2) * sums->weights.off_s[CAUSE_RUNQUEUE];

	return hypot(ticks_error_s(sums, ticks, s, section) * scale, sampled_s);
}

/* ---- a section ---- */

/* The part of copies, waits that the kernel knows as such included. */
static double copy_time_s(const struct gpu_sums *sums, enum gpu_call call, enum gpu_way way)
{
	struct dcbs_gpu one = {0};

	add_moved(&one, sums, call);
	return moved_s(&one) + off_s(sums, call, CAUSE_GPU) + (sums->timed ? (double)sums->timed->copy_ns[way] * S_PER_NS : 0);
}

/* Without an estimated part there is no error, but for waits that were observed in on-periods: they may hide in the running time. */
static double wait_error_s(const struct gpu_sums *sums, const struct dcbs_section *section, double stalled_s)
{
	double unsplit_s = sums->timed ? fmin((double)sums->timed->unsplit_ns * S_PER_NS, stalled_s) : 0;
	double estimated_s = section->gpu.wait_s, ticks = ticks_of_waits(sums);

	if (sums->timed && !ticks)
		return unsplit_s;
	if (sums->timed)
		estimated_s = ticks * (sums->weights.tick_s + sums->queue_tick_s + sums->weights.steal_s);
	return hypot(waits_error_s(sums, ticks, estimated_s, section), unsplit_s);
}

static void fill_parts(struct dcbs_section *to, const struct gpu_sums *sums, double stalled_s)
{
	struct dcbs_gpu *gpu = &to->gpu;
	double driver_ticks = sums->all - sums->ticks[GPU_CALL_NONE] - sums->ticks[GPU_CALL_TIMED];

	gpu->wait_s = to->wall.gpu_s;
	gpu->wait_error_s = wait_error_s(sums, to, stalled_s);
	gpu->d2h_s = copy_time_s(sums, GPU_CALL_READ, GPU_WAY_TO_HOST);
	gpu->h2d_s = copy_time_s(sums, GPU_CALL_WRITE, GPU_WAY_TO_DEVICE);
	gpu->copy_s = gpu->d2h_s + gpu->h2d_s + copy_time_s(sums, GPU_CALL_COPY, GPU_WAY_OTHER);
	gpu->copy_error_s = sums->timed && !ticks_of_copies(sums) ? 0 : waits_error_s(sums, ticks_of_copies(sums), gpu->copy_s, to);
	if (sums->all <= 0)
		return;		/* without samples nothing is known of the other calls */
	gpu->launch_s = running_s(sums, GPU_CALL_LAUNCH);
	gpu->launch_error_s = ticks_error_s(sums, sums->ticks[GPU_CALL_LAUNCH], gpu->launch_s, to);
	gpu->alloc_s = running_s(sums, GPU_CALL_ALLOC);
	gpu->alloc_error_s = ticks_error_s(sums, sums->ticks[GPU_CALL_ALLOC], gpu->alloc_s, to);
	gpu->other_s = running_s(sums, GPU_CALL_OTHER);
	gpu->other_error_s = ticks_error_s(sums, sums->ticks[GPU_CALL_OTHER], gpu->other_s, to);
	gpu->unknown_s = running_s(sums, GPU_CALL_UNKNOWN);
	gpu->unknown_error_s = ticks_error_s(sums, sums->ticks[GPU_CALL_UNKNOWN], gpu->unknown_s, to);
	gpu->driver_s = gpu->wait_s + gpu->launch_s + gpu->alloc_s + gpu->other_s + gpu->unknown_s;
	gpu->driver_error_s = waits_error_s(sums, driver_ticks, gpu->driver_s, to);
}

static double move_one(double *from, double s)
{
	double moved = fmax(fmin(*from, s), 0);

	*from -= moved;
	return moved;
}

void gpu_times_move(struct dcbs_wall *wall, const struct dcbs_gpu *gpu)
{
	if (isnan(gpu->wait_s) || isnan(wall->cpu_s))
		return;
	wall->gpu_s += move_one(&wall->cpu_s, gpu->spin_s) + move_one(&wall->runqueue_s, gpu->runqueue_s) +
		       move_one(&wall->throttled_s, gpu->throttled_s) + move_one(&wall->steal_s, gpu->steal_s);
}

/* The same of its self time. No sample has a --section as its innermost section: its self time is a part of the total. */
static struct dcbs_gpu self_waits(const struct snapshot *snap, __u16 section, const struct dcbs_section *to,
				  const struct gpu_sums *total)
{
	const struct snapshot_section *facts = section < snap->nr_sections ? snap->sections[section] : NULL;
	bool by_option = facts && (facts->function[0] || facts->stat.sampled);
	struct gpu_sums sums = by_option ? *total : sum_samples(snap, section, SAMPLE_SCOPE_SELF);
	struct dcbs_gpu gpu = moved_waits(&sums, by_option ? SAMPLE_SCOPE_TOTAL : SAMPLE_SCOPE_SELF);
	double share = by_option && to->total_s > 0 ? to->self_s / to->total_s : 1;

	gpu.spin_s *= share;
	gpu.runqueue_s *= share;
	gpu.throttled_s *= share;
	gpu.steal_s *= share;
	return gpu;
}

/* ---- counts ---- */

static void fill_counts(struct dcbs_gpu_calls *calls, const struct gpu_sum *timed, double copy_s)
{
	calls->syncs = summary_count(timed->syncs);
	calls->syncs_idle = summary_count(timed->idle);
	if (timed->unsized)
		return;
	calls->h2d_bytes = summary_count(timed->bytes[GPU_WAY_TO_DEVICE]);
	calls->d2h_bytes = summary_count(timed->bytes[GPU_WAY_TO_HOST]);
	if (!timed->begun && copy_s > 0)
		calls->copy_gb_per_s = (double)(timed->bytes[GPU_WAY_TO_DEVICE] + timed->bytes[GPU_WAY_TO_HOST] +
						timed->bytes[GPU_WAY_OTHER]) * S_PER_NS / copy_s;
}

/* The rates of a second of the window become those of a second in the section, and of a call. */
static void fill_launches(struct dcbs_section *to, const struct snapshot *snap, __u16 section)
{
	const struct snapshot_section *facts = section < snap->nr_sections ? snap->sections[section] : NULL;
	const struct snapshot_launches *launches = facts ? &facts->launches : &snap->outside_launches;
	double s = (double)(snap->end_ns - snap->start_ns) * S_PER_NS;
	struct dcbs_gpu_calls *calls = &to->gpu_calls;

	calls->launches_per_s = calls->launches_error_per_s = calls->launches_per_call = calls->launches_error_per_call = NAN;
	if (!snap->gpu_launches_known || !timed_calls(snap, section) || !(to->total_s > 0))
		return;
	calls->launches_per_s = launches->rate * s / to->total_s;
	calls->launches_error_per_s = launches->error * s / to->total_s;
	if (to->count <= 0)
		return;
	calls->launches_per_call = launches->rate * s / (double)to->count;
	calls->launches_error_per_call = launches->error * s / (double)to->count;
}

static void fill_calls(struct dcbs_section *to, const struct snapshot *snap, __u16 section)
{
	const struct gpu_sum *timed = timed_calls(snap, section);
	__u64 open_ns = section < snap->nr_sections ? snap->sections[section]->gpu_open_ns : snap->outside_gpu_open_ns;

	to->gpu_calls = (struct dcbs_gpu_calls){.level = DCBS_UNKNOWN, .syncs = DCBS_UNKNOWN, .syncs_idle = DCBS_UNKNOWN, .h2d_bytes = DCBS_UNKNOWN,
						.d2h_bytes = DCBS_UNKNOWN, .copy_gb_per_s = NAN, .untimed_s = NAN, .open_s = NAN};
	fill_launches(to, snap, section);
	if (snap->gpu_libraries || snap->gpu_probes)
		to->gpu_calls.level = snap->gpu_timed;
	if (open_ns)
		to->gpu_calls.open_s = (double)open_ns * S_PER_NS;
	if (snap->gpu_timed)
		to->gpu_calls.untimed_s = (double)snap->gpu_untimed_ns * S_PER_NS;
	if (timed && snap->gpu_timed)
		fill_counts(&to->gpu_calls, timed, to->gpu.copy_s);
}

/* ---- both ---- */

static void fill_times(struct dcbs_section *to, const struct snapshot *snap, __u16 section)
{
	struct gpu_sums sums;
	struct dcbs_gpu self_gpu;
	double stalled_s = to->wall.runqueue_s + to->wall.throttled_s + to->wall.steal_s;

	if ((!snap->gpu_libraries && !snap->gpu_probes) || isnan(to->wall.cpu_s))
		return;
	sums = sum_samples(snap, section, SAMPLE_SCOPE_TOTAL);
	if (sums.all <= 0 && !sums.timed)
		return;
	to->gpu = moved_waits(&sums, SAMPLE_SCOPE_TOTAL);
	gpu_times_move(&to->wall, &to->gpu);
	fill_parts(to, &sums, stalled_s);
	if (to->gpu.wait_error_s > 0 && (ticks_of_waits(&sums) > 0 || sums.timed))
		to->cpu_error_s = isnan(to->cpu_error_s) ? to->gpu.wait_error_s : hypot(to->cpu_error_s, to->gpu.wait_error_s);
	self_gpu = self_waits(snap, section, to, &sums);
	gpu_times_move(&to->self_wall, &self_gpu);
}

void gpu_times_fill(struct dcbs_section *to, const struct snapshot *snap, __u16 section)
{
	set_unknown(&to->gpu);
	fill_times(to, snap, section);
	fill_calls(to, snap, section);
}
