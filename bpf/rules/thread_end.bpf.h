/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* thread_end.bpf.h - adds the clock of a thread that ends to its process's sum. */
#ifndef BPF_RULES_THREAD_END_H
#define BPF_RULES_THREAD_END_H

#include "rules/thread_time.bpf.h"

struct fold {
	struct clock *clock;
	struct thread_sum *to;
};

static long fold_off(u32 i, struct fold *f)
{
	i &= CAUSES - 1;
	add(&f->to->off_ns[i], f->clock->sum.off_ns[i]);
	add(&f->to->outside_off_ns[i], f->clock->sum.outside_off_ns[i]);
	return 0;
}

/* As user/analyse/threads.c tells it of threads that are alive: less than 1 % of its time had it anything to do. */
static __always_inline bool is_idle(const struct clock *clock, struct task_struct *task, u64 wall)
{
	const u64 *off = clock->sum.off_ns;
	u64 waited = off[CAUSE_LOCK] + off[CAUSE_NETWORK] + off[CAUSE_SLEEP] + off[CAUSE_GPU] + off[CAUSE_PIPE] +
		     off[CAUSE_CHILD] + off[CAUSE_STOPPED] + off[CAUSE_OTHER];

	return !clock->sections && task->pid != task->tgid && wall - waited < wall / 100;
}

/* What it has gathered is charged, and its time goes to its process, once. It still runs for a moment, see leave_for_good() in sched.bpf.c. */
static __noinline int fold_clock(struct clock *clock, struct process_sum *sum, struct task_struct *task)
{
	struct fold f = {.clock = clock};
	u64 start, now = bpf_ktime_get_ns();

	if (!clock || !sum)
		return 0;
	if (clock->dirty)
		memory_flush(clock);
	charge_run(clock, now);
	start = clock->since_ns > window.start_ns ? clock->since_ns : window.start_ns;
	f.to = is_idle(clock, task, now > start ? now - start : 0) ? &sum->ended_idle : &sum->ended;
	clock->idle = f.to == &sum->ended_idle;
	add(&f.to->threads, 1);
	add(&f.to->wall_ns, now > start ? now - start : 0);
	add(&f.to->worker_ns, clock->sum.worker_ns);
	clock->exec_folded_ns = task->se.sum_exec_runtime - clock->exec_start_ns;
	add(&f.to->cpu_ns, clock->exec_folded_ns);
	bpf_loop(CAUSES, fold_off, &f, 0);
	clock->dead = 1;
	return 0;
}

#endif
