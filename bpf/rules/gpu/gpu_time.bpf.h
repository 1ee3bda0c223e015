/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * gpu_time.bpf.h - charges the time of a call of a GPU's driver to the sections that are open on its thread.
 *
 * The scheduler's programs charge waits meanwhile, as ever: a thread that spins waits for its CPU, too. So the waits of the thread are
 * noted when the call begins. Their growth is taken off the call's time, and the rest is running time. User space moves all
 * parts to the wait for the GPU, so that each ledger stays as the scheduler's programs have made it.
 *
 * A call is charged when it returns, and at each tick before that, as it may never return.
 */
#ifndef BPF_RULES_GPU_GPU_TIME_H
#define BPF_RULES_GPU_GPU_TIME_H

#include "rules/thread_time.bpf.h"

/* Causes of waits that belong to the GPU if the thread is in such a call. */
static __always_inline u32 gpu_part_of(u32 cause)
{
	return cause == CAUSE_RUNQUEUE ? GPU_QUEUED : cause == CAUSE_THROTTLED ? GPU_THROTTLED : cause == CAUSE_STEAL ? GPU_STOLEN : GPU_PARTS;
}

static __always_inline u32 gpu_way_of(u32 kind)
{
	return kind == GPU_TO_DEVICE ? GPU_WAY_TO_DEVICE : kind == GPU_TO_HOST ? GPU_WAY_TO_HOST : GPU_WAY_OTHER;
}

/* Notes the waits of the thread up to `now`. This and the next ones are apart, as a probe's functions must need little of the stack. */
__weak __noinline int gpu_note_waits(struct thread_account *account, u64 now)
{
	u32 c;

	if (!account)
		return 0;
	for (c = 0; c < CAUSES; c++)
		account->gpu.off_ns[c] = account->sum.off_ns[c];
	account->gpu.since_ns = now;
	account->gpu.generation = throttle.waits_off ? NO_GENERATION : throttle.wait_generation;
	return 0;
}

/* Waits may have been reduced meanwhile: the kernel may count less than was charged. */
__weak __noinline u64 gpu_waited(const struct thread_account *account, u32 cause, u64 most)
{
	u64 before, now, ns;

	if (!account || cause >= CAUSES)
		return 0;
	before = account->gpu.off_ns[cause];
	now = account->sum.off_ns[cause];
	ns = now > before ? now - before : 0;
	if (throttle.wait_weight > 1)
		ns /= throttle.wait_weight;
	return ns < most ? ns : most;
}

/* Takes the waits off `ns`, and stores those that belong to the GPU. Returns the rest. */
__weak __noinline u64 gpu_take_waits(struct thread_account *account, u64 ns)
{
	u64 waited;
	u32 c;

	if (!account)
		return ns;
	for (c = 0; c < CAUSES; c++) {
		waited = gpu_waited(account, c, ns);
		ns -= waited;
		if (c == CAUSE_GPU)
			account->gpu.gpu_ns = waited;
		else if (gpu_part_of(c) < GPU_PARTS)
			account->gpu.charge.ns[gpu_part_of(c) & (GPU_PARTS - 1)] = waited;
	}
	return ns;
}

/* Divides the time since the last charge into its parts. */
__weak __noinline int gpu_divide(struct thread_account *account, u64 ns)
{
	struct gpu_sum *charge;

	if (!account)
		return 0;
	charge = &account->gpu.charge;
	account->gpu.gpu_ns = 0;
	if (throttle.waits_off || account->gpu.generation != throttle.wait_generation)
		charge->unsplit_ns = ns;
	else
		ns = gpu_take_waits(account, ns);
	/* The running time of a thread that another one has woken is that one's. */
	charge->ns[GPU_RAN] = account->record && !account->own ? 0 : ns;
	ns = charge->ns[GPU_RAN] + charge->ns[GPU_QUEUED] + charge->ns[GPU_THROTTLED] + charge->ns[GPU_STOLEN] + account->gpu.gpu_ns;
	if (account->gpu.kind != GPU_SYNC)
		charge->copy_ns[gpu_way_of(account->gpu.kind)] = ns;
	return 0;
}

