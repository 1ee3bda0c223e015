/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* sample.bpf.h - takes a sample of the current thread's stack, with the sections that are open on it. */
#ifndef BPF_SAMPLE_H
#define BPF_SAMPLE_H

#include "clock.bpf.h"
#include "pywalk.bpf.h"

static __always_inline void take_row(struct walker *w, u32 row)
{
	u32 n = w->sample.nr_rows;

	if (n >= SAMPLE_ROWS) {
		w->sample.flags |= SAMPLE_ROWS_CUT;
		return;
	}
	w->sample.rows[n & (SAMPLE_ROWS - 1)] = row;
	w->sample.nr_rows = n + 1;
}

static long sample_row(u32 i, struct walk_context *c)
{
	struct open_section *s = open_at(c->clock, i);

	if (s->first)
		take_row(c->walker, s->row);
	return 0;
}

/* Native addresses stand right behind the Python frames. They are as good as the frame pointers of the code are. */
static __always_inline void native_walk(void *ctx, struct walker *w)
{
	u32 at = w->sample.nr_python;
	long bytes;

	if (at > SAMPLE_PYTHON)
		return;
	bytes = bpf_get_stack(ctx, &w->python[at], SAMPLE_NATIVE * sizeof(u64), BPF_F_USER_STACK);
	if (bytes > 0)
		w->sample.nr_native = bytes / sizeof(u64);
	if (w->sample.nr_native == SAMPLE_NATIVE)
		w->sample.flags |= SAMPLE_NATIVE_CUT;
}

static __always_inline void sample_take(void *ctx, struct walker *w, struct task_struct *task, struct process *process,
					struct clock *clock, u32 kind)
{
	struct walk_context c = {.walker = w, .clock = clock};

	__builtin_memset(&w->sample, 0, sizeof(w->sample));
	w->sample.tgid = task->tgid;
	w->sample.tid = task->pid;
	w->sample.kind = kind;
	w->sample.weight = throttle.sample_every > 1 ? throttle.sample_every : 1;
	if (clock && clock->record)
		bpf_loop(nr_all(clock), sample_row, &c, 0);
	if (!w->sample.nr_rows)
		take_row(w, ROW_OUTSIDE);
	python_walk(w, task, process);
	native_walk(ctx, w);
}

/* User space looks often enough: nobody is woken, which would cost the target more than the sample. */
static __always_inline void sample_send(struct walker *w)
{
	u64 bytes = sizeof(struct sample) + w->sample.nr_python * sizeof(struct python_frame) + w->sample.nr_native * sizeof(u64);

	if (bytes > sizeof(struct sample) + sizeof(w->python))
		return;
	if (w->sample.flags & SAMPLE_PYTHON_BROKEN)
		__sync_fetch_and_add(&counters.stacks_broken, 1);
	if (bpf_ringbuf_output(&samples, &w->sample, bytes, BPF_RB_NO_WAKEUP))
		__sync_fetch_and_add(&counters.lost_samples, 1);
	else
		__sync_fetch_and_add(&counters.samples, 1);
}

/* A thread waits: its stack is kept until it is known how long. At most one in a sampling period is taken. */
static __always_inline void sample_wait(void *ctx, struct task_struct *task, struct process *process, struct clock *clock, u64 now)
{
	struct walker *w;

	clock->off_sampled = 0;
	if (now - clock->off_sample_ns < sample_period_ns * (throttle.sample_every > 1 ? throttle.sample_every : 1) || !window.start_ns || window.end_ns)
		return;
	w = bpf_task_storage_get(&waits, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!w) {
		__sync_fetch_and_add(&counters.lost_samples, 1);
		return;
	}
	clock->off_sample_ns = now;
	clock->off_sampled = 1;
	sample_take(ctx, w, task, process, clock, SAMPLE_OFF);
	w->sample.cause = clock->cause;
}

static __always_inline void sample_waited(struct task_struct *task, struct clock *clock, u64 off_ns)
{
	struct walker *w;

	if (!clock->off_sampled)
		return;
	clock->off_sampled = 0;
	w = bpf_task_storage_get(&waits, task, NULL, 0);
	if (!w)
		return;
	w->sample.off_ns = off_ns;
	sample_send(w);
}

#endif
