// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* cost_meter.c - the time that profiling takes from the targets, by lever. */
#include <math.h>

#include "base/clock.h"
#include "collect/overhead/cost_meter.h"
#include "host/bpf_stats.h"

#define TRAP_USUAL_NS 1000
#define FEW_RUNS 50		/* fewer runs are too few for a mean */
#define SKIPPED_NS 30		/* a change of RSS that is skipped and charged in bulk later */

void cost_meter_init(struct cost_meter *meter, const struct programs *bpf)
{
	*meter = (struct cost_meter){.read_ns = clock_now_ns(), .last = bpf->skel->bss->counters};
}

/* Returns the run time of a program; until the kernel has measured enough runs, the usual one. */
static double run_ns(struct run_meter *meter, const struct bpf_program *prog, double usual)
{
	struct bpf_runs now = bpf_stats_runs(prog);

	if (now.runs >= meter->runs.runs + FEW_RUNS) {
		meter->ns = (double)(now.time_ns - meter->runs.time_ns) / (double)(now.runs - meter->runs.runs);
		meter->runs = now;
	}
	if (meter->ns > 0)
		return meter->ns;
	return now.runs ? (double)now.time_ns / (double)now.runs : usual;
}

static double trap_ns(const struct calibration *costs)
{
	return isnan(costs->trap_ns) ? TRAP_USUAL_NS : costs->trap_ns;
}

static double entry_ns(struct cost_meter *meter, const struct programs *bpf, const struct calibration *costs, bool stepped)
{
	return (stepped && costs->step_ns > 0 ? costs->step_ns : trap_ns(costs)) + run_ns(&meter->entry, bpf->skel->progs.on_call, 500);
}

/* The end of a call is a return instruction, which the kernel has to step over, or a return probe, which is two traps. */
static double end_ns(struct cost_meter *meter, const struct programs *bpf, const struct calibration *costs, bool stepped)
{
	if (!stepped)
		return 2 * trap_ns(costs) + run_ns(&meter->call_return, bpf->skel->progs.on_return, 700);
	return (costs->step_ns > 0 ? costs->step_ns : trap_ns(costs)) + run_ns(&meter->call_end, bpf->skel->progs.on_call_end, 700);
}

/*
 * The GPU works on while a call that waits for it is probed at its entry. What delays the target is the return, and the entry of a call
 * that does not wait.
 */
static double gpu_cost_ns(struct cost_meter *meter, const struct programs *bpf, const struct calibration *costs, bool stepped,
			  const struct counters *now)
{
	double entry = (stepped && costs->step_ns > 0 ? costs->step_ns : trap_ns(costs)) + run_ns(&meter->gpu_call, bpf->skel->progs.on_gpu_call, 500);
	double end = trap_ns(costs) + run_ns(&meter->gpu_return, bpf->skel->progs.on_gpu_return, 1000);

	meter->gpu_memory_ns = (double)(now->gpu_memory_calls - meter->last.gpu_memory_calls) * (entry + end);
	return (double)(now->gpu_calls - meter->last.gpu_calls) * end +
	       (double)(now->gpu_short_calls - meter->last.gpu_short_calls) * entry + meter->gpu_memory_ns;
}

/* The counters are read one after the other, so the second one may be ahead. */
static double tick_samples(const struct counters *now, const struct counters *last)
{
	return fmax(0, (double)(now->samples - last->samples) - (double)(now->wait_samples - last->wait_samples));
}

static double ends_ns(struct cost_meter *meter, const struct programs *bpf, const struct calibration *costs, bool stepped,
		      const struct counters *now)
{
	return (double)(now->call_ends - meter->last.call_ends) * end_ns(meter, bpf, costs, stepped);
}

double cost_meter_calls_ns(struct cost_meter *meter, const struct programs *bpf, const struct calibration *costs, bool entry_stepped,
			   bool end_stepped)
{
	const struct counters c = bpf->skel->bss->counters;

	return meter->calls_ns + (double)(c.calls - meter->last.calls) * entry_ns(meter, bpf, costs, entry_stepped) +
	       ends_ns(meter, bpf, costs, end_stepped, &c);
}

double cost_meter_read(struct cost_meter *meter, const struct programs *bpf, const struct calibration *costs, bool entry_stepped,
		       bool end_stepped, bool gpu_stepped, double *cost_ns)
{
	const struct bpfprof *skel = bpf->skel;
	const struct counters c = skel->bss->counters, *last = &meter->last;
	double rss_ns = run_ns(&meter->rss, skel->progs.on_rss, 300) + costs->trace_ns;
	double flush_ns = run_ns(&meter->flush, skel->progs.on_flush, 3000) + trap_ns(costs);
	__u64 now = clock_now_ns(), since = meter->read_ns;

	cost_ns[LEVER_SAMPLES] = tick_samples(&c, last) * run_ns(&meter->sample, skel->progs.on_sample, 15000);
	cost_ns[LEVER_FAULTS] = (double)(c.rss_events - last->rss_events) * rss_ns +
				(double)(c.rss_skipped - last->rss_skipped) * (SKIPPED_NS + costs->trace_ns);
	meter->entries_ns = (double)(c.calls - last->calls) * entry_ns(meter, bpf, costs, entry_stepped);
	cost_ns[LEVER_CALLS] = meter->entries_ns + ends_ns(meter, bpf, costs, end_stepped, &c);
	meter->calls_ns += cost_ns[LEVER_CALLS];
	cost_ns[LEVER_GPU] = gpu_cost_ns(meter, bpf, costs, gpu_stepped, &c);
	meter->gpu_last_ns = cost_ns[LEVER_GPU];
	meter->gpu_ns += cost_ns[LEVER_GPU];
	cost_ns[LEVER_WAITS] = (double)(c.switches - last->switches) * run_ns(&meter->on_switch, skel->progs.on_switch, 1500) +
			       (double)(c.wakings - last->wakings) * run_ns(&meter->waking, skel->progs.on_waking, 300) +
			       (double)(c.wakeups - last->wakeups) * run_ns(&meter->wakeup, skel->progs.on_wakeup, 200);
	cost_ns[LEVER_MARKERS] = (double)(c.flushes - last->flushes) * flush_ns +
				 (double)(c.ticks - last->ticks) * run_ns(&meter->tick, skel->progs.on_tick, 1500);
	meter->flush_events = (double)(c.events - last->events) / (double)(c.flushes - last->flushes);
	meter->last = c;
	meter->read_ns = now;
	return (double)(now - since);
}

double cost_meter_ns_per_call(const struct cost_meter *meter)
{
	return meter->last.calls ? meter->calls_ns / (double)meter->last.calls : NAN;
}

double cost_meter_ns_per_gpu_call(const struct cost_meter *meter)
{
	__u64 calls = meter->last.gpu_calls + meter->last.gpu_memory_calls;

	return calls ? meter->gpu_ns / (double)calls : NAN;
}
