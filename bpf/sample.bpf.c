// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sample.bpf.c - a sampling tick: takes the stack of the current thread. */
#include "rules/take_sample.bpf.h"

/* The start of the context of a perf_event program: the registers of what the tick has interrupted. */
struct tick {
#if defined(__TARGET_ARCH_x86)
	u64 registers[17];
	u64 cs;
#else
	u64 registers[33];	/* with sp and pc */
	u64 pstate;
#endif
};

static __always_inline bool is_in_kernel(const struct tick *ctx)
{
#if defined(__TARGET_ARCH_x86)
	return !(ctx->cs & 3);
#else
	return ctx->pstate & 0xf;
#endif
}

/* The thread is in the kernel, and no system call has brought it there. */
static __always_inline bool is_in_fault(const struct tick *ctx, struct task_struct *task)
{
	return is_in_kernel(ctx) && syscall_number((struct pt_regs *)bpf_task_pt_regs(task)) < 0;
}

SEC("perf_event")
int on_sample(struct tick *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process *process = process_of(task);
	u32 zero = 0;
	struct cpu_walker *w;
	struct thread_account *account;

	if (!process || !window.start_ns || window.end_ns)
		return 0;
	if (throttle.sample_every > 1 && bpf_get_prandom_u32() % throttle.sample_every)
		return 0;
	w = bpf_map_lookup_elem(&walkers, &zero);
	if (!w)
		return 0;
	account = account_lock(task);
	if (account) {
		end_unseen_wait(account, task);
		open_sections_update(account, task, process);
		sample_take(ctx, &w->walker, task, process, account, SAMPLE_CPU);
		account_unlock(account);
	} else {
		account = account_of(task, 0);
		if (account && !account->dead) {
			if (!open_sections_apart(&w->account, account, task, process)) {
				__sync_fetch_and_add(&counters.lost_samples, 1);
				return 0;
			}
			account = &w->account;
		}
		sample_take(ctx, &w->walker, task, process, account, SAMPLE_CPU);
		w->walker.sample.step_ns = 0;	/* nor is the account's number of changes of the flow that of now */
	}
	if (is_in_fault(ctx, task))
		w->walker.sample.flags |= SAMPLE_IN_FAULT;
	sample_send(&w->walker, SAMPLE_CPU_STACK);
	return 0;
}