static __always_inline void gpu_count_call(struct gpu_call *call, bool idle)
{
	struct gpu_sum *charge = &call->charge;

	charge->begun = call->async && idle;
	charge->syncs = !charge->begun;
	charge->idle = charge->syncs && idle;
	if (call->kind == GPU_COPY || (call->kind != GPU_SYNC && !call->bytes))
		charge->unsized = 1;
	else if (call->kind != GPU_SYNC)
		charge->bytes[gpu_way_of(call->kind)] = call->bytes;
}

/* Global, so that it is verified once. */
__weak __noinline int gpu_sum_add(struct gpu_sum *to, const struct gpu_sum *n, u32 self)
{
	u32 i;

	if (!to || !n)
		return 0;
#pragma unroll
	for (i = 0; i < GPU_PARTS; i++)
		add_nonzero(self ? &to->self_ns[i] : &to->ns[i], n->ns[i]);
	if (self)
		return 0;
#pragma unroll
	for (i = 0; i < GPU_WAYS; i++) {
		add_nonzero(&to->copy_ns[i], n->copy_ns[i]);
		add_nonzero(&to->bytes[i], n->bytes[i]);
	}
	add_nonzero(&to->unsplit_ns, n->unsplit_ns);
	add_nonzero(&to->unsized, n->unsized);
	add_nonzero(&to->begun, n->begun);
	add_nonzero(&to->syncs, n->syncs);
	add_nonzero(&to->idle, n->idle);
	return 0;
}

static __always_inline struct gpu_sum *gpu_sum_of(u32 section_id)
{
	return bpf_map_lookup_elem(&gpu_sums, &section_id);
}

static long gpu_charge_section(u32 i, struct thread_account **a)
{
	struct thread_account *account = *a;
	struct open_section *s = open_section_at(account, i);
	struct gpu_sum *sum = gpu_sum_of(s->section_id);

	if (!sum)
		return 1;
	if (!account->own && i < account->nr_open)
		return 0;
	if (s->first)
		gpu_sum_add(sum, &account->gpu.charge, 0);
	if (is_innermost(account, i))
		gpu_sum_add(sum, &account->gpu.charge, 1);
	return 0;
}

static __noinline int gpu_charge_sections(struct thread_account *account)
{
	struct gpu_sum *outside;

	if (!account)
		return 0;
	if (has_charged_sections(account)) {
		bpf_loop(nr_all_open(account), gpu_charge_section, &account, 0);
		return 0;
	}
	outside = gpu_sum_of(SECTION_OUTSIDE);
	if (!outside)
		return 0;
	gpu_sum_add(outside, &account->gpu.charge, 0);
	gpu_sum_add(outside, &account->gpu.charge, 1);
	return 0;
}

/* Charges the open call of the current task up to `now`. The sections are up to date, and the account is locked. */
__weak __noinline int gpu_charge(struct thread_account *account, u64 now, u32 ended)
{
	struct gpu_call *call;
	u64 end, start;
	bool idle;

	if (!account)
		return 0;
	call = &account->gpu;
	end = window.end_ns && window.end_ns < now ? window.end_ns : now;
	start = call->since_ns > window.start_ns ? call->since_ns : window.start_ns;
	idle = ended && now - call->begun_ns < GPU_IDLE_NS;
	__builtin_memset(&call->charge, 0, sizeof(call->charge));
	if (end > start && !(call->async && idle))
		gpu_divide(account, end - start);
	if (ended && !window.end_ns)
		gpu_count_call(call, idle);
	gpu_note_waits(account, now);
	gpu_charge_sections(account);
	return 0;
}

/* At a tick. */
static __always_inline void gpu_charge_so_far(struct thread_account *account, u64 now)
{
	if (account->gpu.sp)
		gpu_charge(account, now, 0);
}

#endif
