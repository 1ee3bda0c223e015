/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* take_sample.bpf.h - takes a sample of the current thread's stack, with the sections that are open on it. */
#ifndef BPF_RULES_TAKE_SAMPLE_H
#define BPF_RULES_TAKE_SAMPLE_H

#include "rules/flows/event_loop.bpf.h"
#include "rules/python_walk.bpf.h"

#define RATE_PERIODS 64	/* sampling periods in an interval in which a thread's waits are counted */

static __always_inline void sample_add_section(struct walker *w, u32 section_id)
{
	u32 n = w->sample.nr_sections;

	if (n >= SAMPLE_SECTIONS) {
		w->sample.flags |= SAMPLE_SECTIONS_CUT;
		return;
	}
	w->sample.sections[n & (SAMPLE_SECTIONS - 1)] = section_id;
	w->sample.nr_sections = n + 1;
}

static long sample_section(u32 i, struct sample_context *c)
{
	struct open_section *s = open_section_at(c->account, i);

	if (c->off && !c->account->own && i < c->account->nr_open)
		return 0;
	if (s->first == FIRST)
		sample_add_section(c->walker, s->section_id);
	return 0;
}

/* Appends the native addresses to the Python frames. They are complete where the code has frame pointers. */
static __always_inline void sample_native_stack(void *ctx, struct walker *w)
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

static __always_inline u64 frames_bytes(const struct sample *s)
{
	return s->nr_python * sizeof(struct python_frame) + s->nr_native * sizeof(u64);
}

/*
 * Copies a piece of the stack. The C library has no frame pointers, and waits are in it: user space needs the copy
 * to find its callers. The memory above the end of a stack is usually mapped, because a thread or process began
 * there.
 */
static __always_inline void sample_copy_stack(struct walker *w, struct task_struct *task, u32 most)
{
#if defined(__TARGET_ARCH_x86)
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	void *to = &w->python[SAMPLE_STACK_AT];
	u64 sp = regs->rsp;
	u32 bytes;

	if (!w->sample.nr_native || frames_bytes(&w->sample) > SAMPLE_STACK_AT * sizeof(struct python_frame))
		return;
#pragma unroll
	for (bytes = most; bytes >= SAMPLE_STACK && !w->sample.stack_bytes; bytes -= 1024)
		if (!bpf_probe_read_user(to, bytes, (void *)sp))
			w->sample.stack_bytes = bytes;
	if (!w->sample.stack_bytes && !bpf_probe_read_user(to, SAMPLE_STACK / 8, (void *)sp))
		w->sample.stack_bytes = SAMPLE_STACK / 8;
	w->sample.sp = sp;
	w->sample.bp = regs->rbp;
#endif
}

static __always_inline u64 sample_bytes(const struct walker *w)
{
	const struct sample *s = &w->sample;

	if (s->stack_bytes)
		return sizeof(*s) + SAMPLE_STACK_AT * sizeof(struct python_frame) + s->stack_bytes;
	return sizeof(*s) + frames_bytes(s);
}

/* Notes which event loop the thread holds. */
static __always_inline void sample_loop(struct walker *w, const struct thread_account *account)
{
	u32 number = account->loop.number;

	if (!account->loop.since_ns || account->loop.selects || number > BPFPROF_LOOPS)
		return;
	w->sample.loop = number;
	w->sample.step_ns = step_so_far(account, bpf_ktime_get_ns());
}

static __always_inline void sample_take(void *ctx, struct walker *w, struct task_struct *task, struct process *process,
					struct thread_account *account, u32 kind)
{
	struct sample_context c = {.walker = w, .account = account, .off = kind == SAMPLE_OFF};

	__builtin_memset(&w->sample, 0, sizeof(w->sample));
	w->sample.tgid = task->tgid;
	w->sample.tid = pid_of_task(task);
	w->sample.kind = kind;
	w->sample.at_ns = bpf_ktime_get_ns();
	w->sample.weight = throttle.sample_every > 1 ? throttle.sample_every : 1;
	if (account && nr_all_open(account))
		bpf_loop(nr_all_open(account), sample_section, &c, 0);
	if (account)
		sample_loop(w, account);
	if (account && account->gpu.sp)
		w->sample.gpu_kind = account->gpu.kind;
	if (!w->sample.nr_sections)
		sample_add_section(w, SECTION_OUTSIDE);
	python_walk(w, task, process);
	sample_native_stack(ctx, w);
	sample_copy_stack(w, task, kind == SAMPLE_OFF ? SAMPLE_STACK : SAMPLE_CPU_STACK);
}

/*
 * Sends the sample. A wake-up would cost the target more than the sample. So the profiler, which polls often
 * enough, is woken only when half of the ring buffer is full.
 */
static __always_inline void sample_send(struct walker *w, u32 most)
{
	u64 bytes = sample_bytes(w), flags = BPF_RB_NO_WAKEUP;

	if (bytes > sizeof(struct sample) + SAMPLE_STACK_AT * sizeof(struct python_frame) + most)
		return;
	if (w->sample.flags & SAMPLE_PYTHON_BROKEN)
		__sync_fetch_and_add(&counters.stacks_broken, 1);
	if (bpf_ringbuf_query(&samples, BPF_RB_AVAIL_DATA) > samples_half)
		flags = BPF_RB_FORCE_WAKEUP;
	if (bpf_ringbuf_output(&samples, &w->sample, bytes, flags))
		__sync_fetch_and_add(&counters.lost_samples, 1);
	else
		__sync_fetch_and_add(&counters.samples, 1);
	if (w->sample.kind == SAMPLE_OFF)
		__sync_fetch_and_add(&counters.wait_samples, 1);
}

