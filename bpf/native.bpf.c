// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * native.bpf.c - times functions that carry no marker: an entry probe and a return probe.
 *
 * The open calls of a thread lie in its task storage. A return belongs to the call whose stack
 * pointer it restores; calls above that one were left without returning (longjmp, an exception) and
 * are counted as lost. A probe's row comes with its cookie.
 */
#include "maps.bpf.h"

struct call {
	u64 sp;		/* at entry: points to the return address */
	u64 start_ns;
	u64 inner_ns;	/* spent in calls that we saw */
	u32 row;
	u32 recursive;	/* a call of the same function is open below */
};

struct calls {
	u32 depth;
	u32 pad;
	struct call call[BPFPROF_CALLS];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct calls);
} open_calls SEC(".maps");

struct search {
	struct calls *calls;
	u64 sp;
	u32 row;
	u32 found;	/* depth + 1 of what was looked for */
	bool recursive;
};

static __always_inline struct call *call_at(struct calls *calls, u32 i)
{
	return &calls->call[i & (BPFPROF_CALLS - 1)];
}

/* Is a call of this row open? */
static long look_below(u32 i, struct search *s)
{
	if (i >= s->calls->depth)
		return 1;
	s->recursive |= call_at(s->calls, i)->row == s->row;
	return s->recursive;
}

/*
 * A call whose frame the stack pointer has left behind cannot return any more. At the very same
 * place, another function is a tail call of it and both will return; the same one has come again.
 */
static long drop_left(u32 i, struct search *s)
{
	u32 depth = s->calls->depth;
	struct call *top;

	if (!depth)
		return 1;
	top = call_at(s->calls, depth - 1);
	if (top->sp > s->sp || (top->sp == s->sp && top->row != s->row))
		return 1;
	s->calls->depth = depth - 1;
	__sync_fetch_and_add(&counters.lost_unmatched, 1);
	return 0;
}

SEC("uprobe")
int on_call(struct pt_regs *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct search s = {.sp = PT_REGS_SP(ctx), .row = bpf_get_attach_cookie(ctx)};
	struct call *call;

	if (!process_of(task) || !window.start_ns)
		return 0;
	__sync_fetch_and_add(&counters.calls, 1);
	s.calls = bpf_task_storage_get(&open_calls, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!s.calls) {
		__sync_fetch_and_add(&counters.lost_too_deep, 1);
		return 0;
	}
	bpf_loop(BPFPROF_CALLS, drop_left, &s, 0);
	if (s.calls->depth >= BPFPROF_CALLS) {
		__sync_fetch_and_add(&counters.lost_too_deep, 1);
		return 0;
	}
	bpf_loop(BPFPROF_CALLS, look_below, &s, 0);
	call = call_at(s.calls, s.calls->depth);
	call->sp = s.sp;
	call->row = s.row;
	call->recursive = s.recursive;
	call->inner_ns = 0;
	s.calls->depth++;
	call->start_ns = bpf_ktime_get_ns();	/* last, so that our own time is not in it */
	return 0;
}

static __always_inline void add_call(const struct call *call, u64 ns)
{
	u32 row = call->row;
	struct row_stat *stat = bpf_map_lookup_elem(&stats, &row);

	if (!stat)
		return;
	stat->kind = DCBS_NAME_SECTION;
	__sync_fetch_and_add(&stat->count, 1);
	__sync_fetch_and_add(&stat->sum_ns, ns);
	__sync_fetch_and_add(&stat->self_ns, ns - (call->inner_ns < ns ? call->inner_ns : ns));
	if (!call->recursive)
		__sync_fetch_and_add(&stat->total_ns, ns);
	store_max(&stat->max_ns, ns);
	store_max(&stat->min_inv_ns, ~ns);
	add_duration(stat, row, ns);
}

/* The call that this return restores the stack of, from the top. */
static long look_for_call(u32 i, struct search *s)
{
	u32 depth = s->calls->depth;
	struct call *call;

	if (i >= depth)
		return 1;
	call = call_at(s->calls, depth - 1 - i);
	if (call->sp != s->sp || call->row != s->row)
		return 0;
	s->found = depth - i;
	return 1;
}

SEC("uretprobe")
int on_return(struct pt_regs *ctx)
{
	u64 now = bpf_ktime_get_ns(), ns;
	struct task_struct *task = bpf_get_current_task_btf();
	struct search s = {.sp = PT_REGS_SP(ctx) - sizeof(u64), .row = bpf_get_attach_cookie(ctx)};	/* its address is popped */
	struct call *call;

	if (!process_of(task))
		return 0;
	s.calls = bpf_task_storage_get(&open_calls, task, NULL, 0);
	if (!s.calls)
		return 0;
	bpf_loop(BPFPROF_CALLS, look_for_call, &s, 0);
	if (!s.found)	/* its entry was too deep, or before our time */
		return 0;
	if (s.found < s.calls->depth)
		__sync_fetch_and_add(&counters.lost_unmatched, s.calls->depth - s.found);
	s.calls->depth = s.found - 1;
	call = call_at(s.calls, s.found - 1);
	ns = now - call->start_ns;
	if (s.found > 1)
		call_at(s.calls, s.found - 2)->inner_ns += ns;
	if (!window.end_ns || now <= window.end_ns)
		add_call(call, ns);
	return 0;
}
