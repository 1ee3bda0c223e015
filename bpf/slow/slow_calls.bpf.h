/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * slow_calls.bpf.h - keeps the slowest calls of each section, with what their thread waited for in them.
 *
 * A section has `slow_kept` entries in `slow_calls`. section_stat.slow_ns is a lower bound of the shortest of them, so that a usual
 * call costs one comparison. An entry is taken by exchanging its ns, which only grows; its other fields are stored after
 * that, and `check` at last. So an entry that two threads took at the same time shows that it is broken.
 */
#ifndef BPF_SLOW_SLOW_CALLS_H
#define BPF_SLOW_SLOW_CALLS_H

#include "rules/pid_numbers.bpf.h"

#define TAKE_TRIES 4

static long slow_search_entry(u32 i, struct slow_search **search)
{
	struct slow_search *s = *search;
	u32 at = s->first + i;
	struct slow_call *call = bpf_map_lookup_elem(&slow_calls, &at);

	if (!call)
		return 1;
	if (call->ns < s->least) {
		s->second = s->least;
		s->least = call->ns;
		s->shortest = at;
	} else if (call->ns < s->second) {
		s->second = call->ns;
	}
	return 0;
}

struct slow_causes {
	struct thread_account *account;
	struct slow_call *call;
};

/* Adds the part of a wait that lies in the call. Waits are visited from the last one up to one that began before the call. */
static long slow_add_wait(u32 i, struct slow_causes *c)
{
	struct recent_wait *w = &c->account->recent[(c->account->nr_recent - 1 - i) & (RECENT_WAITS - 1)];
	u64 start = w->start_ns, end = start + (w->ns_and_cause >> RECENT_CAUSE_BITS), begin = c->call->end_ns - c->call->ns;
	u32 first = start <= begin;

	if (first)
		start = begin;
	if (end > c->call->end_ns)
		end = c->call->end_ns;
	if (end > start)
		c->call->off_ns[w->ns_and_cause & (CAUSES - 1)] += end - start;
	c->call->causes_known |= first;
	return first ? 1 : 0;
}

/* Fills the causes of a call that has ended on the current thread, if all of its waits are among the recent ones. */
__weak __noinline int slow_fill_causes(struct slow_search *s)
{
	struct slow_causes c;
	u32 n = 0;

	if (!s)
		return 0;
	n = s->shortest;
	c.call = bpf_map_lookup_elem(&slow_calls, &n);
	c.account = bpf_task_storage_get(&thread_accounts, bpf_get_current_task_btf(), NULL, 0);
	if (!c.call || !c.account)
		return 0;
	if (throttle.waits_off || throttle.wait_weight > 1 || c.account->generation != throttle.wait_generation ||
	    c.account->recent_since_ns > s->end_ns - s->ns || s->flags & DCBS_IN_FLOW)
		return 0;
	n = c.account->nr_recent < RECENT_WAITS ? c.account->nr_recent : RECENT_WAITS;
	c.call->causes_known = n < RECENT_WAITS;
	bpf_loop(n, slow_add_wait, &c, 0);
	return 0;
}

/* Fills the entry that slow_take() has taken. */
__weak __noinline int slow_fill(struct slow_search *s)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct process *process = process_of(task);
	struct slow_call *call;
	u32 at;

	if (!s)
		return 0;
	at = s->shortest;
	call = bpf_map_lookup_elem(&slow_calls, &at);
	if (!call)
		return 0;
	call->check = 0;
	call->end_ns = s->end_ns;
	call->items = s->items;
	call->flags = s->flags;
	call->pid = process ? process->pid : 0;
	call->tid = pid_of_task(task);
	call->causes_known = 0;
	__builtin_memset(call->off_ns, 0, sizeof(call->off_ns));
	return 0;
}

/* Returns 1 if the call is among the slowest ones and has got an entry. */
__weak __noinline int slow_take(struct slow_search *s)
{
	struct slow_call *call;
	u32 at;
	int i;

	if (!s)
		return 0;
	for (i = 0; i < TAKE_TRIES; i++) {
		s->first = s->section_id * slow_kept;
		s->least = s->second = ~0ULL;
		bpf_loop(slow_kept, slow_search_entry, &s, 0);
		if (s->least >= s->ns)
			return 0;
		at = s->shortest;
		call = bpf_map_lookup_elem(&slow_calls, &at);
		if (!call)
			return 0;
		if (__sync_bool_compare_and_swap(&call->ns, s->least, s->ns))
			return 1;
	}
	__sync_fetch_and_add(&counters.lost_slow_calls, 1);
	return 0;
}

static __always_inline void slow_finish(const struct slow_search *s)
{
	u32 at = s->shortest;
	struct slow_call *call = bpf_map_lookup_elem(&slow_calls, &at);

	if (call)
		call->check = s->ns ^ s->end_ns;
}

/*
 * A call has taken longer than section_stat.slow_ns: it is kept if it is among the slowest ones, and slow_ns is raised. No other call
 * can be the longest one. The caller has filled the first fields of `s`. The functions called here are global ones, which the
 * verifier checks once, and none calls another one: calls may be eight deep.
 */
static __always_inline void slow_call_add(struct slow_search *s)
{
	u32 section_id = s->section_id;
	struct section_stat *stat = bpf_map_lookup_elem(&stats, &section_id);

	if (!stat)
		return;
	store_max(&stat->max_ns, s->ns);
	s->least = 0;
	if (slow_take(s)) {
		slow_fill(s);
		slow_fill_causes(s);
		slow_finish(s);
		if (s->second < s->ns)
			s->least = s->second;
		else
			s->least = s->ns;
	}
	store_max(&stat->slow_ns, s->least);
}

#endif
