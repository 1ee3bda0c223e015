/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* cost_meter.h - the time that profiling takes from the targets, by lever: counts of events times the cost of each. */
#ifndef COLLECT_OVERHEAD_COST_METER_H
#define COLLECT_OVERHEAD_COST_METER_H

#include "collect/kernel/programs.h"
#include "collect/overhead/calibrate.h"
#include "collect/overhead/governor.h"
#include "host/bpf_stats.h"

/* The run time of a program as the kernel has measured it last. What a program does changes, and so does the machine's speed. */
struct run_meter {
	struct bpf_runs runs;		/* up to that measurement */
	double ns;			/* 0: not measured yet */
};

struct cost_meter {
	__u64 read_ns;			/* when it was read last */
	struct counters last;		/* as of that time */
	double flush_events;		/* mean events of a flush between the last two readings */
	struct run_meter sample, rss, entry, call_end, call_return, gpu_call, gpu_return, on_switch, waking, wakeup, flush, tick;
	double calls_ns;		/* cost of all probes at functions up to the last reading */
	double gpu_ns;			/* cost of the probes of GPUs' drivers up to the last reading ... */
	double gpu_last_ns;		/* ... and between the last two readings; ... */
	double gpu_memory_ns;		/* ... the part of calls for memory */
	double entries_ns;		/* cost of the probes at functions' entries between the last two readings */
};

void cost_meter_init(struct cost_meter *meter, const struct programs *bpf);

/*
 * Stores the cost in ns of each lever since the last reading, and returns the ns since then. entry_stepped, end_stepped:
 * see function_probes.h. gpu_stepped: see gpu_probes.h.
 */
double cost_meter_read(struct cost_meter *meter, const struct programs *bpf, const struct calibration *costs, bool entry_stepped,
		       bool end_stepped, bool gpu_stepped, double *cost_ns);

/* Returns the cost of all probes at functions up to now. It is not taken for read. */
double cost_meter_calls_ns(struct cost_meter *meter, const struct programs *bpf, const struct calibration *costs, bool entry_stepped,
			   bool end_stepped);

/* Returns what a call of a function of --section has cost on average, its part of the on-periods included. NAN: not measured. */
double cost_meter_ns_per_call(const struct cost_meter *meter);

/* The same for a timed call of a GPU's driver. */
double cost_meter_ns_per_gpu_call(const struct cost_meter *meter);

#endif