/*
 * Decides whether a wait is sampled. If a thread waits often, its waits are sampled with probability 1/n, so that
 * the selection does not depend on their length. A sampled wait has weight n. n is the number of waits per
 * sampling period, in the previous interval or so far in this one, whichever is larger. So a thread that begins to wait often does
 * not fill the ring: the first sampling period of an interval has ln(n) samples, about. Preemptions are counted apart, so that they do
 * not make waits rarer samples.
 */
__weak __noinline int wait_is_due(struct thread_account *account, u64 now)
{
	u64 period = sample_period_ns * (throttle.sample_every > 1 ? throttle.sample_every : 1), elapsed;
	struct wait_rate *rate;
	u32 weight;

	if (!account)
		return false;
	rate = account->cause == CAUSE_RUNQUEUE ? &account->rates[1] : &account->rates[0];
	elapsed = now - rate->start_ns;
	if (elapsed > RATE_PERIODS * period) {
		rate->before = (u32)(rate->waits * period / elapsed);
		rate->waits = 0;
		rate->start_ns = now;
		elapsed = 0;
	}
	weight = (u32)(++rate->waits * period / (elapsed + period));
	if (weight < rate->before)
		weight = rate->before;
	account->off_weight = weight ?: 1;
	return bpf_get_prandom_u32() % account->off_weight == 0;
}

/*
 * Takes the stack of a thread that begins to wait, or is preempted. It is kept until the length of the wait is known. A wait for a CPU
 * belongs to the same stack.
 */
static __always_inline void sample_wait(void *ctx, struct task_struct *task, struct process *process,
					struct thread_account *account, u64 now)
{
	struct walker *w;

	if (!window.start_ns || window.end_ns || *(volatile u32 *)&account->off_sampled >= WAIT_SENDING)
		return;
	account->off_sampled = WAIT_NONE;
	if (!wait_is_due(account, now))
		return;
	w = bpf_task_storage_get(&waits, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!w) {
		__sync_fetch_and_add(&counters.lost_samples, 1);
		return;
	}
	sample_take(ctx, w, task, process, account, SAMPLE_OFF);
	account->off_sample_ns = now;
	account->off_generation = throttle.wait_generation;
	barrier();
	*(volatile u32 *)&account->off_sampled = WAIT_TAKEN;
}

static __always_inline u64 time_between(u64 t, u64 low, u64 high)
{
	return t < low ? low : t > high ? high : t;
}

/*
 * Sends the part of a wait up to `now` that has not been sent yet: by its cause until `woken`, as throttled until `queued`, then as
 * run-queue wait. Global, so that it is verified once.
 */
__weak __noinline int wait_send(struct walker *w, struct thread_account *account, u64 woken, u64 queued, u64 now)
{
	u64 start;

	if (!w || !account)
		return 0;
	start = account->off_sample_ns;
	if (window.end_ns && now > window.end_ns)
		now = window.end_ns;
	if (now <= start || throttle.waits_off || account->off_generation != throttle.wait_generation)
		return 0;
	woken = time_between(woken, start, now);
	queued = time_between(queued, woken, now);
	w->sample.weight = weighted_ns(account->off_weight);
	w->sample.off_ns = (woken - start) * w->sample.weight;
	w->sample.throttled_ns = (queued - woken) * w->sample.weight;
	w->sample.queue_ns = (now - queued) * w->sample.weight;
	account->off_sample_ns = now;
	sample_send(w, SAMPLE_STACK);
	return 0;
}

static __always_inline void sample_waited(struct task_struct *task, struct thread_account *account, u64 woken, u64 queued, u64 now)
{
	struct walker *w;

	if (*(volatile u32 *)&account->off_sampled == WAIT_NONE)
		return;
	if (__sync_bool_compare_and_swap(&account->off_sampled, WAIT_TAKEN, WAIT_NONE)) {
		w = bpf_task_storage_get(&waits, task, NULL, 0);
		if (!w)
			return;
		w->sample.cause = account->cause;
		wait_send(w, account, woken, queued, now);
	} else if (!__sync_bool_compare_and_swap(&account->off_sampled, WAIT_SENDING, WAIT_OVER)) {
		*(volatile u32 *)&account->off_sampled = WAIT_NONE;
	}
}

/* Sends the part of a wait that has passed, from another CPU: a wait that outlasts the window has a stack, too. */
static __always_inline void sample_waiting(struct task_struct *task, struct thread_account *account, u32 cause, u64 woken,
					   u64 queued, u64 now)
{
	struct walker *w = bpf_task_storage_get(&waits, task, NULL, 0);

	if (!w || !__sync_bool_compare_and_swap(&account->off_sampled, WAIT_TAKEN, WAIT_SENDING))
		return;
	w->sample.cause = cause;
	wait_send(w, account, woken, queued, now);
	if (!__sync_bool_compare_and_swap(&account->off_sampled, WAIT_SENDING, WAIT_TAKEN))
		*(volatile u32 *)&account->off_sampled = WAIT_NONE;
}

#endif
