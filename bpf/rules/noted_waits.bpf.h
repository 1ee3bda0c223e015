/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * noted_waits.bpf.h - the waits before a thread's current slice, noted so that they can be charged with less.
 *
 * charge_off() charges a wait when the slice after it begins. Only when that slice ends is it known how much of the time the kernel
 * counts as running. Calls that were charged may have ended by then, so the sections are noted together with the waits.
 */
#ifndef BPF_RULES_NOTED_WAITS_H
#define BPF_RULES_NOTED_WAITS_H

#include "rules/thread_time.bpf.h"

/* In `slot` of a noted section. */
#define NOTED_INNERMOST	1
#define NOTED_IN_FLOW	2

static long uncharge_section(u32 i, struct charge *c)
{
	struct open_section *s = &c->account->queued[i & (QUEUED_SECTIONS - 1)];
	struct section_ledger *ledger = ledger_of(s->section_id);
	u32 cause = c->cause & (CAUSES - 1);

	if (!ledger)
		return 1;
	if (s->first)
		__sync_fetch_and_add(&ledger->off_ns[cause], -c->ns);
	if (s->slot & NOTED_INNERMOST)
		__sync_fetch_and_add(&ledger->self_off_ns[cause], -c->ns);
	if (s->first && s->slot & NOTED_IN_FLOW)
		__sync_fetch_and_add(&ledger->flow_off_ns, -c->ns);
	if (s->slot == (NOTED_INNERMOST | NOTED_IN_FLOW))
		__sync_fetch_and_add(&ledger->self_flow_off_ns, -c->ns);
	return 0;
}

/* Charges a wait with less: that part of it counts as running time. */
static __always_inline void reduce_wait(struct thread_account *account, u32 cause, u64 ns)
{
	struct charge c = {.account = account, .cause = cause & (CAUSES - 1), .ns = ns = ns * account->queued_weight};

	if (!ns)
		return;
	__sync_fetch_and_add(&account->sum.off_ns[c.cause & (CAUSES - 1)], -ns);
	if (account->nr_queued)
		bpf_loop(account->nr_queued, uncharge_section, &c, 0);
	else
		__sync_fetch_and_add(&account->sum.outside_off_ns[c.cause & (CAUSES - 1)], -ns);
}

__weak __noinline int reduce_waits(struct thread_account *account, u64 ns)
{
	u64 queued, waited;

	if (!account)
		return 0;
	queued = ns < account->queued_ns ? ns : account->queued_ns;
	waited = ns - queued < account->waited_ns ? ns - queued : account->waited_ns;
	account->queued_ns = account->waited_ns = 0;
	if (account->nr_queued > QUEUED_SECTIONS)
		return 0;
	reduce_wait(account, CAUSE_RUNQUEUE, queued);
	reduce_wait(account, account->waited_cause, waited);
	return 0;
}

static __always_inline u64 ns_in_window(u64 start, u64 end)
{
	start = start > window.start_ns ? start : window.start_ns;
	return window.start_ns && end > start ? end - start : 0;
}

/* Copies a section that charge_off() has charged. */
static long note_charged_section(u32 i, struct thread_account **c)
{
	struct thread_account *account = *c;
	u32 n = account->nr_queued;

	if (!account->own && i < account->nr_open)
		return 0;
	if (n < QUEUED_SECTIONS) {
		account->queued[n & (QUEUED_SECTIONS - 1)] = *open_section_at(account, i);
		account->queued[n & (QUEUED_SECTIONS - 1)].slot = (is_innermost(account, i) ? NOTED_INNERMOST : 0) |
								  (i < account->nr_flow ? NOTED_IN_FLOW : 0);
	}
	account->nr_queued = n + 1;
	return 0;
}

/* Notes the waits that charge_off() has charged before this slice: in an off-period it has charged none. */
__weak __noinline int note_waits(struct thread_account *account, u64 off, u64 woken, u64 queued, u64 now)
{
	if (!account)
		return 0;
	account->queued_ns = account->waited_ns = 0;
	account->nr_queued = 0;
	if (throttle.waits_off || window.end_ns)
		return 0;
	account->queued_ns = ns_in_window(queued, now);
	account->waited_ns = ns_in_window(off, woken);
	account->waited_cause = account->cause;
	account->queued_weight = throttle.wait_weight > 1 ? throttle.wait_weight : 1;
	if (has_charged_sections(account))
		bpf_loop(nr_all_open(account), note_charged_section, &account, 0);
	return 0;
}

#endif
