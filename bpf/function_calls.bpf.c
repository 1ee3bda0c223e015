// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * function_calls.bpf.c - times functions that carry no marker: an entry probe and a return probe.
 *
 * The open calls of a thread lie in its task storage. A return belongs to the call whose stack pointer it
 * restores. Calls above that one were abandoned without a return (longjmp, an exception) and are counted as lost.
 * A probe's cookie is its section_id.
 */
#include "state/process_parts.bpf.h"

static __always_inline struct function_call *call_at(struct function_calls *calls, u32 i)
{
	return &calls->call[i & (BPFPROF_CALLS - 1)];
}

/* Looks for an open call with this section_id. */
static long find_recursion(u32 i, struct function_calls **c)
{
	struct function_calls *calls = *c;

	if (i >= calls->depth)
		return 1;
	if (call_at(calls, i)->section_id != calls->section_id)
		return 0;
	calls->recursive = 1;
	return 1;
}

/*
 * Returns true if a function was entered by a tail call. It then finds the return address that its caller's return
 * probe has put there, which is that of the kernel's trampoline. Any other call finds its own.
 */
static __always_inline bool is_tail_call(struct task_struct *task, struct function_calls *calls)
{
	u64 trampoline = BPF_CORE_READ(task, mm, uprobes_state.xol_area, vaddr);

	return trampoline && !bpf_probe_read_user(&calls->return_address, sizeof(u64), (void *)calls->sp) &&
	       calls->return_address == trampoline;
}

/*
 * Drops the innermost call if it cannot return any more, because the stack pointer has passed its frame. A call at
 * the very same place returns together with its tail call; if the new call is no tail call, it has replaced that
 * one.
 */
static long drop_abandoned_call(u32 i, struct function_calls **c)
{
	struct function_calls *calls = *c;
	u32 depth = calls->depth;
	struct function_call *top;

	if (!depth)
		return 1;
	top = call_at(calls, depth - 1);
	if (top->sp > calls->sp || (top->sp == calls->sp && calls->tail))
		return 1;
	calls->depth = depth - 1;
	__sync_fetch_and_add(&counters.lost_unmatched, 1);
	return 0;
}

SEC("uprobe")
int on_call(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct function_calls *calls;
	struct function_call *call;

	if (!process_of(task) || !window.start_ns || throttle.calls_off)
		return 0;
	__sync_fetch_and_add(&counters.calls, 1);
	calls = bpf_task_storage_get(&open_calls, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!calls) {
		__sync_fetch_and_add(&counters.lost_too_deep, 1);
		return 0;
	}
	if (calls->generation != throttle.calls_generation) {
		calls->generation = throttle.calls_generation;
		calls->depth = 0;
	}
	calls->sp = PT_REGS_SP(ctx);
	calls->section_id = bpf_get_attach_cookie(ctx);
	calls->recursive = 0;
	calls->tail = is_tail_call(task, calls);
	bpf_loop(BPFPROF_CALLS, drop_abandoned_call, &calls, 0);
	if (calls->depth >= BPFPROF_CALLS) {
		__sync_fetch_and_add(&counters.lost_too_deep, 1);
		return 0;
	}
	bpf_loop(BPFPROF_CALLS, find_recursion, &calls, 0);
	call = call_at(calls, calls->depth);
	call->sp = calls->sp;
	call->section_id = calls->section_id;
	call->recursive = calls->recursive;
	call->inner_ns = 0;
	calls->depth++;
	calls->serial++;
	call->start_ns = bpf_ktime_get_ns();	/* last, so that our own time is not included */
	return 0;
}

static __always_inline void function_call_add(const struct function_call *call, u64 ns)
{
	u32 section_id = call->section_id;
	struct section_stat *stat = bpf_map_lookup_elem(&stats, &section_id);
	u64 self = ns - (call->inner_ns < ns ? call->inner_ns : ns), total = call->recursive ? 0 : ns;

	if (!stat)
		return;
	stat->kind = DCBS_NAME_SECTION;
	__sync_fetch_and_add(&stat->count, 1);
	__sync_fetch_and_add(&stat->sum_ns, ns);
	__sync_fetch_and_add(&stat->self_ns, self);
	__sync_fetch_and_add(&stat->total_ns, total);
	if (!only_tgid)
		part_add(section_id, 1, ns, total, self);
	store_max(&stat->max_ns, ns);
	store_max(&stat->min_inv_ns, ~ns);
	add_duration(stat, section_id, ns);
}

/* Finds the call whose stack pointer this return restores, from the innermost one outwards. */
static long find_returning_call(u32 i, struct function_calls **c)
{
	struct function_calls *calls = *c;
	u32 depth = calls->depth;
	struct function_call *call;

	if (i >= depth)
		return 1;
	call = call_at(calls, depth - 1 - i);
	if (call->sp != calls->sp || call->section_id != calls->section_id)
		return 0;
	calls->found = depth - i;
	return 1;
}

SEC("uretprobe")
int on_return(struct pt_regs *ctx)
{
	u64 now = bpf_ktime_get_ns(), ns;
	struct task_struct *task = bpf_get_current_task_btf();
	struct function_calls *calls;
	struct function_call *call;

	if (!process_of(task))
		return 0;
	calls = bpf_task_storage_get(&open_calls, task, NULL, 0);
	if (!calls || calls->generation != throttle.calls_generation)
		return 0;
	calls->sp = PT_REGS_SP(ctx) - sizeof(u64);	/* the return address is popped */
	calls->section_id = bpf_get_attach_cookie(ctx);
	calls->found = 0;
	bpf_loop(BPFPROF_CALLS, find_returning_call, &calls, 0);
	if (!calls->found)	/* its entry was too deep, or before our time */
		return 0;
	if (calls->found < calls->depth)
		__sync_fetch_and_add(&counters.lost_unmatched, calls->depth - calls->found);
	calls->depth = calls->found - 1;
	calls->serial++;
	call = call_at(calls, calls->found - 1);
	ns = now - call->start_ns;
	if (calls->found > 1)
		call_at(calls, calls->found - 2)->inner_ns += ns;
	if (!window.end_ns || now <= window.end_ns)
		function_call_add(call, ns);
	return 0;
}
