// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* cost_meter.c - the time that profiling takes from the targets, by lever. */
#include <math.h>

#include "base/clock.h"
#include "collect/overhead/cost_meter.h"
#include "host/bpf_stats.h"

#define TRAP_USUAL_NS 1000
#define ENTRY_USUAL_NS 500
#define ENTRY_RUNS 50		/* fewer runs are too few for a mean */
#define SKIPPED_NS 30		/* a change of RSS that is skipped and charged in bulk later */

void cost_meter_init(struct cost_meter *meter, const struct programs *bpf)
{
	*meter = (struct cost_meter){.read_ns = clock_now_ns(), .last = bpf->skel->bss->counters};
}

/* Returns the run time of a program; until the kernel has measured it, the usual one. */
static double run_ns(const struct bpf_program *prog, double usual)
{
	double ns = bpf_stats_run_ns(prog);

	return isnan(ns) ? usual : ns;
}

static double trap_ns(const struct calibration *costs)
{
	return isnan(costs->trap_ns) ? TRAP_USUAL_NS : costs->trap_ns;
}

/* The program at an entry does more while calls are timed, so only its latest runs count. */
static void measure_entry(struct cost_meter *meter, const struct programs *bpf)
{
	struct bpf_runs now = bpf_stats_runs(bpf->skel->progs.on_call), *last = &meter->entry_runs;

	if (now.runs < last->runs + ENTRY_RUNS)
		return;
	meter->entry_run_ns = (double)(now.time_ns - last->time_ns) / (double)(now.runs - last->runs);
	*last = now;
}

static double entry_ns(const struct cost_meter *meter, const struct calibration *costs, bool stepped)
{
	return (stepped && costs->step_ns > 0 ? costs->step_ns : trap_ns(costs)) + (meter->entry_run_ns ?: ENTRY_USUAL_NS);
}

/* The end of a call is a return instruction, which the kernel has to step over, or a return probe, which is two traps. */
static double end_ns(const struct programs *bpf, const struct calibration *costs, bool stepped)
{
	if (!stepped)
		return 2 * trap_ns(costs) + run_ns(bpf->skel->progs.on_return, 700);
	return (costs->step_ns > 0 ? costs->step_ns : trap_ns(costs)) + run_ns(bpf->skel->progs.on_call_end, 700);
}

/* The counters are read one after the other, so the second one may be ahead. */
static double tick_samples(const struct counters *now, const struct counters *last)
{
	return fmax(0, (double)(now->samples - last->samples) - (double)(now->wait_samples - last->wait_samples));
}

double cost_meter_read(struct cost_meter *meter, const struct programs *bpf, const struct calibration *costs, bool entry_stepped,
		       bool end_stepped, double *cost_ns)
{
	const struct bpfprof *skel = bpf->skel;
	const struct counters c = skel->bss->counters, *last = &meter->last;
	__u64 now = clock_now_ns(), since = meter->read_ns;

	cost_ns[LEVER_SAMPLES] = tick_samples(&c, last) * run_ns(skel->progs.on_sample, 15000);
	cost_ns[LEVER_FAULTS] = (double)(c.rss_events - last->rss_events) * (run_ns(skel->progs.on_rss, 300) + costs->trace_ns) +
				(double)(c.rss_skipped - last->rss_skipped) * (SKIPPED_NS + costs->trace_ns);
	measure_entry(meter, bpf);
	meter->entries_ns = (double)(c.calls - last->calls) * entry_ns(meter, costs, entry_stepped);
	cost_ns[LEVER_CALLS] = meter->entries_ns + (double)(c.call_ends - last->call_ends) * end_ns(bpf, costs, end_stepped);
	cost_ns[LEVER_WAITS] = (double)(c.switches - last->switches) * run_ns(skel->progs.on_switch, 1500) +
			       (double)(c.wakings - last->wakings) *
				       (run_ns(skel->progs.on_waking, 300) + run_ns(skel->progs.on_wakeup, 200));
	cost_ns[LEVER_MARKERS] = (double)(c.flushes - last->flushes) * (trap_ns(costs) + run_ns(skel->progs.on_flush, 3000)) +
				 (double)(c.ticks - last->ticks) * run_ns(skel->progs.on_tick, 1500);
	meter->flush_events = (double)(c.events - last->events) / (double)(c.flushes - last->flushes);
	meter->last = c;
	meter->read_ns = now;
	return (double)(now - since);
}
