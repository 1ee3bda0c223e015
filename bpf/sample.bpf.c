// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* sample.bpf.c - a sampling tick: takes the stack of the current thread. */
#include "rules/take_sample.bpf.h"

SEC("perf_event")
int on_sample(void *ctx)
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
		open_sections_update(account, task, process);
		sample_take(ctx, &w->walker, task, process, account, SAMPLE_CPU);
		account_unlock(account);
	} else {
		/* The program that we have interrupted may not have brought the open sections up to date. */
		account = account_of(task, 0);
		if (account && !account->dead && !open_sections_are_current(account, task, process)) {
			__sync_fetch_and_add(&counters.lost_samples, 1);
			return 0;
		}
		sample_take(ctx, &w->walker, task, process, account, SAMPLE_CPU);
		w->walker.sample.step_ns = 0;	/* nor is the account's number of changes of the flow that of now */
	}
	sample_send(&w->walker, SAMPLE_CPU_STACK);
	return 0;
}
