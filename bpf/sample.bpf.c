// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sample.bpf.c - a sampling tick: what is the thread doing? */
#include "sample.bpf.h"

SEC("perf_event")
int on_sample(void *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process *process = process_of(task);
	u32 zero = 0;
	struct walker *w;
	struct clock *clock;

	if (!process || !window.start_ns || window.end_ns)
		return 0;
	if (throttle.sample_every > 1 && bpf_get_prandom_u32() % throttle.sample_every)
		return 0;
	w = bpf_map_lookup_elem(&walkers, &zero);
	if (!w)
		return 0;
	/* Interrupted while its clock was being worked on: the sections are those of a moment ago. */
	clock = clock_lock(task);
	if (clock) {
		path_update(clock, task, process);
		sample_take(ctx, w, task, process, clock, SAMPLE_CPU);
		clock_unlock(clock);
	} else {
		sample_take(ctx, w, task, process, clock_of(task, 0), SAMPLE_CPU);
	}
	sample_send(w);
	return 0;
}
